/*
 * How a fault of the catalogue is seen in what comes out of an exchange: OCSP's are read back by
 * libcrypto and held against the healthy response, all else is compared octet by octet.
 */
#ifndef STAPLELAB_OCSP_TESTS_EXCHANGE_CHECKS_H
#define STAPLELAB_OCSP_TESTS_EXCHANGE_CHECKS_H

#include "responders/ocsp/tests/exchange_lab.h"

static exchange_lab lab;
static exchange_run healthy;

static inline int checks_make(void **state)
{
    (void)state;
    exchange_lab_make(&lab);
    healthy = exchange_ask(&lab, lab.none, &lab.request);
    return 0;
}

static inline int checks_drop(void **state)
{
    (void)state;
    exchange_run_free(&healthy);
    exchange_lab_drop(&lab);
    return 0;
}

typedef struct fault_row fault_row;
struct fault_row {
    const char *use;  /* of the rule */
    const char *told; /* the kind of event that proves it; NULL: it is one of a listener */
    bool (*done)(const exchange_run *r, const fault_row *w);
    int64_t a, b, c;
    const char *text, *more;
    int first;     /* so many requests are healthy first */
    int times;     /* so many get the fault, 0: one */
    bool recovers; /* the next is healthy again */
};

/* ----- what differs from the healthy response ----- */

enum {
    STATUS = 1,
    SERIAL = 2,
    NAME_HASH = 4,
    KEY_HASH = 8,
    ALGORITHM = 16,
    THIS = 32,
    NEXT = 64,
    PRODUCED = 128,
    RESPONDER = 256,
    CERTS = 512,
    UNSIGNED = 1024, /* not by the issuer */
    NO_RESPONSE = -1,
};

static inline OCSP_SINGLERESP *single_of(const exchange_run *r)
{
    return OCSP_resp_get0(r->basic, 0);
}

static inline OCSP_CERTID *id_of(const exchange_run *r)
{
    return (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single_of(r));
}

static inline int status_of(const exchange_run *r, int *reason, int64_t times[3])
{
    ASN1_GENERALIZEDTIME *revoked, *this_update, *next_update;
    const int status =
        OCSP_single_get0_status(single_of(r), reason, &revoked, &this_update, &next_update);

    times[0] = minted_epoch(this_update);
    times[1] = next_update == NULL ? -1 : minted_epoch(next_update);
    times[2] = status != V_OCSP_CERTSTATUS_REVOKED ? -1 : minted_epoch(revoked);
    return status;
}

static inline bool responder_differs(const exchange_run *r)
{
    const ASN1_OCTET_STRING *key[2];
    const X509_NAME *name[2];

    OCSP_resp_get0_id(r->basic, &key[0], &name[0]);
    OCSP_resp_get0_id(healthy.basic, &key[1], &name[1]);
    return key[0] == NULL || ASN1_OCTET_STRING_cmp(key[0], key[1]) != 0;
}

/* Whether the head is the healthy one of a body of that length. */
static inline bool has_head(const exchange_run *r, size_t length)
{
    char text[256];

    snprintf(text, sizeof(text),
             "HTTP/1.1 200 OK\r\n" DATE "Content-Type: application/ocsp-response\r\n"
             "Content-Length: %zu\r\nConnection: close\r\n\r\n",
             length);
    return strcmp((const char *)r->head.data, text) == 0;
}

