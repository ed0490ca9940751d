/*
 * All that can be wrong with the files is found before the first packet.
 */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "harness/base/memory.h"
#include "harness/base/octets.h"
#include "harness/clients/certificate.h"
#include "harness/clients/client_identity.h"
#include "harness/clients/trusted.h"

static int read_certificates(const char *file, client_identity *out, problem *p)
{
    octets found = {0};
    problem why;
    int rc = trusted_octets(file, &found, &why);
    if (rc == 0) {
        rc = trusted_parse(octets_span(&found), file, &out->chain, &why);
    }
    octets_free(&found);
    if (rc != 0) {
        return problem_refuse(p, "", "--cert %s", why.detail);
    }
    out->certificate = sk_X509_shift(out->chain);
    return 0;
}

static int read_key(const char *file, client_identity *out, problem *p)
{
    octets found = {0};
    problem why;
    if (trusted_octets(file, &found, &why) != 0) {
        octets_free(&found);
        return problem_refuse(p, "", "--key %s", why.detail);
    }
    BIO *in = memory_made(
        BIO_new_mem_buf(found.length == 0 ? "" : (const void *)found.data, (int)found.length));
    /* nobody is asked for a passphrase: it is this one */
    out->key = PEM_read_bio_PrivateKey(in, NULL, NULL, (void *)"");
    BIO_free(in);
    octets_free(&found);
    ERR_clear_error();
    if (out->key == NULL) {
        return problem_refuse(p, "",
                              "--key %s: no private key in it; a PEM one without a passphrase is "
                              "accepted",
                              file);
    }
    return 0;
}

int client_identity_read(const char *certificates, const char *key, client_identity *out,
                         problem *p)
{
    *out = (client_identity){0};
    if (read_certificates(certificates, out, p) != 0 || read_key(key, out, p) != 0) {
        client_identity_free(out);
        return -1;
    }
    if (X509_check_private_key(out->certificate, out->key) != 1) {
        ERR_clear_error();
        client_identity_free(out);
        return problem_refuse(p, "",
                              "--key %s is not the key of the first certificate in --cert %s", key,
                              certificates);
    }
    return 0;
}

void client_identity_free(client_identity *identity)
{
    X509_free(identity->certificate);
    certificate_stack_free(identity->chain);
    EVP_PKEY_free(identity->key);
    *identity = (client_identity){0};
}
