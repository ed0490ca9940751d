/*
 * A server that is never out of words: a BIO that always has more to read, so that libssl never
 * comes back to wait.
 */
#include <openssl/bio.h>

#include "harness/clients/handshake.h"
#include "harness/clients/observation.h"
#include "harness/clients/tests/identities.h"

static const unsigned char HELLO_REQUESTS[5 + 400] = {22, 3, 3, 400 >> 8, 400 & 255};
static size_t said;

static int read_for_ever(BIO *bio, char *data, int length)
{
    (void)bio;
    for (int i = 0; i < length; i++) {
        data[i] = (char)HELLO_REQUESTS[said++ % sizeof(HELLO_REQUESTS)];
    }
    return length;
}

static int write_nowhere(BIO *bio, const char *data, int length)
{
    (void)bio;
    (void)data;
    return length;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static void endless_words(void **state)
{
    (void)state;
    problem p;
    SSL_CTX *context;
    const handshake_options options = {.version = TLS1_2_VERSION};
    assert_int_equal(handshake_context(&options, &context, &p), 0);
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "endless");
    BIO_meth_set_read(method, read_for_ever);
    BIO_meth_set_write(method, write_nowhere);
    BIO_meth_set_ctrl(method, control);
    BIO *bio = BIO_new(method);
    BIO_set_init(bio, 1);

    observation seen = {0};
    bound b;
    SSL *ssl = SSL_new(context);
    assert_int_equal(bound_make(100, -1, &b, &p), 0);
    observation_begin(ssl, &seen);
    SSL_set_bio(ssl, bio, bio);
    observation_limit(ssl, &seen, &b);
    int rc = SSL_connect(ssl);
    assert_int_equal(rc, -1);
    assert_int_equal(SSL_get_error(ssl, rc), SSL_ERROR_SYSCALL);
    assert_true(bound_is_over(&b));
    assert_true(said > 10000);

    SSL_free(ssl);
    observation_free(&seen);
    bound_free(&b);
    BIO_meth_free(method);
    SSL_CTX_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(endless_words)};
    return cmocka_run_group_tests_name("observation", tests, NULL, NULL);
}
