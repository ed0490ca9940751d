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

#include "harness/base/memory.h"
#include "harness/clients/certificate.h"
#include "harness/clients/trusted.h"

/* Of the last file, NULL at first. */
static octets last_octets;
static STACK_OF(X509) * last_certificates;

int trusted_octets(const char *file, octets *out, problem *p)
{
    char buffer[16384];
    size_t n;
    FILE *in = fopen(file, "re");
    if (in == NULL) {
        return problem_refuse(p, "", "%s: %s", file, strerror(errno));
    }
    while ((n = fread(buffer, 1, sizeof(buffer), in)) > 0) {
        octets_append(out, buffer, n);
    }
    int failure = ferror(in) ? errno : 0;
    fclose(in);
    return failure == 0 ? 0 : problem_refuse(p, "", "%s: %s", file, strerror(failure));
}

/* Nobody is asked for one: a certificate that needs it is as good as damaged. */
static int no_passphrase(char *buffer, int size, int writing, void *arg)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

int trusted_parse(span pem, const char *name, STACK_OF(X509) * *out, problem *p)
{
    BIO *in = memory_made(
        BIO_new_mem_buf(pem.length == 0 ? "" : (const void *)pem.data, (int)pem.length));
    STACK_OF(X509) *certificates = memory_made(sk_X509_new_null());
    X509 *one;
    while ((one = PEM_read_bio_X509(in, NULL, no_passphrase, NULL)) != NULL) {
        if (sk_X509_push(certificates, one) == 0) {
            memory_exhausted();
        }
    }
    BIO_free(in);

    /* reading ends with "no start line"; anything else is a damaged certificate */
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!ended || sk_X509_num(certificates) == 0) {
        certificate_stack_free(certificates);
        return problem_refuse(p, "", "%s: %s; PEM certificates are accepted", name,
                              ended ? "no certificate in it" : "a certificate in it is damaged");
    }
    *out = certificates;
    return 0;
}

int trusted_read(const char *file, STACK_OF(X509) * *out, problem *p)
{
    octets found = {0};
    STACK_OF(X509) * certificates;
    if (trusted_octets(file, &found, p) != 0) {
        octets_free(&found);
        return -1;
    }
    bool same = last_certificates != NULL && found.length == last_octets.length &&
                memcmp(found.data, last_octets.data, found.length) == 0;
    if (!same) {
        if (trusted_parse(octets_span(&found), file, &certificates, p) != 0) {
            octets_free(&found);
            return -1;
        }
        octets_free(&last_octets);
        certificate_stack_free(last_certificates);
        last_octets = found;
        last_certificates = certificates;
        found = (octets){0};
    }
    octets_free(&found);
    *out = memory_made(X509_chain_up_ref(last_certificates));
    return 0;
}
