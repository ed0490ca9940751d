/*
 * libcrypto decodes the fields; that the octets are DER, that none is left over and where
 * tbsResponseData lies is read from the wire, because libcrypto accepts BER and forgets it.
 */
#include <ctype.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "harness/clients/staple.h"
#include "harness/clients/strict_der.h"

enum {
    TAG_INTEGER = 0x02,
    TAG_OCTET_STRING = 0x04,
    TAG_OID = 0x06,
    TAG_SEQUENCE = 0x30,
    TAG_EXPLICIT_0 = 0xa0
};

/* id-pkix-ocsp-basic, 1.3.6.1.5.5.7.48.1.1 */
static const unsigned char OCSP_BASIC[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01};

/* The extensions that are understood, and where: a critical one of another kind, or in another
 * place, forbids the use of what carries it (RFC 5280 4.2). Those of requests belong nowhere here.
 */
static const struct {
    int nid;
    bool in_single; /* singleExtensions; else responseExtensions */
} UNDERSTOOD[] = {
    {NID_id_pkix_OCSP_Nonce, false},        /* RFC 6960 4.4.1 */
    {NID_id_pkix_OCSP_valid, false},        /* 4.4.8, id-pkix-ocsp-extended-revoke: libcrypto has an
                                             * older name for this OID */
    {NID_id_pkix_OCSP_CrlID, true},         /* 4.4.2 */
    {NID_id_pkix_OCSP_archiveCutoff, true}, /* 4.4.4 */
    {NID_crl_reason, true},                 /* 4.4.5, and so are the next two */
    {NID_invalidity_date, true},
    {NID_hold_instruction_code, true},
    {NID_ct_cert_scts, true}, /* RFC 6962 3.3 */
};