/* The sum of what differs. */
static inline int differences(const exchange_run *r)
{
    ASN1_OCTET_STRING *name[2], *key[2];
    ASN1_OBJECT *algorithm[2];
    ASN1_INTEGER *serial[2];
    int64_t times[2][3];
    int reason, sum = 0;

    if (!has_head(r, r->body.length) || r->basic == NULL || OCSP_resp_count(r->basic) != 1) {
        return NO_RESPONSE;
    }
    OCSP_id_get0_info(&name[0], &algorithm[0], &key[0], &serial[0], id_of(r));
    OCSP_id_get0_info(&name[1], &algorithm[1], &key[1], &serial[1], id_of(&healthy));
    sum += status_of(r, &reason, times[0]) != status_of(&healthy, &reason, times[1]) ? STATUS : 0;
    sum += ASN1_INTEGER_cmp(serial[0], serial[1]) != 0 ? SERIAL : 0;
    sum += ASN1_OCTET_STRING_cmp(name[0], name[1]) != 0 ? NAME_HASH : 0;
    sum += ASN1_OCTET_STRING_cmp(key[0], key[1]) != 0 ? KEY_HASH : 0;
    sum += OBJ_cmp(algorithm[0], algorithm[1]) != 0 ? ALGORITHM : 0;
    sum += times[0][0] != times[1][0] ? THIS : 0;
    sum += times[0][1] != times[1][1] ? NEXT : 0;
    sum += minted_epoch(OCSP_resp_get0_produced_at(r->basic)) != NOW ? PRODUCED : 0;
    sum += responder_differs(r) ? RESPONDER : 0;
    sum += sk_X509_num(OCSP_resp_get0_certs(r->basic)) > 0 ? CERTS : 0;
    sum += exchange_signed_by(r, "root") ? 0 : UNSIGNED;
    return sum;
}

/* ----- the envelope ----- */

/* a: the status */
static inline bool bare(const exchange_run *r, const fault_row *w)
{
    return has_head(r, 5) && r->response != NULL && r->basic == NULL && r->body.length == 5 &&
           OCSP_response_status(r->response) == w->a;
}

/* a: how many octets */
static inline bool no_der(const exchange_run *r, const fault_row *w)
{
    return has_head(r, (size_t)w->a) && r->body.length == (size_t)w->a && r->response == NULL &&
           (w->a == 0 || r->body.data[0] == 0xff);
}

/* a: how many octets are kept */
static inline bool cut(const exchange_run *r, const fault_row *w)
{
    const size_t kept = w->a < 0 ? healthy.body.length / 2 : (size_t)w->a;

    return has_head(r, kept) && r->body.length == kept &&
           (kept == 0 || memcmp(r->body.data, healthy.body.data, kept) == 0);
}

/* a: how many more; b: their value */
static inline bool followed(const exchange_run *r, const fault_row *w)
{
    const size_t length = healthy.body.length, more = (size_t)w->a;

    if (!has_head(r, length + more) || r->body.length != length + more ||
        memcmp(r->body.data, healthy.body.data, length) != 0) {
        return false;
    }
    for (size_t i = 0; i < more; i++) {
        if (r->body.data[length + i] != w->b) {
            return false;
        }
    }
    return true;
}

/* ----- the single response ----- */

/* a: the status; b: the reason; c: the time of revocation, from now */
static inline bool status(const exchange_run *r, const fault_row *w)
{
    int64_t times[3];
    int reason = -1;

    return differences(r) == STATUS && status_of(r, &reason, times) == w->a && reason == w->b &&
           (w->a != V_OCSP_CERTSTATUS_REVOKED || times[2] == NOW + w->c);
}

/* text: the serial number, hex as BN has it */
static inline bool serial(const exchange_run *r, const fault_row *w)
{
    ASN1_INTEGER *found;

    if (differences(r) != SERIAL) {
        return false;
    }
    OCSP_id_get0_info(NULL, NULL, NULL, &found, id_of(r));
    BIGNUM *number = ASN1_INTEGER_to_BN(found, NULL);
    char *hex = BN_bn2hex(number);
    const bool same = strcmp(hex, w->text) == 0;
    OPENSSL_free(hex);
    BN_free(number);
    return same;
}

static inline bool inverted(const uint8_t *a, const uint8_t *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((a[i] ^ b[i]) != 0xff) {
            return false;
        }
    }
    return true;
}

/* a: NAME_HASH or KEY_HASH */
static inline bool hash_inverted(const exchange_run *r, const fault_row *w)
{
    ASN1_OCTET_STRING *a[2], *b[2];

    if (differences(r) != w->a) {
        return false;
    }
    OCSP_id_get0_info(&a[0], NULL, &a[1], NULL, id_of(r));
    OCSP_id_get0_info(&b[0], NULL, &b[1], NULL, id_of(&healthy));
    return inverted(ASN1_STRING_get0_data(a[w->a == KEY_HASH]),
                    ASN1_STRING_get0_data(b[w->a == KEY_HASH]), 20);
}

