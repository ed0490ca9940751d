/*
 * An alert that was received is an error of libssl's whose reason is the alert's number and a
 * constant.
 */
#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>

#include "harness/clients/tls.h"

enum { ALERT_MAX = 255 };

int tls_problem(problem *p, const char *what)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    problem_fail(p, "%s: %s", what, reason == NULL ? "no reason given" : reason);
    ERR_clear_error();
    return -1;
}

static int received_alert(void)
{
    unsigned long code = ERR_peek_error();
    int alert = ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET;
    return ERR_GET_LIB(code) == ERR_LIB_SSL && alert >= 0 && alert <= ALERT_MAX ? alert
                                                                                : TLS_NO_ALERT;
}

int tls_wait(SSL *ssl, int rc, bound *b, const char *what, int *alert, problem *p)
{
    int failure = errno;
    int ssl_error = SSL_get_error(ssl, rc);
    problem why;
    if (alert != NULL) {
        *alert = TLS_NO_ALERT;
    }
    if (ssl_error == SSL_ERROR_SSL) {
        if (alert != NULL) {
            *alert = received_alert();
        }
        return tls_problem(p, what);
    }
    if (ssl_error != SSL_ERROR_WANT_READ && ssl_error != SSL_ERROR_WANT_WRITE && bound_is_over(b)) {
        problem_set(p, BOUND_OVER, "", "%s: " BOUND_OVER_WORDS, what);
        return -1;
    }
    if (ssl_error != SSL_ERROR_WANT_READ && ssl_error != SSL_ERROR_WANT_WRITE) {
        return problem_fail(p, "%s: %s", what,
                            failure == 0 ? "the server closed the connection" : strerror(failure));
    }
    short events = ssl_error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    if (bound_wait(b, SSL_get_fd(ssl), events, &why) != 0) {
        problem_set(p, why.status, "", "%s: %s", what, why.detail);
        return -1;
    }
    return 0;
}