/* Notes the first defect; the later ones are its consequences more often than not. */
static void defect(staple *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void defect(staple *s, const char *format, ...)
{
    if (s->defect[0] != '\0') {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(s->defect, sizeof(s->defect), format, args);
    va_end(args);
}

/* GeneralizedTime as RFC 5280 4.1.2.5.2 profiles it: YYYYMMDDHHMMSSZ. libcrypto also takes times
 * without seconds, with fractions and with offsets, none of which has 15 octets. NULL is no time
 * and no defect. */
static int64_t profiled_time(staple *s, const char *field, const ASN1_GENERALIZEDTIME *time)
{
    if (time == NULL) {
        return CERTIFICATE_NO_TIME;
    }
    int64_t value = ASN1_STRING_length(time) == 15 ? certificate_time(time) : CERTIFICATE_NO_TIME;
    if (value == CERTIFICATE_NO_TIME) {
        defect(s, "%s is no time of the form YYYYMMDDHHMMSSZ", field);
    }
    return value;
}

static void check_extension(staple *s, X509_EXTENSION *extension, bool in_single)
{
    if (X509_EXTENSION_get_critical(extension) == 0) {
        return;
    }
    const ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);
    int nid = OBJ_obj2nid(object);
    bool elsewhere = false;
    for (size_t i = 0; i < sizeof(UNDERSTOOD) / sizeof(UNDERSTOOD[0]); i++) {
        if (UNDERSTOOD[i].nid == nid && UNDERSTOOD[i].in_single == in_single) {
            return;
        }
        elsewhere = elsewhere || UNDERSTOOD[i].nid == nid;
    }
    char oid[64];
    OBJ_obj2txt(oid, sizeof(oid), object, 1);
    if (elsewhere) {
        defect(s, "the critical extension %s does not belong into %s", oid,
               in_single ? "singleExtensions" : "responseExtensions");
    } else {
        defect(s, "the critical extension %s is not understood", oid);
    }
}

/* The hash function of a CertID; NULL for one that libcrypto does not have, or that has no one
 * length. The caller frees it with EVP_MD_free. */
static EVP_MD *hash_function(const ASN1_OBJECT *algorithm)
{
    int nid = OBJ_obj2nid(algorithm);
    EVP_MD *md = nid == NID_undef ? NULL : EVP_MD_fetch(NULL, OBJ_nid2sn(nid), NULL);
    if (md != NULL && (EVP_MD_get_flags(md) & EVP_MD_FLAG_XOF) != 0) {
        EVP_MD_free(md);
        md = NULL;
    }
    ERR_clear_error();
    return md;
}

/* libcrypto's accessors of a CertID take it without const, and only read it */
static void cert_id_fields(const OCSP_CERTID *id, ASN1_OCTET_STRING **name_hash,
                           ASN1_OBJECT **algorithm, ASN1_OCTET_STRING **key_hash,
                           ASN1_INTEGER **serial)
{
    OCSP_id_get0_info(name_hash, algorithm, key_hash, serial, (OCSP_CERTID *)id);
}

static void name_hash(const ASN1_OBJECT *algorithm, staple_single *single)
{
    char *name = single->hash_algorithm;
    EVP_MD *md = hash_function(algorithm);
    single->hash_known = md != NULL;
    if (md == NULL) {
        OBJ_obj2txt(name, sizeof(single->hash_algorithm), algorithm, 1);
    } else {
        snprintf(name, sizeof(single->hash_algorithm), "%s", OBJ_nid2sn(OBJ_obj2nid(algorithm)));
        for (char *c = name; *c != '\0'; c++) {
            *c = (char)tolower((unsigned char)*c);
        }
    }
    EVP_MD_free(md);
}

static void decode_single(staple *s, OCSP_SINGLERESP *response, staple_single *single)
{
    single->id = OCSP_SINGLERESP_get0_id(response);
    ASN1_OBJECT *algorithm;
    ASN1_INTEGER *serial;
    cert_id_fields(single->id, NULL, &algorithm, NULL, &serial);
    single->serial = certificate_serial(serial);
    name_hash(algorithm, single);

    ASN1_GENERALIZEDTIME *revoked = NULL;
    ASN1_GENERALIZEDTIME *this_update = NULL;
    ASN1_GENERALIZEDTIME *next_update = NULL;
    int reason = -1;
    int status = OCSP_single_get0_status(response, &reason, &revoked, &this_update, &next_update);
    single->status = (staple_cert_status)status;
    single->revocation_reason = status == V_OCSP_CERTSTATUS_REVOKED ? reason : -1;
    single->revocation_time = status == V_OCSP_CERTSTATUS_REVOKED
                                  ? profiled_time(s, "revocationTime", revoked)
                                  : CERTIFICATE_NO_TIME;
    single->this_update = profiled_time(s, "thisUpdate", this_update);
    single->next_update = profiled_time(s, "nextUpdate", next_update);

    for (int i = 0; i < OCSP_SINGLERESP_get_ext_count(response); i++) {
        check_extension(s, OCSP_SINGLERESP_get_ext(response, i), true);
    }
}

/* RFC 6960 knows v1(0) only, and libcrypto does not look at the version. */
static void check_version(staple *s)
{
    span tbs = s->tbs;
    strict_der_item sequence, version, number;
    if (!strict_der_next(&tbs, &sequence) || !strict_der_next(&sequence.content, &version) ||
        version.tag != TAG_EXPLICIT_0) {
        return;
    }
    if (!strict_der_next(&version.content, &number) || number.tag != TAG_INTEGER ||
        number.content.length != 1 || number.content.data[0] != 0) {
        defect(s, "its version is not v1");
    }
}

static void decode_basic(staple *s, span in)
{
    strict_der_item sequence, tbs;
    if (!strict_der_next(&in, &sequence) || !strict_der_is_whole(sequence.whole)) {
        defect(s, "the BasicOCSPResponse is not DER");
        return;
    }
    if (in.length > 0) {
        s->trailing_octets += in.length;
        defect(s, "%zu octets follow the BasicOCSPResponse", in.length);
    }

    const unsigned char *at = sequence.whole.data;
    s->basic = d2i_OCSP_BASICRESP(NULL, &at, (long)sequence.whole.length);
    if (s->basic == NULL || !strict_der_next(&sequence.content, &tbs)) {
        defect(s, "it holds no BasicOCSPResponse");
        return;
    }
    s->tbs = tbs.whole;
    check_version(s);
    profiled_time(s, "producedAt", OCSP_resp_get0_produced_at(s->basic));
    for (int i = 0; i < OCSP_BASICRESP_get_ext_count(s->basic); i++) {
        check_extension(s, OCSP_BASICRESP_get_ext(s->basic, i), false);
    }

    int count = OCSP_resp_count(s->basic);
    if (count <= 0) {
        return;
    }
    s->singles = memory_array((size_t)count, sizeof(*s->singles));
    for (; s->nsingles < (size_t)count; s->nsingles++) {
        OCSP_SINGLERESP *response = OCSP_resp_get0(s->basic, (int)s->nsingles);
        decode_single(s, response, &s->singles[s->nsingles]);
    }
}

/* Finds what ResponseBytes carries in the content of an OCSPResponse. */
static bool find_basic(staple *s, span content, span *basic)
{
    strict_der_item status, bytes, sequence, type, response;
    if (!strict_der_next(&content, &status) || !strict_der_next(&content, &bytes)) {
        defect(s, "its status is successful, and it carries no response");
        return false;
    }
    if (!strict_der_next(&bytes.content, &sequence) || !strict_der_next(&sequence.content, &type) ||
        !strict_der_next(&sequence.content, &response) || type.tag != TAG_OID ||
        response.tag != TAG_OCTET_STRING) {
        defect(s, "its responseBytes are no DER ResponseBytes");
        return false;
    }
    if (type.content.length != sizeof(OCSP_BASIC) ||
        memcmp(type.content.data, OCSP_BASIC, sizeof(OCSP_BASIC)) != 0) {
        defect(s, "its response is not of type id-pkix-ocsp-basic");
        return false;
    }
    *basic = response.content;
    return true;
}

static bool has_bytes(span content)
{
    strict_der_item status;
    return strict_der_next(&content, &status) && content.length > 0;
}

void staple_decode(span der, staple *s)
{
    *s = (staple){.octets = der.length, .response_status = STAPLE_NO_STATUS};
    if (EVP_Digest(der.data, der.length, s->sha256, NULL, EVP_sha256(), NULL) != 1) {
        memory_exhausted();
    }
    if (der.length == 0) {
        defect(s, "it has no octets");
        return;
    }
    s->wire = memory_array(der.length, 1);
    memcpy(s->wire, der.data, der.length);

    span in = {s->wire, der.length};
    strict_der_item outer;
    if (!strict_der_next(&in, &outer) || !strict_der_is_whole(outer.whole)) {
        defect(s, "it is not DER");
        return;
    }
    if (in.length > 0) {
        s->trailing_octets = in.length;
        defect(s, "%zu octets follow the OCSPResponse", in.length);
    }

    const unsigned char *at = outer.whole.data;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)outer.whole.length);
    if (response == NULL) {
        defect(s, "it is no OCSPResponse");
    } else {
        span basic;
        s->response_status = OCSP_response_status(response);
        if (s->response_status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
            s->bytes_beside_error = has_bytes(outer.content);
        } else if (find_basic(s, outer.content, &basic)) {
            decode_basic(s, basic);
        }
    }
    OCSP_RESPONSE_free(response);
    ERR_clear_error();
}

