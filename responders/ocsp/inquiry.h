/* What is known of one request: who asks for which certificates, and how. */
#ifndef STAPLELAB_OCSP_INQUIRY_H
#define STAPLELAB_OCSP_INQUIRY_H

#include <jansson.h>
#include <stdbool.h>

#include "responders/ocsp/codec/http_request.h"
#include "responders/ocsp/codec/ocsp_request.h"
#include "responders/ocsp/store.h"

typedef struct {
    const http_request *http;
    bool has_method; /* GET or POST, as OCSP has them (RFC 6960, A.1) */
    octets der;      /* of the OCSPRequest, as far as there is one */
    ocsp_request ocsp;
    bool understood; /* `ocsp` is filled in */
    problem wrong;   /* else: what is wrong with it */
    const ocsp_certificate *found[OCSP_REQUEST_CERTS_MAX];
    char *serials[OCSP_REQUEST_CERTS_MAX];
    char *path; /* up to the base64 of a GET */
    char *host; /* lower case, or NULL */
} ocsp_inquiry;

/* Fills in *q, to be freed, from a request whose state is HTTP_REQUEST_DONE and that outlives it.
 */
void ocsp_inquiry_read(ocsp_inquiry *q, const ocsp_store *store, const http_request *http);
void ocsp_inquiry_free(ocsp_inquiry *q);

/* Fills in what rules match on (match.h), but for the listener and the client; good as long as *q.
 */
void ocsp_inquiry_values(const ocsp_inquiry *q, const char **values);

/* Adds what an event "request" tells. */
void ocsp_inquiry_describe(const ocsp_inquiry *q, json_t *event);

#endif
