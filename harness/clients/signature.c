/*
 * libcrypto says of a certificate's signature what it stands on, but not of a response's, so both
 * are looked up here in the same way.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#include "harness/clients/certificate.h"
#include "harness/clients/signature.h"

enum { SECURITY_BITS_MIN = 112 };

static const int BROKEN[] = {NID_md2, NID_md4, NID_md5, NID_md5_sha1};

/* An algorithm by libcrypto's name and its OID, or by the OID alone. */
static void name_algorithm(const ASN1_OBJECT *object, char *out, size_t size)
{
    char oid[80];
    OBJ_obj2txt(oid, sizeof(oid), object, 1);
    int nid = OBJ_obj2nid(object);
    if (nid == NID_undef) {
        snprintf(out, size, "%s", oid);
    } else {
        snprintf(out, size, "%s (%s)", OBJ_nid2ln(nid), oid);
    }
}

/* The hash function in the parameters of RSASSA-PSS (RFC 4055 3.1); NID_undef for none that is
 * known. */
static int pss_hash(const X509_ALGOR *algorithm)
{
    int type;
    const void *value;
    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    RSA_PSS_PARAMS *parameters =
        type == V_ASN1_SEQUENCE
            ? ASN1_item_unpack((const ASN1_STRING *)value, ASN1_ITEM_rptr(RSA_PSS_PARAMS))
            : NULL;
    if (parameters == NULL) {
        return NID_undef;
    }
    int nid = NID_sha1;
    if (parameters->hashAlgorithm != NULL) {
        const ASN1_OBJECT *object;
        X509_ALGOR_get0(&object, NULL, NULL, parameters->hashAlgorithm);
        nid = OBJ_obj2nid(object);
    }
    RSA_PSS_PARAMS_free(parameters);
    return nid;
}

/* Whether a hash function can be used; some are known by name alone. */
static bool can_hash(int nid)
{
    EVP_MD *md = EVP_MD_fetch(NULL, OBJ_nid2sn(nid), NULL);
    EVP_MD_free(md);
    return md != NULL;
}

static bool is_broken(int hash)
{
    for (size_t i = 0; i < sizeof(BROKEN) / sizeof(BROKEN[0]); i++) {
        if (BROKEN[i] == hash) {
            return true;
        }
    }
    return false;
}

/* The algorithm by itself: *hash is what it hashes with, NID_undef for a hash of its own. */
static bool is_known(const X509_ALGOR *algorithm, int *hash)
{
    const ASN1_OBJECT *object;
    int key;
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    *hash = NID_undef;
    if (OBJ_find_sigid_algs(OBJ_obj2nid(object), hash, &key) != 1) {
        return false;
    }
    if (OBJ_obj2nid(object) == NID_rsassaPss) {
        *hash = pss_hash(algorithm);
        return *hash != NID_undef;
    }
    return true;
}

signature_worth signature_weigh(const X509_ALGOR *algorithm, X509 *certificate)
{
    signature_worth out = {0};
    const ASN1_OBJECT *object;
    char name[120];
    int hash;
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    name_algorithm(object, name, sizeof(name));

    bool known = is_known(algorithm, &hash);
    EVP_PKEY *key = certificate == NULL ? NULL : X509_get0_pubkey(certificate);
    out.sha1 = known && hash == NID_sha1;
    out.checkable =
        known && (hash == NID_undef || can_hash(hash)) && (certificate == NULL || key != NULL);
    if (known && is_broken(hash)) {
        out.weak = true;
        snprintf(out.objection, sizeof(out.objection), "%s rests on %s, which is broken", name,
                 OBJ_nid2sn(hash));
    } else if (known && !out.checkable && certificate != NULL && key == NULL) {
        snprintf(out.objection, sizeof(out.objection), "the kind of its signer's key is not known");
    } else if (!out.checkable) {
        snprintf(out.objection, sizeof(out.objection), "the signature algorithm %s is not known",
                 name);
    } else if (key != NULL && EVP_PKEY_get_security_bits(key) < SECURITY_BITS_MIN) {
        out.weak = true;
        snprintf(out.objection, sizeof(out.objection), "a key of kind %s with %d bits is too short",
                 certificate_key(certificate), EVP_PKEY_get_bits(key));
    }
    ERR_clear_error();
    return out;
}