static bool same(const ASN1_OCTET_STRING *hash, const unsigned char *digest, unsigned length)
{
    return ASN1_STRING_length(hash) == (int)length &&
           memcmp(ASN1_STRING_get0_data(hash), digest, length) == 0;
}

void staple_match(staple *s, X509 *leaf, X509 *issuer)
{
    for (size_t i = 0; i < s->nsingles; i++) {
        ASN1_OCTET_STRING *name_hash, *key_hash;
        ASN1_OBJECT *algorithm;
        ASN1_INTEGER *serial;
        cert_id_fields(s->singles[i].id, &name_hash, &algorithm, &key_hash, &serial);
        EVP_MD *md = hash_function(algorithm);
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned length;
        s->singles[i].serial_matches = ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(leaf)) == 0;
        s->singles[i].matches_leaf =
            md != NULL && s->singles[i].serial_matches &&
            X509_NAME_digest(X509_get_issuer_name(leaf), md, digest, &length) == 1 &&
            same(name_hash, digest, length) &&
            X509_pubkey_digest(issuer, md, digest, &length) == 1 && same(key_hash, digest, length);
        EVP_MD_free(md);
    }
}

void staple_free(staple *s)
{
    for (size_t i = 0; s->singles != NULL && i < s->nsingles; i++) {
        free(s->singles[i].serial);
    }
    free(s->singles);
    OCSP_BASICRESP_free(s->basic);
    free(s->wire);
    *s = (staple){.response_status = STAPLE_NO_STATUS};
}

const char *staple_response_status_name(int status)
{
    switch (status) {
    case OCSP_RESPONSE_STATUS_SUCCESSFUL:
        return "successful";
    case OCSP_RESPONSE_STATUS_MALFORMEDREQUEST:
        return "malformedRequest";
    case OCSP_RESPONSE_STATUS_INTERNALERROR:
        return "internalError";
    case OCSP_RESPONSE_STATUS_TRYLATER:
        return "tryLater";
    case OCSP_RESPONSE_STATUS_SIGREQUIRED:
        return "sigRequired";
    case OCSP_RESPONSE_STATUS_UNAUTHORIZED:
        return "unauthorized";
    default:
        return "unassigned";
    }
}

const char *staple_cert_status_name(staple_cert_status status)
{
    static const char *const names[] = {"good", "revoked", "unknown"};
    return names[status];
}
