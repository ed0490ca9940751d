/* See inquiry.h. */
#include "responders/ocsp/inquiry.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/ocsp/codec/request_path.h"
#include "responders/ocsp/codec/serial.h"
#include "responders/ocsp/match.h"

/* A string of what a peer sent: JSON takes UTF-8 only, so other octets are percent-encoded. */
static json_t *peer_text(const char *text)
{
    if (text == NULL) {
        return json_null();
    }
    octets safe = {0};
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c < 0x7f) {
            octets_append(&safe, text, 1);
        } else {
            octets_append_format(&safe, "%%%02X", c);
        }
    }
    json_t *string = json_stringn((const char *)safe.data, safe.length);
    octets_free(&safe);
    return string;
}

static char *lower(const char *text)
{
    char *copy = memory_text(text);
    for (char *p = copy; *p != '\0'; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    return copy;
}

/* Takes the DER out of the request; false where there can be none. */
static bool take_der(ocsp_inquiry *q)
{
    const http_request *r = q->http;
    size_t prefix = strlen(r->path);
    bool taken = true;
    if (strcmp(r->method, "GET") == 0) {
        taken = request_path_decode(r->path, &q->der, &prefix);
        if (!taken) {
            problem_set(&q->wrong, 400, "", "the path has no base64 of an OCSPRequest");
        }
    } else if (strcmp(r->method, "POST") == 0) {
        octets_append_span(&q->der, octets_span(&r->body));
    } else {
        q->has_method = false;
        taken = false;
        problem_set(&q->wrong, 405, "", "the method is not GET or POST");
    }
    q->path = memory_text_of(r->path, prefix);
    return taken;
}

void ocsp_inquiry_read(ocsp_inquiry *q, const ocsp_store *store, const http_request *http)
{
    memset(q, 0, sizeof(*q));
    q->http = http;
    q->has_method = true;
    q->host = http->host == NULL ? NULL : lower(http->host);
    q->understood =
        take_der(q) && ocsp_request_parse(octets_span(&q->der), &q->ocsp, &q->wrong) == 0;
    if (!q->understood) {
        q->ocsp.ncerts = 0;
    }
    for (size_t i = 0; i < q->ocsp.ncerts; i++) {
        const ocsp_certificate *issuer;
        q->found[i] = ocsp_store_find(store, &q->ocsp.certs[i], &issuer);
        q->serials[i] = serial_to_hex(q->ocsp.certs[i].serial);
    }
}

void ocsp_inquiry_free(ocsp_inquiry *q)
{
    for (size_t i = 0; i < q->ocsp.ncerts; i++) {
        free(q->serials[i]);
    }
    octets_free(&q->der);
    free(q->path);
    free(q->host);
}

void ocsp_inquiry_values(const ocsp_inquiry *q, const char **values)
{
    bool one = q->ocsp.ncerts > 0;
    values[OCSP_KEY_SERIAL] = one ? q->serials[0] : NULL;
    values[OCSP_KEY_CERTIFICATE] = one && q->found[0] != NULL ? q->found[0]->id : NULL;
    values[OCSP_KEY_METHOD] = q->http->method;
    values[OCSP_KEY_PATH] = q->path;
    values[OCSP_KEY_HOST] = q->host;
    values[OCSP_KEY_HTTP_VERSION] = q->http->version;
}

void ocsp_inquiry_describe(const ocsp_inquiry *q, json_t *event)
{
    json_t *serials = json_array(), *found = json_array(), *hashes = json_array();
    for (size_t i = 0; i < q->ocsp.ncerts; i++) {
        hash_kind hash = q->ocsp.certs[i].hash;
        json_array_append_new(serials, json_string(q->serials[i]));
        const char *known = q->found[i] != NULL ? q->found[i]->id : NULL;
        json_array_append_new(found, known != NULL ? json_string(known) : json_null());
        json_array_append_new(
            hashes, json_string(hash == HASH_OTHER ? "unknown" : hash_function_of(hash)->name));
    }
    json_object_set_new(event, "method", peer_text(q->http->method));
    json_object_set_new(event, "path", peer_text(q->http->path));
    json_object_set_new(event, "host", peer_text(q->http->host));
    json_object_set_new(event, "http_version", json_string(q->http->version));
    json_object_set_new(event, "headers", json_integer((json_int_t)q->http->nheaders));
    json_object_set_new(event, "serials", serials);
    json_object_set_new(event, "certificates", found);
    json_object_set_new(event, "hash_algorithms", hashes);
    json_object_set_new(event, "nonce", json_boolean(q->ocsp.has_nonce));
    json_object_set_new(event, "octets", json_integer((json_int_t)q->der.length));
    if (!q->understood) {
        json_object_set_new(event, "problem", json_string(q->wrong.detail));
    }
}
