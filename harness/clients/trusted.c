/*
 * OpenSSL 3.0 takes half as long to parse two certificates as for a whole handshake, and in a batch
 * the next command line mostly names the same ones: the last file is kept, with what was in it.
 */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/clients/certificate.h"
#include "harness/clients/trusted.h"

/* Of the last file, NULL at first. */
static BIO *last_octets;
static STACK_OF(X509) * last_certificates;

static bool read_whole(const char *file, BIO *octets)
{
    char buffer[16384];
    size_t n;
    FILE *in = fopen(file, "re");
    if (in == NULL) {
        return false;
    }
    while ((n = fread(buffer, 1, sizeof(buffer), in)) > 0) {
        BIO_write(octets, buffer, (int)n);
    }
    int failure = ferror(in) ? errno : 0;
    fclose(in);
    errno = failure;
    return failure == 0;
}

static bool same_octets(BIO *a, BIO *b)
{
    char *a_data, *b_data;
    long length = BIO_get_mem_data(a, &a_data);
    return length == BIO_get_mem_data(b, &b_data) && memcmp(a_data, b_data, (size_t)length) == 0;
}

static STACK_OF(X509) * parse(BIO *octets, const char *file, char *error, size_t size)
{
    char *data;
    long length = BIO_get_mem_data(octets, &data);
    /* a BIO of its own, so that the octets stay */
    BIO *in = BIO_new_mem_buf(length == 0 ? "" : data, (int)length);
    STACK_OF(X509) *certificates = sk_X509_new_null();
    X509 *one;
    while (in != NULL && certificates != NULL &&
           (one = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
        if (sk_X509_push(certificates, one) == 0) {
            X509_free(one);
            break;
        }
    }
    BIO_free(in);

    /* reading ends with "no start line"; anything else is a damaged certificate */
    unsigned long last = ERR_peek_last_error();
    bool ended = ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!ended || sk_X509_num(certificates) == 0) {
        snprintf(error, size, "%s: %s; PEM certificates are accepted", file,
                 ended ? "no certificate in it" : "a certificate in it is damaged");
        certificates_free(certificates);
        return NULL;
    }
    return certificates;
}

STACK_OF(X509) * trusted_certificates(const char *file, char *error, size_t size)
{
    BIO *octets = BIO_new(BIO_s_mem());
    if (octets == NULL || !read_whole(file, octets)) {
        snprintf(error, size, "%s: %s", file, octets == NULL ? "out of memory" : strerror(errno));
        BIO_free(octets);
        return NULL;
    }
    if (last_octets != NULL && same_octets(octets, last_octets)) {
        BIO_free(octets);
        return X509_chain_up_ref(last_certificates);
    }

    STACK_OF(X509) *certificates = parse(octets, file, error, size);
    if (certificates == NULL) {
        BIO_free(octets);
        return NULL;
    }
    BIO_free(last_octets);
    certificates_free(last_certificates);
    last_octets = octets;
    last_certificates = certificates;
    return X509_chain_up_ref(last_certificates);
}
