/* See pem.h. */
#include "responders/ocsp/pem.h"

#include <errno.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "responders/ocsp/codec/signer.h"

#define PIECE 65536

static FILE *open_file(const char *path, problem *p)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        problem_set(p, 400, "", "%s: %s", path, strerror(errno));
    }
    return file;
}

/* Else libcrypto asks at the terminal, and the program hangs where nobody sits. */
static int no_passphrase(char *buffer, int size, int writing, void *asked)
{
    (void)buffer, (void)size, (void)writing;
    *(int *)asked = 1;
    return -1;
}

X509 *pem_certificate(const char *path, problem *p)
{
    FILE *file = open_file(path, p);
    if (file == NULL) {
        return NULL;
    }
    X509 *x509 = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    if (x509 == NULL) {
        problem_set(p, 400, "", "%s: not a certificate in PEM", path);
    }
    return x509;
}

EVP_PKEY *pem_private_key(const char *path, problem *p)
{
    int asked = 0;
    FILE *file = open_file(path, p);
    if (file == NULL) {
        return NULL;
    }
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, no_passphrase, &asked);
    fclose(file);
    if (key != NULL && signer_algorithm(key).length > 0) {
        return key;
    }
    problem_set(p, 400, "", "%s: %s", path,
                asked != 0 ? "the private key has a passphrase; give one without"
                           : "not a private key in PEM (RSA, EC or Ed25519)");
    EVP_PKEY_free(key);
    return NULL;
}

int pem_file(const char *path, octets *out, problem *p)
{
    FILE *file = open_file(path, p);
    if (file == NULL) {
        return -1;
    }
    size_t got;
    while ((got = fread(octets_reserve(out, PIECE), 1, PIECE, file)) > 0) {
        out->length += got;
    }
    int rc = ferror(file) ? problem_refuse(p, "", "%s: %s", path, strerror(errno)) : 0;
    fclose(file);
    return rc;
}
