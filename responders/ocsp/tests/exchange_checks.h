/*
 * How a fault of the catalogue is seen in what comes out of an exchange: OCSP's are read back by
 * libcrypto and held against the healthy response, all else is compared octet by octet.
 */
#ifndef STAPLELAB_OCSP_TESTS_EXCHANGE_CHECKS_H
#define STAPLELAB_OCSP_TESTS_EXCHANGE_CHECKS_H

#include "responders/ocsp/tests/exchange_lab.h"

static exchange_lab lab;
static exchange_run healthy;

typedef struct row row;
struct row {
    const char *use;  /* of the rule */
    const char *told; /* the kind of event that proves it; NULL: it is one of a listener */
    bool (*done)(const exchange_run *r, const row *w);
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

static OCSP_SINGLERESP *single_of(const exchange_run *r)
{
    return OCSP_resp_get0(r->basic, 0);
}

static OCSP_CERTID *id_of(const exchange_run *r)
{
    return (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single_of(r));
}

static int status_of(const exchange_run *r, int *reason, int64_t times[3])
{
    ASN1_GENERALIZEDTIME *revoked, *this_update, *next_update;
    const int status =
        OCSP_single_get0_status(single_of(r), reason, &revoked, &this_update, &next_update);

    times[0] = minted_epoch(this_update);
    times[1] = next_update == NULL ? -1 : minted_epoch(next_update);
    times[2] = status != V_OCSP_CERTSTATUS_REVOKED ? -1 : minted_epoch(revoked);
    return status;
}

static bool responder_differs(const exchange_run *r)
{
    const ASN1_OCTET_STRING *key[2];
    const X509_NAME *name[2];

    OCSP_resp_get0_id(r->basic, &key[0], &name[0]);
    OCSP_resp_get0_id(healthy.basic, &key[1], &name[1]);
    return key[0] == NULL || ASN1_OCTET_STRING_cmp(key[0], key[1]) != 0;
}

/* Whether the head is the healthy one of a body of that length. */
static bool has_head(const exchange_run *r, size_t length)
{
    char text[256];

    snprintf(text, sizeof(text),
             "HTTP/1.1 200 OK\r\n" DATE "Content-Type: application/ocsp-response\r\n"
             "Content-Length: %zu\r\nConnection: close\r\n\r\n",
             length);
    return strcmp((const char *)r->head.data, text) == 0;
}

/* The sum of what differs. */
static int differences(const exchange_run *r)
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
static bool bare(const exchange_run *r, const row *w)
{
    return has_head(r, 5) && r->response != NULL && r->basic == NULL && r->body.length == 5 &&
           OCSP_response_status(r->response) == w->a;
}

/* a: how many octets */
static bool no_der(const exchange_run *r, const row *w)
{
    return has_head(r, (size_t)w->a) && r->body.length == (size_t)w->a && r->response == NULL &&
           (w->a == 0 || r->body.data[0] == 0xff);
}

/* a: how many octets are kept */
static bool cut(const exchange_run *r, const row *w)
{
    const size_t kept = w->a < 0 ? healthy.body.length / 2 : (size_t)w->a;

    return has_head(r, kept) && r->body.length == kept &&
           memcmp(r->body.data, healthy.body.data, kept) == 0;
}

/* a: how many more; b: their value */
static bool followed(const exchange_run *r, const row *w)
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
static bool status(const exchange_run *r, const row *w)
{
    int64_t times[3];
    int reason = -1;

    return differences(r) == STATUS && status_of(r, &reason, times) == w->a && reason == w->b &&
           (w->a != V_OCSP_CERTSTATUS_REVOKED || times[2] == NOW + w->c);
}

/* text: the serial number, hex as BN has it */
static bool serial(const exchange_run *r, const row *w)
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

static bool inverted(const uint8_t *a, const uint8_t *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((a[i] ^ b[i]) != 0xff) {
            return false;
        }
    }
    return true;
}

/* a: NAME_HASH or KEY_HASH */
static bool hash_inverted(const exchange_run *r, const row *w)
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
static bool hashed(const exchange_run *r, const row *w)
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
static bool window(const exchange_run *r, const row *w)
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
static bool bad_signature(const exchange_run *r, const row *w)
{
    const size_t at = healthy.body.length - (size_t)w->a;

    return differences(r) == UNSIGNED && r->body.length == healthy.body.length &&
           memcmp(r->body.data, healthy.body.data, at) == 0 &&
           (r->body.data[at] ^ healthy.body.data[at]) == 0xff &&
           memcmp(r->body.data + at + 1, healthy.body.data + at + 1, (size_t)w->a - 1) == 0;
}

/* text: who; a: its certificate comes along; b: the ResponderID is its name */
static bool signed_by(const exchange_run *r, const row *w)
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
static bool responder_wrong(const exchange_run *r, const row *w)
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

/* ----- HTTP ----- */

/* text: the status line behind the version; more: headers behind the usual ones.  No body. */
static bool plain(const exchange_run *r, const row *w)
{
    char text[256];

    snprintf(text, sizeof(text),
             "HTTP/1.1 %s\r\n" DATE "Content-Length: 0\r\nConnection: close\r\n%s\r\n", w->text,
             w->more == NULL ? "" : w->more);
    return strcmp((const char *)r->head.data, text) == 0 && r->body.length == 0;
}

/* text in the healthy head has become `more`; the body is the healthy one */
static bool head_becomes(const exchange_run *r, const row *w)
{
    const char *head = (const char *)healthy.head.data, *at = strstr(head, w->text);
    char text[512];

    assert_non_null(at);
    snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - head), head, w->more, at + strlen(w->text));
    return strcmp((const char *)r->head.data, text) == 0 && exchange_same(&r->body, &healthy.body);
}

