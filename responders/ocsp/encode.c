/* See encode.h; field by field as the ASN.1 module has it (EXPLICIT TAGS). */
#include "responders/ocsp/encode.h"

#include "responders/ocsp/codec/der.h"
#include "responders/ocsp/codec/signer.h"

/* id-pkix-ocsp-basic and id-pkix-ocsp-nonce: 1.3.6.1.5.5.7.48.1.1 and .2 */
static const uint8_t oid_basic[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01};
static const uint8_t oid_nonce[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02};

static void put_cert_id(octets *out, const ocsp_single *s)
{
    size_t id = der_open(out, DER_SEQUENCE);
    octets_append_span(out, octets_span(&s->algorithm));
    der_put(out, DER_OCTET_STRING, s->issuer_name_hash.data, s->issuer_name_hash.length);
    der_put(out, DER_OCTET_STRING, s->issuer_key_hash.data, s->issuer_key_hash.length);
    der_put(out, DER_INTEGER, s->serial.data, s->serial.length);
    der_close(out, id);
}

/* CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo,
 *                         unknown [2] IMPLICIT UnknownInfo } */
static void put_cert_status(octets *out, const ocsp_single *s)
{
    if (s->status == OCSP_GOOD) {
        der_put(out, DER_PRIMITIVE(0), NULL, 0);
        return;
    }
    if (s->status == OCSP_UNKNOWN) {
        der_put(out, DER_PRIMITIVE(2), NULL, 0);
        return;
    }
    size_t info = der_open(out, DER_CONSTRUCTED(1));
    der_put_time(out, s->revocation_time);
    if (s->reason >= 0) {
        uint8_t reason = (uint8_t)s->reason;
        size_t field = der_open(out, DER_CONSTRUCTED(0));
        der_put(out, DER_ENUMERATED, &reason, 1);
        der_close(out, field);
    }
    der_close(out, info);
}

static void put_single(octets *out, const ocsp_single *s)
{
    size_t single = der_open(out, DER_SEQUENCE);
    put_cert_id(out, s);
    put_cert_status(out, s);
    der_put_time(out, s->this_update);
    if (s->has_next_update) {
        size_t field = der_open(out, DER_CONSTRUCTED(0));
        der_put_time(out, s->next_update);
        der_close(out, field);
    }
    der_close(out, single);
}

static void put_responder_id(octets *out, const ocsp_response *r)
{
    if (r->responder_form == OCSP_BY_NAME) {
        der_put(out, DER_CONSTRUCTED(1), r->responder_id.data, r->responder_id.length);
        return;
    }
    size_t by_key = der_open(out, DER_CONSTRUCTED(2));
    der_put(out, DER_OCTET_STRING, r->responder_id.data, r->responder_id.length);
    der_close(out, by_key);
}

static void put_nonce(octets *out, const octets *nonce)
{
    size_t field = der_open(out, DER_CONSTRUCTED(1));
    size_t list = der_open(out, DER_SEQUENCE);
    size_t extension = der_open(out, DER_SEQUENCE);
    der_put(out, DER_OID, oid_nonce, sizeof(oid_nonce));
    size_t value = der_open(out, DER_OCTET_STRING);
    der_put(out, DER_OCTET_STRING, nonce->data, nonce->length);
    der_close(out, value);
    der_close(out, extension);
    der_close(out, list);
    der_close(out, field);
}

static void put_response_data(octets *out, const ocsp_response *r)
{
    size_t data = der_open(out, DER_SEQUENCE);
    put_responder_id(out, r);
    der_put_time(out, r->produced_at);
    size_t list = der_open(out, DER_SEQUENCE);
    for (size_t i = 0; i < r->nsingles; i++) {
        put_single(out, &r->singles[i]);
    }
    der_close(out, list);
    if (r->nonce.length > 0) {
        put_nonce(out, &r->nonce);
    }
    der_close(out, data);
}

/* BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature BIT STRING,
 *                                  certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL } */
static bool put_basic(octets *out, const ocsp_response *r)
{
    octets tbs = {0}, signature = {0};
    put_response_data(&tbs, r);
    octets_append(&signature, "", 1); /* no unused bits */
    bool ok = signer_sign(r->signer->key, octets_span(&tbs), &signature);
    if (ok) {
        size_t basic = der_open(out, DER_SEQUENCE);
        octets_append_span(out, octets_span(&tbs));
        octets_append_span(out, signer_algorithm(r->signer->key));
        der_put(out, DER_BIT_STRING, signature.data, signature.length);
        if (r->embedded != NULL) {
            size_t certs = der_open(out, DER_CONSTRUCTED(0));
            size_t list = der_open(out, DER_SEQUENCE);
            octets_append_span(out, octets_span(&r->embedded->der));
            der_close(out, list);
            der_close(out, certs);
        }
        der_close(out, basic);
    }
    octets_free(&tbs);
    octets_free(&signature);
    return ok;
}

static bool put_response(octets *out, const ocsp_response *r)
{
    uint8_t status = (uint8_t)r->status;
    bool ok = true;
    size_t response = der_open(out, DER_SEQUENCE);
    der_put(out, DER_ENUMERATED, &status, 1);
    if (r->has_bytes) {
        size_t field = der_open(out, DER_CONSTRUCTED(0));
        size_t bytes = der_open(out, DER_SEQUENCE);
        der_put(out, DER_OID, oid_basic, sizeof(oid_basic));
        size_t basic = der_open(out, DER_OCTET_STRING);
        ok = put_basic(out, r);
        der_close(out, basic);
        der_close(out, bytes);
        der_close(out, field);
    }
    der_close(out, response);
    return ok;
}

int ocsp_response_encode(const ocsp_response *r, octets *der, problem *p)
{
    size_t start = der->length;
    if (!put_response(der, r)) {
        octets_cut(der, start);
        return problem_fail(p, "the response cannot be signed with the key of \"%s\"",
                            r->signer->id);
    }
    return 0;
}
