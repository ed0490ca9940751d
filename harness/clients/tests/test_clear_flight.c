/*
 * A server's flight in the clear, whole and in pieces, and the proof in its ServerKeyExchange.
 */
#include <openssl/rsa.h>

#include "harness/clients/clear_flight.h"
#include "harness/clients/key_exchange.h"
#include "harness/clients/tests/identities.h"

/* Appends a handshake message of `length` octets of `fill`, in records of at most `most`. */
static void add_message(octets *flight, uint8_t type, size_t length, uint8_t fill, size_t most)
{
    octets message = {0};
    const uint8_t header[] = {type, (uint8_t)(length >> 16), (uint8_t)(length >> 8),
                              (uint8_t)length};
    octets_append(&message, header, sizeof(header));
    octets_append_fill(&message, fill, length);
    for (size_t at = 0; at < message.length;) {
        size_t n = message.length - at < most ? message.length - at : most;
        const uint8_t record[] = {22, 3, 3, (uint8_t)(n >> 8), (uint8_t)n};
        octets_append(flight, record, sizeof(record));
        octets_append(flight, message.data + at, n);
        at += n;
    }
    octets_free(&message);
}

/* ServerHello, Certificate, CertificateStatus, ServerKeyExchange, ServerHelloDone. */
static octets flight_with(size_t status, size_t most)
{
    octets flight = {0};
    add_message(&flight, 2, 70, 1, most);
    add_message(&flight, 11, 3000, 2, most);
    add_message(&flight, 22, status, 3, most);
    add_message(&flight, 12, 100, 4, most);
    add_message(&flight, 14, 0, 0, most);
    return flight;
}

static void expect_large(const clear_flight *f, size_t status)
{
    assert_true(f->over);
    assert_true(f->large);
    assert_int_equal(f->status.length, status);
    for (size_t i = 0; i < status; i += 1000) {
        assert_int_equal(f->status.data[i], 3);
    }
    assert_int_equal(f->key_exchange.length, 100);
    assert_int_equal(f->key_exchange.data[99], 4);
}

static void whole_and_in_pieces(void **state)
{
    (void)state;
    static const size_t statuses[] = {16385, 100000};
    static const size_t mosts[] = {16384, 1000, 7};
    static const size_t pieces[] = {1, 5, 1460, 1000000};
    for (size_t i = 0; i < 2 * 3 * 4; i++) {
        octets flight = flight_with(statuses[i % 2], mosts[i / 2 % 3]);
        size_t piece = pieces[i / 6];
        clear_flight f = {0};
        for (size_t at = 0; at < flight.length; at += piece) {
            size_t n = flight.length - at < piece ? flight.length - at : piece;
            assert_false(f.over);
            clear_flight_feed(&f, (span){flight.data + at, n});
        }
        expect_large(&f, statuses[i % 2]);
        clear_flight_free(&f);
        octets_free(&flight);
    }
}

static void what_libssl_takes_is_left_to_it(void **state)
{
    (void)state;
    octets flight = flight_with(CLEAR_FLIGHT_LIBSSL_MAX, 16384);
    clear_flight f = {0};
    clear_flight_feed(&f, octets_span(&flight));
    assert_true(f.over);
    assert_false(f.large);
    assert_int_equal(f.status.length, 0);
    clear_flight_free(&f);
    octets_free(&flight);
}