/* a: by how much Content-Length differs */
static bool length_differs(const exchange_run *r, const row *w)
{
    const int64_t length = (int64_t)healthy.body.length + w->a;

    return has_head(r, length < 0 ? 0 : (size_t)length) && exchange_same(&r->body, &healthy.body);
}

static bool has_page(const exchange_run *r, const row *w)
{
    const char *type = strstr((const char *)r->head.data, "\r\nContent-Type: text/html\r\n");
    char length[64];

    (void)w;
    snprintf(length, sizeof(length), "\r\nContent-Length: %zu\r\n", r->body.length);
    return type != NULL && strncmp((const char *)r->head.data, "HTTP/1.1 200 ", 13) == 0 &&
           strstr((const char *)r->head.data, length) != NULL && r->body.length > 15 &&
           memcmp(r->body.data, "<!DOCTYPE html>", 15) == 0;
}

/* a: how many octets */
static bool raw(const exchange_run *r, const row *w)
{
    const delivery *d = &r->x.delivery;

    return d->head == 0 && d->wire.length == (size_t)w->a && d->wire.data[0] == 0 &&
           d->end == DELIVERY_FIN && d->cut == d->wire.length;
}

/* a: how many chunks, which are the healthy body together */
static bool in_chunks(const exchange_run *r, const row *w)
{
    const char *head = (const char *)r->head.data;
    octets whole = {0};
    int64_t chunks = 0;
    size_t at = 0, length = 1;

    while (length > 0 && at < r->body.length) {
        char *end;
        length = strtoul((const char *)r->body.data + at, &end, 16);
        at = (size_t)(end - (const char *)r->body.data) + 2;
        octets_append(&whole, r->body.data + at, length);
        at += length + 2;
        chunks += length > 0 ? 1 : 0;
    }
    const bool same = exchange_same(&whole, &healthy.body) && at == r->body.length;
    octets_free(&whole);
    return same && chunks == w->a && strstr(head, "\r\nTransfer-Encoding: chunked\r\n") != NULL &&
           strstr(head, "Content-Length") == NULL;
}

/* a: how many octets the line X-Padding has */
static bool head_padded(const exchange_run *r, const row *w)
{
    const char *line = strstr((const char *)r->head.data, "\r\nX-Padding: xx");

    return line != NULL && strstr(line + 2, "\r\n") + 2 - (line + 2) == w->a &&
           r->head.length == healthy.head.length + (size_t)w->a &&
           exchange_same(&r->body, &healthy.body);
}

/* a: how many octets the body has */
static bool body_padded(const exchange_run *r, const row *w)
{
    const size_t length = healthy.body.length;

    if (!has_head(r, (size_t)w->a) || r->body.length != (size_t)w->a ||
        memcmp(r->body.data, healthy.body.data, length) != 0) {
        return false;
    }
    for (size_t i = length; i < r->body.length; i++) {
        if (r->body.data[i] != 0) {
            return false;
        }
    }
    return true;
}

/* ----- the connection ----- */

/* a: the listener_mode */
static bool listens(const exchange_run *r, const row *w)
{
    return r->mode == (listener_mode)w->a;
}

/* a: how it ends; b: after which time */
static bool at_accept(const exchange_run *r, const row *w)
{
    const delivery *d = &r->x.delivery;

    return r->at_accept && d->cut == 0 && d->end == (delivery_end)w->a && d->hold_ms == w->b;
}

/* The octets are the healthy ones, but only some of them go out.  a: how many of the head; b: of
 * the body (-1: half); c: how it ends */
static bool ends(const exchange_run *r, const row *w)
{
    const delivery *d = &r->x.delivery;
    const size_t head = w->a < 0 ? d->head / 2 : (size_t)w->a;
    const size_t body = w->b < 0 ? (d->wire.length - d->head) / 2 : (size_t)w->b;

    return exchange_same(&d->wire, &healthy.x.delivery.wire) &&
           d->cut == (w->text == NULL ? head : d->head) + body && d->end == (delivery_end)w->c;
}

static bool left_open(const exchange_run *r, const row *w)
{
    const delivery *d = &r->x.delivery;

    return head_becomes(r, w) && d->cut == d->wire.length && d->end == DELIVERY_HOLD &&
           d->hold_ms == 0;
}

/* a: ms; text: only the body waits */
static bool delayed(const exchange_run *r, const row *w)
{
    const delivery *d = &r->x.delivery;
    const size_t before = w->text == NULL ? 0 : d->head;

    return exchange_same(&d->wire, &healthy.x.delivery.wire) && d->cut == d->wire.length &&
           delivery_due(d, 0) == before && delivery_due(d, w->a - 1) == before &&
           delivery_due(d, w->a) == d->wire.length;
}

/* a: octets a time; b: ms; text: the body instead of the head */
static bool drips(const exchange_run *r, const row *w)
{
    const delivery *d = &r->x.delivery;
    const size_t from = w->text == NULL ? 0 : d->head;
    const size_t length = (w->text == NULL ? d->head : d->wire.length) - from;
    const size_t chunk = (size_t)w->a;
    const int64_t last = (int64_t)((length - 1) / chunk) * w->b;

    return exchange_same(&d->wire, &healthy.x.delivery.wire) && d->cut == d->wire.length &&
           delivery_due(d, 0) == from + chunk && delivery_due(d, w->b - 1) == from + chunk &&
           delivery_due(d, w->b) == from + 2 * chunk && delivery_due(d, last - 1) < from + length &&
           delivery_due(d, last) == d->wire.length;
}

#endif
