/*
 * DER begins with a SEQUENCE, PEM does not; what is neither is judged as it is.
 */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "harness/base/memory.h"
#include "harness/clients/capture.h"
#include "harness/clients/certificate.h"
#include "harness/clients/duration.h"
#include "harness/clients/trusted.h"

#define PEM_BEGINNING   "-----BEGIN "
#define PEM_NAME        "OCSP RESPONSE"
#define PEM_CERTIFICATE "-----BEGIN CERTIFICATE-----"

enum { TAG_SEQUENCE = 0x30 };

static int take_judge(void *arg, const char *value, problem *p)
{
    (void)p;
    ((capture_options *)arg)->response = value;
    return 0;
}

static int take_leaf(void *arg, const char *value, problem *p)
{
    (void)p;
    ((capture_options *)arg)->leaf = value;
    return 0;
}

static int take_at(void *arg, const char *value, problem *p)
{
    capture_options *o = arg;
    o->at_given = true;
    return duration_instant("--at", value, &o->at, p);
}

const options_row capture_rows[] = {
    {"judge", "FILE",
     "instead of HOST:PORT: judge this OCSP response (DER or PEM), as openssl ocsp -respout and "
     "--staple-out write it",
     take_judge},
    {"leaf", "FILE", "with --judge: the certificate that it is about, then its chain (PEM, or DER)",
     take_leaf},
    {"at", "TIME",
     "with --judge: the time to judge at, seconds since 1970 or 2030-01-01T00:00:00Z (default: "
     "now)",
     take_at},
    {0},
};

int capture_settle(const capture_options *options, problem *p)
{
    if (options->response != NULL && options->leaf == NULL) {
        return problem_refuse(p, "", "--judge needs --leaf FILE beside it");
    }
    if (options->response == NULL && (options->leaf != NULL || options->at_given)) {
        return problem_refuse(p, "", "--%s is accepted with --judge FILE",
                              options->leaf != NULL ? "leaf" : "at");
    }
    return 0;
}

/* Replaces PEM by what is in it. 0, or -1 with *p. */
static int take_out_of_pem(const char *file, octets *o, problem *p)
{
    BIO *in = memory_made(BIO_new_mem_buf(o->data, (int)o->length));
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    long length = 0;
    int rc = 0;
    if (PEM_read_bio(in, &name, &header, &data, &length) != 1) {
        rc = problem_refuse(p, "", "--judge %s: the PEM in it is damaged", file);
    } else if (strcmp(name, PEM_NAME) != 0) {
        rc = problem_refuse(p, "", "--judge %s: it is a %s; PEM of an " PEM_NAME " is accepted",
                            file, name);
    } else {
        octets_cut(o, 0);
        octets_append(o, data, (size_t)length);
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    BIO_free(in);
    ERR_clear_error();
    return rc;
}

static int read_response(const char *file, octets *out, problem *p)
{
    problem why;
    if (trusted_octets(file, out, &why) != 0) {
        return problem_refuse(p, "", "--judge %s", why.detail);
    }
    size_t beginning = strlen(PEM_BEGINNING);
    if (out->length < beginning || memcmp(out->data, PEM_BEGINNING, beginning) != 0) {
        return 0;
    }
    return take_out_of_pem(file, out, p);
}

static int read_chain(const char *file, STACK_OF(X509) * *out, problem *p)
{
    octets found = {0};
    problem why;
    int rc = trusted_octets(file, &found, &why);
    if (rc == 0 && found.length > 0 && found.data[0] == TAG_SEQUENCE) {
        const unsigned char *at = found.data;
        X509 *one = d2i_X509(NULL, &at, (long)found.length);
        ERR_clear_error();
        *out = memory_made(sk_X509_new_null());
        if (one != NULL && sk_X509_push(*out, one) == 0) {
            memory_exhausted();
        }
    } else if (rc == 0 && trusted_parse(octets_span(&found), file, out, &why) != 0) {
        /* one that libcrypto cannot read is no reason to say nothing about the response */
        bool one = found.length > 0 && memmem(found.data, found.length, PEM_CERTIFICATE,
                                              strlen(PEM_CERTIFICATE)) != NULL;
        *out = one ? memory_made(sk_X509_new_null()) : NULL;
        rc = one ? 0 : -1;
    }
    octets_free(&found);
    return rc == 0 ? 0 : problem_refuse(p, "", "--leaf %s", why.detail);
}

int capture_read(const capture_options *options, capture *out, problem *p)
{
    *out = (capture){0};
    return read_response(options->response, &out->response, p) != 0
               ? -1
               : read_chain(options->leaf, &out->chain, p);
}

void capture_free(capture *c)
{
    octets_free(&c->response);
    certificate_stack_free(c->chain);
    *c = (capture){0};
}