static void what_ends_it(void **state)
{
    (void)state;
    static const struct {
        uint8_t octets[9];
        bool over;
    } cases[] = {
        {{22, 3, 3, 0, 4, 2, 0, 0, 0}, false},
        {{20, 3, 3, 0, 1, 1}, true},          /* ChangeCipherSpec */
        {{21, 3, 3, 0, 2, 2, 112}, true},     /* an alert */
        {{23, 3, 3, 0, 4, 9, 9, 9, 9}, true}, /* encrypted */
        {{22, 3, 3, 0x40, 1}, true},          /* a record that is too long */
        {{22, 3, 3, 0, 4, 11, 255, 0, 0}, true},
        {{22, 3, 3, 0, 0}, false}, /* an empty record */
        {{'H', 'T', 'T', 'P', '/'}, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        clear_flight f = {0};
        clear_flight_feed(&f, (span){cases[i].octets, 9});
        if (f.over != cases[i].over) {
            fail_msg("case %zu", i);
        }
        octets flight = flight_with(20000, 16384);
        clear_flight_feed(&f, octets_span(&flight));
        if (cases[i].over) {
            assert_int_equal(f.status.length, 0);
        }
        octets_free(&flight);
        clear_flight_free(&f);
    }
}

/* A ServerKeyExchange on a curve, or a finite field's, with its signature. */
static octets make_exchange(const identity *by, const EVP_MD *md, bool pss, unsigned scheme,
                            bool on_curve, span client, span server)
{
    static const uint8_t curve[] = {3, 0, 29, 4, 'K', 'e', 'y', '!'};
    static const uint8_t field[] = {0, 1, 7, 0, 1, 5, 0, 2, 1, 2};
    octets body = {0}, message = {0};
    octets_append(&body, on_curve ? curve : field, on_curve ? sizeof(curve) : sizeof(field));
    octets_append_span(&message, client);
    octets_append_span(&message, server);
    octets_append_span(&message, octets_span(&body));
    uint8_t signature[600];
    size_t length = sizeof(signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how;
    assert_int_equal(EVP_DigestSignInit(context, &how, md, NULL, by->key), 1);
    if (pss) {
        EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST);
    }
    assert_int_equal(EVP_DigestSign(context, signature, &length, message.data, message.length), 1);
    EVP_MD_CTX_free(context);
    const uint8_t head[] = {(uint8_t)(scheme >> 8), (uint8_t)scheme, (uint8_t)(length >> 8),
                            (uint8_t)length};
    octets_append(&body, head, sizeof(head));
    octets_append(&body, signature, length);
    octets_free(&message);
    return body;
}

static void proofs(void **state)
{
    (void)state;
    EVP_PKEY *rsa = EVP_RSA_gen(2048), *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    identity by[] = {
        make_identity(&(identity_plan){.name = "EC", .serial = 1}),
        make_identity(&(identity_plan){.name = "RSA", .serial = 2, .key = rsa}),
        {.key = ed, .certificate = X509_new()},
    };
    X509_set_pubkey(by[2].certificate, ed);
    const struct {
        int who;
        const EVP_MD *md;
        bool pss;
        unsigned scheme;
    } cases[] = {
        {0, EVP_sha256(), false, 0x0403}, {0, EVP_sha384(), false, 0x0503},
        {1, EVP_sha256(), false, 0x0401}, {1, EVP_sha512(), false, 0x0601},
        {1, EVP_sha256(), true, 0x0804},  {2, NULL, false, 0x0807},
    };
    static const uint8_t random[64] = "client and server";
    key_exchange k = {.client_random = {random, 32}, .server_random = {random + 32, 32}};
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        int who = cases[i / 2].who;
        k.on_curve = i % 2 == 0;
        octets body =
            make_exchange(&by[who], cases[i / 2].md, cases[i / 2].pss, cases[i / 2].scheme,
                          k.on_curve, k.client_random, k.server_random);
        k.body = octets_span(&body);
        assert_true(key_exchange_proves(&k, by[who].certificate));
        assert_false(key_exchange_proves(&k, by[(who + 1) % 3].certificate));
        assert_false(key_exchange_proves(&k, NULL));

        key_exchange other = k; /* another connection's */
        other.client_random = (span){random + 1, 32};
        assert_false(key_exchange_proves(&other, by[who].certificate));
        other = k;
        other.on_curve = !k.on_curve;
        assert_false(key_exchange_proves(&other, by[who].certificate));
        other = k;
        for (other.body.length = 0; other.body.length < k.body.length; other.body.length++) {
            assert_false(key_exchange_proves(&other, by[who].certificate));
        }
        body.data[4] ^= 1; /* another key, or another length */
        assert_false(key_exchange_proves(&k, by[who].certificate));
        octets_free(&body);
    }
    for (int i = 0; i < 3; i++) {
        free_identity(&by[i]);
    }
    EVP_PKEY_free(rsa);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_and_in_pieces),
        cmocka_unit_test(what_libssl_takes_is_left_to_it),
        cmocka_unit_test(what_ends_it),
        cmocka_unit_test(proofs),
    };
    return cmocka_run_group_tests_name("clear flight", tests, NULL, NULL);
}
