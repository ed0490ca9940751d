/* See ocsp_request.h. */
#include "responders/ocsp/codec/ocsp_request.h"

#include <string.h>

#include "responders/ocsp/codec/der.h"

/* id-pkix-ocsp-nonce, 1.3.6.1.5.5.7.48.1.2 */
static const uint8_t oid_nonce[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02};

/* id-pkix-ocsp-response and id-pkix-ocsp-basic, 1.3.6.1.5.5.7.48.1.4 and .1 */
static const uint8_t oid_response[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x04};
static const uint8_t oid_basic[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01};

/* RFC 9654, 2.1: a server MUST reject a nonce of 0 or of more than 128 octets. */
#define NONCE_OCTETS_MAX 128

static int refuse(problem *p, const char *why)
{
    return problem_refuse(p, "", "%s", why);
}

#define IS(oid, known)                                                                             \
    ((oid).length == sizeof(known) && memcmp((oid).data, known, sizeof(known)) == 0)

static int take_nonce(span value, ocsp_request *out, problem *p)
{
    if (out->has_nonce) {
        return refuse(p, "there are two nonces");
    }
    if (!der_take_tag(&value, DER_OCTET_STRING, &out->nonce) || value.length != 0) {
        return refuse(p, "the nonce is not one OCTET STRING");
    }
    if (out->nonce.length == 0 || out->nonce.length > NONCE_OCTETS_MAX) {
        return refuse(p, "the nonce does not have 1 to 128 octets (RFC 9654)");
    }
    out->has_nonce = true;
    return 0;
}

/* AcceptableResponses ::= SEQUENCE OF OBJECT IDENTIFIER (RFC 6960, 4.4.3): whether a basic response
 * is among them. */
static bool accepts_basic(span value)
{
    span list, oid;

    if (!der_take_tag(&value, DER_SEQUENCE, &list) || value.length != 0) {
        return false;
    }
    while (der_take_tag(&list, DER_OID, &oid)) {
        if (IS(oid, oid_basic)) {
            return true;
        }
    }
    return false;
}

/* critical BOOLEAN DEFAULT FALSE: in DER TRUE is FF, and what is the default is not there. */
static int take_critical(span *extension, bool *critical, problem *p)
{
    span value;

    *critical = der_next_is(*extension, DER_BOOLEAN);
    if (*critical && (!der_take_tag(extension, DER_BOOLEAN, &value) || value.length != 1 ||
                      value.data[0] != 0xff)) {
        return refuse(p, "the critical flag of an extension is not TRUE in DER (01 01 FF)");
    }
    return 0;
}

/* Extensions ::= SEQUENCE SIZE (1..MAX) OF SEQUENCE { OID, BOOLEAN DEFAULT FALSE, OCTET STRING }.
 * `out` is NULL where none is known to us (singleRequestExtensions).  One that is critical and not
 * understood may not be ignored (RFC 6960, 4.1.2). */
static int parse_extensions(span in, ocsp_request *out, problem *p)
{
    span list, extension, oid, value;
    bool critical;

    if (!der_take_tag(&in, DER_SEQUENCE, &list) || in.length != 0 || list.length == 0) {
        return refuse(p, "the extensions are not one SEQUENCE that holds some");
    }
    while (list.length > 0) {
        if (!der_take_tag(&list, DER_SEQUENCE, &extension) ||
            !der_take_tag(&extension, DER_OID, &oid) || oid.length == 0) {
            return refuse(p, "an extension does not start with an OBJECT IDENTIFIER");
        }
        if (take_critical(&extension, &critical, p) != 0) {
            return -1;
        }
        if (!der_take_tag(&extension, DER_OCTET_STRING, &value) || extension.length != 0) {
            return refuse(p, "the value of an extension is not one OCTET STRING");
        }
        if (out != NULL && IS(oid, oid_nonce)) {
            if (take_nonce(value, out, p) != 0) {
                return -1;
            }
        } else if (critical && (out == NULL || !IS(oid, oid_response) || !accepts_basic(value))) {
            return refuse(p, "a critical extension is not understood");
        }
    }
    return 0;
}

static int parse_cert_id(span in, cert_id *out, problem *p)
{
    span algorithm, oid;
    const uint8_t *start = in.data;
    if (!der_take_tag(&in, DER_SEQUENCE, &algorithm)) {
        return refuse(p, "CertID does not start with the hash's AlgorithmIdentifier");
    }
    out->algorithm = (span){start, (size_t)(in.data - start)};
    if (!der_take_tag(&algorithm, DER_OID, &oid) || oid.length == 0) {
        return refuse(p, "hashAlgorithm has no OBJECT IDENTIFIER");
    }
    uint8_t tag;
    span parameters;
    if (algorithm.length > 0 &&
        (!der_take(&algorithm, &tag, &parameters) || algorithm.length != 0)) {
        return refuse(p, "hashAlgorithm has more than one parameter");
    }
    out->hash = hash_kind_by_oid(oid);
    if (!der_take_tag(&in, DER_OCTET_STRING, &out->issuer_name_hash) ||
        !der_take_tag(&in, DER_OCTET_STRING, &out->issuer_key_hash)) {
        return refuse(p, "issuerNameHash or issuerKeyHash is not an OCTET STRING");
    }
    if (!der_take_tag(&in, DER_INTEGER, &out->serial) || !der_integer_is_minimal(out->serial)) {
        return refuse(p, "serialNumber is not a DER INTEGER");
    }
    return in.length == 0 ? 0 : refuse(p, "there are trailing octets after serialNumber in CertID");
}

