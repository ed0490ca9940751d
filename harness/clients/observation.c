/*
 * Callbacks of libssl, and of the BIO that reads for it.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "harness/clients/key_exchange.h"
#include "harness/clients/observation.h"

enum { STATUS_HEADER = 4, STATUS_TYPE_OCSP = 1 };

static void on_message(int sent, int version, int content, const void *data, size_t length,
                       SSL *ssl, void *arg)
{
    (void)version;
    observation *seen = arg;
    if (!sent && content == SSL3_RT_HANDSHAKE) {
        wire_status_observe(&seen->status, SSL_version(ssl) == TLS1_3_VERSION, data, length);
    }
}

/* TLS 1.3 servers send several tickets; the first one serves. A copy is kept: below TLS 1.3 the
 * session is the connection's own, and a connection that does not end well makes it useless. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
    observation *seen = SSL_get_app_data(ssl);
    if (seen->session == NULL) {
        seen->session = SSL_SESSION_dup(session);
    }
    return 0;
}

void observation_prepare(SSL_CTX *context)
{
    SSL_CTX_sess_set_new_cb(context, on_session);
    SSL_CTX_set_msg_callback(context, on_message);
}

void observation_begin(SSL *ssl, observation *seen)
{
    SSL_set_app_data(ssl, seen);
    SSL_set_msg_callback_arg(ssl, seen);
}

/* libssl gives up at the header of a message that is too large for it, and says so to the server:
 * all that the server still has to say in the clear is read before that. */
static void read_ahead(observation *seen, int fd)
{
    uint8_t room[16384];
    problem ignored;
    while (!seen->flight.over && bound_wait(seen->b, fd, POLLIN, &ignored) == 0) {
        ssize_t n = recv(fd, room, sizeof(room), 0);
        if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) {
            break;
        }
        clear_flight_feed(&seen->flight, (span){room, n > 0 ? (size_t)n : 0});
    }
    seen->flight.over = true;
}

/* Called before each operation of the BIO, and after it. */
static long around_reading(BIO *bio, int operation, const char *data, size_t length, int number,
                           long more, int result, size_t *processed)
{
    (void)length;
    (void)number;
    (void)more;
    observation *seen = (observation *)BIO_get_callback_arg(bio);
    if (operation == BIO_CB_READ && bound_is_over(seen->b)) {
        BIO_clear_retry_flags(bio);
        return -1;
    }
    if (operation == (BIO_CB_READ | BIO_CB_RETURN) && result > 0 && !seen->flight.over) {
        clear_flight_feed(&seen->flight, (span){(const uint8_t *)data, *processed});
        if (seen->flight.large && !seen->flight.over) {
            read_ahead(seen, (int)BIO_get_fd(bio, NULL));
        }
    }
    return result;
}

void observation_limit(SSL *ssl, observation *seen, bound *b)
{
    BIO *bio = SSL_get_rbio(ssl);
    seen->b = b;
    BIO_set_callback_arg(bio, (char *)seen);
    BIO_set_callback_ex(bio, around_reading);
}

bool observation_large_staple(const observation *seen, span *response)
{
    span body = octets_span(&seen->flight.status);
    if (body.length < STATUS_HEADER || body.data[0] != STATUS_TYPE_OCSP) {
        return false;
    }
    size_t length = (size_t)body.data[1] << 16 | (size_t)body.data[2] << 8 | body.data[3];
    *response = (span){body.data + STATUS_HEADER, length};
    return length == body.length - STATUS_HEADER;
}

bool observation_proves_key(SSL *ssl, const observation *seen, X509 *leaf)
{
    uint8_t client[SSL3_RANDOM_SIZE], server[SSL3_RANDOM_SIZE];
    const SSL_CIPHER *cipher = SSL_get_pending_cipher(ssl);
    if (cipher == NULL || SSL_get_client_random(ssl, client, sizeof(client)) != sizeof(client) ||
        SSL_get_server_random(ssl, server, sizeof(server)) != sizeof(server)) {
        return false;
    }
    return key_exchange_proves(
        &(key_exchange){.client_random = {client, sizeof(client)},
                        .server_random = {server, sizeof(server)},
                        .on_curve = SSL_CIPHER_get_kx_nid(cipher) == NID_kx_ecdhe,
                        .body = octets_span(&seen->flight.key_exchange)},
        leaf);
}

void observation_free(observation *seen)
{
    SSL_SESSION_free(seen->session);
    clear_flight_free(&seen->flight);
    *seen = (observation){0};
}
