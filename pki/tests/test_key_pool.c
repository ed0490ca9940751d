/* Keys, and the pool that saves making RSA keys again and again. */
#include "pki/tests/scratch.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <sys/wait.h>

#include "pki/hierarchy.h"
#include "pki/key_pool.h"

static int make(void **state)
{
    static scratch s;
    scratch_make(&s);
    *state = &s;
    return 0;
}

static int drop(void **state)
{
    scratch_remove(((scratch *)*state)->path);
    return 0;
}

static void a_key_is_written_as_pkcs8(void **state)
{
    (void)state;
    for (pki_key_type type = PKI_KEY_P256; type <= PKI_KEY_ED25519; type++) {
        problem p;
        key_pool none = {0};
        private_key key;
        assert_int_equal(key_pool_make(&none, type, &key, &p), 0);
        assert_memory_equal(key.pem, "-----BEGIN PRIVATE KEY-----\n", 28);
        BIO *bio = BIO_new_mem_buf(key.pem, -1);
        EVP_PKEY *again = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        BIO_free(bio);
        assert_int_equal(EVP_PKEY_eq(again, key.pkey), 1);
        EVP_PKEY_free(again);
        private_key_clear(&key);
        assert_null(key.pkey);
        assert_null(key.pem);
    }
}

static void the_pool_gives_its_keys_in_order_and_again(void **state)
{
    const scratch *s = *state;
    problem p;
    private_key first[2];
    key_pool pool = {.folder = scratch_path(s, "pool")};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(key_pool_make(&pool, PKI_KEY_RSA2048, &first[i], &p), 0);
    }
    assert_string_not_equal(first[0].pem, first[1].pem);
    assert_int_equal(mode_of(scratch_path(s, "pool")), 0700);
    assert_int_equal(mode_of(scratch_path(s, "pool/rsa2048-01.pem")), 0600);
    assert_int_equal(mode_of(scratch_path(s, "pool/rsa2048-02.pem")), 0600);
    assert_int_equal(entries_in(scratch_path(s, "pool")), 2);
    char *text = read_text(scratch_path(s, "pool/rsa2048-02.pem"));
    assert_string_equal(text, first[1].pem);
    free(text);

    key_pool next = {.folder = scratch_path(s, "pool")};
    for (size_t i = 0; i < 2; i++) {
        private_key again;
        assert_int_equal(key_pool_make(&next, PKI_KEY_RSA2048, &again, &p), 0);
        assert_string_equal(again.pem, first[i].pem);
        assert_int_equal(EVP_PKEY_eq(again.pkey, first[i].pkey), 1);
        private_key_clear(&again);
        private_key_clear(&first[i]);
    }
}

static void only_rsa_keys_come_from_the_pool(void **state)
{
    const scratch *s = *state;
    problem p;
    private_key key;
    key_pool pool = {.folder = scratch_path(s, "untouched")};
    assert_int_equal(key_pool_make(&pool, PKI_KEY_P256, &key, &p), 0);
    private_key_clear(&key);
    assert_int_equal(access(pool.folder, F_OK), -1);
}

/* The children start together when the pipe closes; whoever is first, all have one key. */
static void racing_mints_get_the_same_key(void **state)
{
    enum { RACERS = 4 };
    const scratch *s = *state;
    const char *folder = scratch_path(s, "raced");
    int start[2];
    pid_t racers[RACERS];
    assert_int_equal(pipe(start), 0);
    for (size_t i = 0; i < RACERS; i++) {
        racers[i] = fork();
        assert_true(racers[i] >= 0);
        if (racers[i] == 0) {
            problem p;
            char wait;
            private_key key;
            char name[32];
            key_pool pool = {.folder = folder};
            close(start[1]);
            if (read(start[0], &wait, 1) != 0 ||
                key_pool_make(&pool, PKI_KEY_RSA2048, &key, &p) != 0) {
                _exit(1);
            }
            snprintf(name, sizeof(name), "racer-%zu", i);
            write_text(scratch_path(s, name), key.pem);
            _exit(0);
        }
    }
    close(start[0]);
    close(start[1]);
    char *kept = NULL;
    for (size_t i = 0; i < RACERS; i++) {
        int status;
        assert_int_equal(waitpid(racers[i], &status, 0), racers[i]);
        assert_int_equal(status, 0);
    }
    kept = read_text(scratch_path(s, "raced/rsa2048-01.pem"));
    for (size_t i = 0; i < RACERS; i++) {
        char name[32];
        snprintf(name, sizeof(name), "racer-%zu", i);
        char *got = read_text(scratch_path(s, name));
        assert_string_equal(got, kept);
        free(got);
    }
    free(kept);
    assert_int_equal(entries_in(scratch_path(s, "raced")), 1);
}