/* Request ::= SEQUENCE { reqCert CertID, singleRequestExtensions [0] EXPLICIT OPTIONAL } */
static int parse_single(span in, cert_id *out, problem *p)
{
    span id, extensions;
    if (!der_take_tag(&in, DER_SEQUENCE, &id)) {
        return refuse(p, "Request does not start with a CertID");
    }
    if (parse_cert_id(id, out, p) != 0) {
        return -1;
    }
    if (der_next_is(in, DER_CONSTRUCTED(0))) {
        if (!der_take_tag(&in, DER_CONSTRUCTED(0), &extensions)) {
            return refuse(p, "singleRequestExtensions are cut");
        }
        if (parse_extensions(extensions, NULL, p) != 0) {
            return -1;
        }
    }
    return in.length == 0 ? 0
                          : refuse(p, "there are trailing octets after the last field of Request");
}

static int parse_list(span list, ocsp_request *out, problem *p)
{
    if (list.length == 0) {
        return refuse(p, "requestList is empty");
    }
    while (list.length > 0) {
        span single;
        if (out->ncerts == OCSP_REQUEST_CERTS_MAX) {
            return refuse(p, "requestList has more than 64 entries");
        }
        if (!der_take_tag(&list, DER_SEQUENCE, &single)) {
            return refuse(p, "requestList holds something that is not a Request");
        }
        if (parse_single(single, &out->certs[out->ncerts], p) != 0) {
            return -1;
        }
        out->ncerts++;
    }
    return 0;
}

static int parse_tbs(span tbs, ocsp_request *out, problem *p)
{
    span field, version, list;
    if (der_next_is(tbs, DER_CONSTRUCTED(0))) {
        if (!der_take_tag(&tbs, DER_CONSTRUCTED(0), &field) ||
            !der_take_tag(&field, DER_INTEGER, &version) || field.length != 0 ||
            version.length != 1 || version.data[0] != 0) {
            return refuse(p, "the version is not v1");
        }
    }
    if (der_next_is(tbs, DER_CONSTRUCTED(1))) {
        uint8_t tag;
        span name;
        if (!der_take_tag(&tbs, DER_CONSTRUCTED(1), &field) || !der_take(&field, &tag, &name) ||
            field.length != 0) {
            return refuse(p, "requestorName is not one GeneralName");
        }
    }
    if (!der_take_tag(&tbs, DER_SEQUENCE, &list)) {
        return refuse(p, "there is no requestList");
    }
    if (parse_list(list, out, p) != 0) {
        return -1;
    }
    if (der_next_is(tbs, DER_CONSTRUCTED(2))) {
        if (!der_take_tag(&tbs, DER_CONSTRUCTED(2), &field)) {
            return refuse(p, "requestExtensions are cut");
        }
        if (parse_extensions(field, out, p) != 0) {
            return -1;
        }
    }
    return tbs.length == 0
               ? 0
               : refuse(p, "there are trailing octets after the last field of TBSRequest");
}

int ocsp_request_parse(span der, ocsp_request *out, problem *p)
{
    out->ncerts = 0;
    out->has_nonce = false;
    out->nonce = (span){NULL, 0};
    span request, tbs, signature, inner;
    if (der.length > OCSP_REQUEST_OCTETS_MAX) {
        return refuse(p, "the request has more than 65536 octets");
    }
    if (!der_take_tag(&der, DER_SEQUENCE, &request) || der.length != 0) {
        return refuse(p, "OCSPRequest is not exactly one SEQUENCE");
    }
    if (!der_take_tag(&request, DER_SEQUENCE, &tbs)) {
        return refuse(p, "there is no tbsRequest");
    }
    if (der_next_is(request, DER_CONSTRUCTED(0)) &&
        (!der_take_tag(&request, DER_CONSTRUCTED(0), &signature) ||
         !der_take_tag(&signature, DER_SEQUENCE, &inner) || signature.length != 0)) {
        return refuse(p, "optionalSignature is not one SEQUENCE");
    }
    if (request.length != 0) {
        return refuse(p, "there are trailing octets after the last field of OCSPRequest");
    }
    return parse_tbs(tbs, out, p);
}
