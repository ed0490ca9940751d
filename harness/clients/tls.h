/*
 * libssl on a socket that does not block: why it did not do something, and the wait for it.
 */
#ifndef STAPLELAB_TLS_H
#define STAPLELAB_TLS_H

#include <openssl/ssl.h>

#include "harness/clients/bound.h"

#define TLS_NO_ALERT (-1)

/* Says why libssl failed, and forgets it. -1 with *p. */
int tls_problem(problem *p, const char *what);

/* To be called at once after SSL_connect, SSL_read or SSL_write returned `rc`, a failure: waits for
 * what they want. 0 to try again, or -1 with *p, which begins with `what` ("the handshake failed");
 * *alert (unless NULL) is the number of the alert that the server sent, or TLS_NO_ALERT. errno and
 * the queue of errors must have been empty before the call. */
int tls_wait(SSL *ssl, int rc, bound *b, const char *what, int *alert, problem *p);

#endif