/* text: the digest.  It is the CertID that libcrypto makes in it. */
static inline bool hashed(const exchange_run *r, const fault_row *w)
{
    if (differences(r) != NAME_HASH + KEY_HASH + ALGORITHM) {
        return false;
    }
    OCSP_CERTID *id = exchange_id(&lab, EVP_get_digestbyname(w->text));
    const bool same = OCSP_id_cmp(id_of(r), id) == 0;
    OCSP_CERTID_free(id);
    return same;
}

/* a: thisUpdate, b: nextUpdate from now (-1: none), c: producedAt from now */
static inline bool window(const exchange_run *r, const fault_row *w)
{
    int64_t times[3];
    int reason;
    const int sum = (w->a != 0 ? THIS : 0) + (w->b != DAY ? NEXT : 0) + (w->c != 0 ? PRODUCED : 0);

    if (differences(r) != sum) {
        return false;
    }
    status_of(r, &reason, times);
    return times[0] == NOW + w->a && times[1] == (w->b == -1 ? -1 : NOW + w->b) &&
           minted_epoch(OCSP_resp_get0_produced_at(r->basic)) == NOW + w->c;
}

/* ----- the signature ----- */

/* a: which octet of the signature, the last thing in the response, from the end */
static inline bool bad_signature(const exchange_run *r, const fault_row *w)
{
    const size_t at = healthy.body.length - (size_t)w->a;

    return differences(r) == UNSIGNED && r->body.length == healthy.body.length &&
           memcmp(r->body.data, healthy.body.data, at) == 0 &&
           (r->body.data[at] ^ healthy.body.data[at]) == 0xff &&
           memcmp(r->body.data + at + 1, healthy.body.data + at + 1, (size_t)w->a - 1) == 0;
}

/* text: who; a: its certificate comes along; b: the ResponderID is its name */
static inline bool signed_by(const exchange_run *r, const fault_row *w)
{
    const int sum = RESPONDER + UNSIGNED + (w->a ? CERTS : 0);
    const ASN1_OCTET_STRING *key;
    const X509_NAME *name;

    if (differences(r) != sum || !exchange_signed_by(r, w->text)) {
        return false;
    }
    X509 *signer = minted_x509(ocsp_store_by_id(&lab.store, w->text, NULL));
    unsigned char key_hash[EVP_MAX_MD_SIZE];
    unsigned int length;
    OCSP_resp_get0_id(r->basic, &key, &name);
    X509_pubkey_digest(signer, EVP_sha1(), key_hash, &length);
    bool right = w->b ? name != NULL && X509_NAME_cmp(name, X509_get_subject_name(signer)) == 0
                      : key != NULL && ASN1_STRING_length(key) == (int)length &&
                            memcmp(ASN1_STRING_get0_data(key), key_hash, length) == 0;
    if (right && w->a) {
        right = X509_cmp(sk_X509_value(OCSP_resp_get0_certs(r->basic), 0), signer) == 0;
    }
    X509_free(signer);
    return right;
}

/* text: the Name; NULL: the key's hash, inverted */
static inline bool responder_wrong(const exchange_run *r, const fault_row *w)
{
    const ASN1_OCTET_STRING *key[2];
    const X509_NAME *name[2];
    char text[64] = "";

    if (differences(r) != RESPONDER) {
        return false;
    }
    OCSP_resp_get0_id(r->basic, &key[0], &name[0]);
    OCSP_resp_get0_id(healthy.basic, &key[1], &name[1]);
    if (w->text == NULL) {
        return key[0] != NULL &&
               inverted(ASN1_STRING_get0_data(key[0]), ASN1_STRING_get0_data(key[1]), 20);
    }
    return name[0] != NULL && X509_NAME_oneline(name[0], text, sizeof(text)) != NULL &&
           strcmp(text, w->text) == 0;
}

#endif
