/*
 * The context of handshakes: what libssl is allowed, and what it tells of.
 */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "harness/clients/handshake.h"
#include "harness/clients/observation.h"
#include "harness/clients/tls.h"

enum { MESSAGE_OCTETS_MAX = (1 << 24) - 1 /* all that TLS can say */ };

static int make_context(const handshake_options *options, SSL_CTX **out, problem *p)
{
    /* openssl.cnf is the machine's business, and reading it takes longer than a handshake; so does
     * freeing at exit, one by one, what the kernel frees at once */
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        return tls_problem(p, "libssl does not start");
    }

    int lowest = options->version == 0 ? TLS1_2_VERSION : options->version;
    int highest = options->version == 0 ? TLS1_3_VERSION : options->version;
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_max_cert_list(context, MESSAGE_OCTETS_MAX); /* under TLS 1.3 with the staple */
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    observation_prepare(context);
    if (SSL_CTX_set_min_proto_version(context, lowest) != 1 ||
        SSL_CTX_set_max_proto_version(context, highest) != 1) {
        tls_problem(p, "the TLS version cannot be set");
        goto failed;
    }
    if (options->sigalgs != NULL && SSL_CTX_set1_sigalgs_list(context, options->sigalgs) != 1) {
        problem_refuse(p, "",
                       "'%s' is no list of signature algorithms; names joined by colons are "
                       "accepted, such as ECDSA+SHA256:rsa_pss_rsae_sha256",
                       options->sigalgs);
        goto failed;
    }
    *out = context;
    return 0;

failed:
    ERR_clear_error();
    SSL_CTX_free(context);
    return -1;
}

int handshake_context(const handshake_options *options, SSL_CTX **out, problem *p)
{
    static SSL_CTX *last;
    static int last_version;
    static char *last_sigalgs;

    const char *sigalgs = options->sigalgs == NULL ? "" : options->sigalgs;
    if (last == NULL || options->version != last_version || strcmp(sigalgs, last_sigalgs) != 0) {
        SSL_CTX *context = NULL;
        if (make_context(options, &context, p) != 0) {
            return -1;
        }
        SSL_CTX_free(last);
        free(last_sigalgs);
        last = context;
        last_version = options->version;
        last_sigalgs = memory_text(sigalgs);
    }
    SSL_CTX_up_ref(last);
    *out = last;
    return 0;
}
