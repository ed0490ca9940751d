/*
 * The DER of an answer (RFC 6960, 4.2.1), field by field as the ASN.1 module has it
 * (EXPLICIT TAGS).  Nothing is checked: what a fault has put into the answer is written.
 */
#include "responders/ocsp/model.h"

#include "responders/ocsp/codec/der.h"
#include "responders/ocsp/signer.h"

/* id-pkix-ocsp-basic and id-pkix-ocsp-nonce: 1.3.6.1.5.5.7.48.1.1 and .2 */
static const uint8_t oid_basic[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01};
static const uint8_t oid_nonce[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02};

static void put_cert_id(octets *out, const single_response *s)
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
static void put_cert_status(octets *out, const single_response *s)
{
    if (s->status == CERT_GOOD) {
        der_put(out, DER_PRIMITIVE(0), NULL, 0);
        return;
    }
    if (s->status == CERT_UNKNOWN) {
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

static void put_single(octets *out, const single_response *s)
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

static void put_responder_id(octets *out, const answer *a)
{
    if (a->responder_form == RESPONDER_BY_NAME) {
        der_put(out, DER_CONSTRUCTED(1), a->responder_id.data, a->responder_id.length);
        return;
    }
    size_t by_key = der_open(out, DER_CONSTRUCTED(2));
    der_put(out, DER_OCTET_STRING, a->responder_id.data, a->responder_id.length);
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

static void put_response_data(octets *out, const answer *a)
{
    size_t data = der_open(out, DER_SEQUENCE);
    put_responder_id(out, a);
    der_put_time(out, a->produced_at);
    size_t list = der_open(out, DER_SEQUENCE);
    for (size_t i = 0; i < a->nsingles; i++) {
        put_single(out, &a->singles[i]);
    }
    der_close(out, list);
    if (a->nonce.length > 0) {
        put_nonce(out, &a->nonce);
    }
    der_close(out, data);
}

static void corrupt(octets *signature, long octet)
{
    long length = (long)signature->length;
    /* The first octet of a BIT STRING's value counts unused bits: it is not the signature. */
    long index = octet < 0 ? length + octet : octet + 1;
    if (index < 1 || index >= length) {
        index = length - 1;
    }
    signature->data[index] ^= 0xff;
}

/* BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature BIT STRING,
 *                                  certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL } */
static bool put_basic(octets *out, const answer *a)
{
    octets tbs = {0}, signature = {0};
    put_response_data(&tbs, a);
    octets_append(&signature, "", 1); /* no unused bits */
    bool ok = signer_sign(a->signer->key, octets_span(&tbs), &signature);
    if (ok) {
        if (a->corrupt) {
            corrupt(&signature, a->corrupt_octet);
        }
        size_t basic = der_open(out, DER_SEQUENCE);
        octets_append_span(out, octets_span(&tbs));
        octets_append_span(out, signer_algorithm(a->signer->key));
        der_put(out, DER_BIT_STRING, signature.data, signature.length);
        if (a->embedded != NULL) {
            size_t certs = der_open(out, DER_CONSTRUCTED(0));
            size_t list = der_open(out, DER_SEQUENCE);
            octets_append_span(out, octets_span(&a->embedded->der));
            der_close(out, list);
            der_close(out, certs);
        }
        der_close(out, basic);
    }
    octets_free(&tbs);
    octets_free(&signature);
    return ok;
}

static bool put_response(octets *out, const answer *a)
{
    uint8_t status = (uint8_t)a->response_status;
    bool ok = true;
    size_t response = der_open(out, DER_SEQUENCE);
    der_put(out, DER_ENUMERATED, &status, 1);
    if (a->has_response_bytes) {
        size_t field = der_open(out, DER_CONSTRUCTED(0));
        size_t bytes = der_open(out, DER_SEQUENCE);
        der_put(out, DER_OID, oid_basic, sizeof(oid_basic));
        size_t basic = der_open(out, DER_OCTET_STRING);
        ok = put_basic(out, a);
        der_close(out, basic);
        der_close(out, bytes);
        der_close(out, field);
    }
    der_close(out, response);
    return ok;
}

bool answer_encode(const answer *a, octets *der)
{
    size_t start = der->length;
    if (a->replaced) {
        octets_append_span(der, octets_span(&a->replacement));
    } else if (!put_response(der, a)) {
        octets_cut(der, start);
        return false;
    }
    if (a->cut) {
        size_t whole = der->length - start;
        size_t kept = a->cut_at < 0 ? whole / 2 : (size_t)a->cut_at;
        octets_cut(der, start + kept);
    }
    octets_append_span(der, octets_span(&a->trailing));
    return true;
}