/* A P-256 key, an RSA key that is too short or has a passphrase, and no key at all. */
static void what_is_no_rsa_2048_key_is_named_and_kept(void **state)
{
    const scratch *s = *state;
    const char *path = scratch_path(s, "rsa2048-01.pem");
    for (int kind = 0; kind < 4; kind++) {
        problem p = {0};
        private_key key;
        key_pool pool = {.folder = s->path};
        if (kind == 0) {
            write_text(path, "no key\n");
        } else {
            EVP_PKEY *wrong =
                kind == 1 ? EVP_EC_gen("P-256") : EVP_RSA_gen(kind == 2 ? 1024 : 2048);
            const char *secret = kind == 3 ? "secret" : NULL;
            FILE *f = fopen(path, "w");
            assert_int_equal(PEM_write_PKCS8PrivateKey(f, wrong, secret ? EVP_aes_128_cbc() : NULL,
                                                       secret, secret ? 6 : 0, NULL, NULL),
                             1);
            fclose(f);
            EVP_PKEY_free(wrong);
        }
        char *before = read_text(path);
        assert_int_equal(key_pool_make(&pool, PKI_KEY_RSA2048, &key, &p), -1);
        assert_int_equal(p.status, 500);
        assert_non_null(strstr(told(&p), "rsa2048-01.pem holds no RSA key of 2048 bits"));
        assert_null(key.pkey);
        assert_null(key.pem);
        char *after = read_text(path);
        assert_string_equal(before, after);
        free(before);
        free(after);
    }
    assert_int_equal(unlink(path), 0);
}

static void a_pool_that_cannot_be_is_an_error(void **state)
{
    const scratch *s = *state;
    problem p = {0};
    private_key key;
    key_pool missing = {.folder = scratch_path(s, "no/such")};
    assert_int_equal(key_pool_make(&missing, PKI_KEY_RSA2048, &key, &p), -1);
    assert_non_null(strstr(told(&p), "no/such: No such file or directory"));
    write_text(scratch_path(s, "file"), "");
    key_pool file = {.folder = scratch_path(s, "file")};
    assert_int_equal(key_pool_make(&file, PKI_KEY_RSA2048, &key, &p), -1);
    assert_non_null(strstr(told(&p), "file/rsa2048-01.pem: Not a directory"));
}

static void a_type_that_is_none_is_an_error(void **state)
{
    (void)state;
    problem p = {0};
    private_key key;
    assert_int_equal(private_key_generate((pki_key_type)99, &key, &p), -1);
    assert_int_equal(p.status, 500);
    assert_non_null(strstr(p.detail, "making a key: "));
    assert_null(key.pkey);
    assert_null(key.pem);
}

/* The root has a key by then. */
static void a_hierarchy_that_fails_is_empty(void **state)
{
    const scratch *s = *state;
    problem p = {0};
    key_pool pool = {.folder = scratch_path(s, "no/such")};
    hierarchy h;
    description *d =
        described("{'name': 'x', 'authorities': [{'id': 'r', 'subject': 'R', 'key': 'p256'},"
                  " {'id': 'ca', 'issuer': 'r', 'subject': 'C', 'key': 'rsa2048'}]}");
    assert_int_equal(hierarchy_mint(d, &pool, &h, &p), -1);
    assert_non_null(strstr(p.detail, "no/such: No such file or directory"));
    assert_null(h.minted);
    hierarchy_clear(&h);
    description_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_written_as_pkcs8),
        cmocka_unit_test(the_pool_gives_its_keys_in_order_and_again),
        cmocka_unit_test(only_rsa_keys_come_from_the_pool),
        cmocka_unit_test(racing_mints_get_the_same_key),
        cmocka_unit_test(what_is_no_rsa_2048_key_is_named_and_kept),
        cmocka_unit_test(a_pool_that_cannot_be_is_an_error),
        cmocka_unit_test(a_type_that_is_none_is_an_error),
        cmocka_unit_test(a_hierarchy_that_fails_is_empty),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
