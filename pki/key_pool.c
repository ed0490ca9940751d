/* A key is made under a name of its own and then linked to its place: link(2) never replaces, so
 * of several mints that race the first one's key stands and the others take that one. */
#include "pki/key_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/memory.h"
#include "pki/files.h"

#define KEY_FILE_MAX 16384

/* Asks for exactly one form, unencrypted PKCS #8: that is four times as quick as letting libcrypto
 * find out, and it never asks the terminal for a passphrase. */
static EVP_PKEY *decode(const char *pem)
{
    EVP_PKEY *pkey = NULL;
    const unsigned char *data = (const unsigned char *)pem;
    size_t size = strlen(pem);
    OSSL_DECODER_CTX *decoder = memory_made(OSSL_DECODER_CTX_new_for_pkey(
        &pkey, "PEM", "PrivateKeyInfo", "RSA", EVP_PKEY_KEYPAIR, NULL, NULL));
    OSSL_DECODER_from_data(decoder, &data, &size);
    OSSL_DECODER_CTX_free(decoder);
    ERR_clear_error();
    return pkey;
}

/* *found is false when there is no such file. 0, or -1 with *p. */
static int take_existing(const char *path, private_key *out, bool *found, problem *p)
{
    size_t size;
    if (files_read(path, KEY_FILE_MAX, &out->pem, &size, found, p) != 0) {
        return *found ? -1 : 0;
    }
    out->pkey = decode(out->pem);
    if (out->pkey == NULL || EVP_PKEY_get_bits(out->pkey) != 2048) {
        private_key_clear(out);
        return problem_fail(p,
                            "%s holds no RSA key of 2048 bits as PEM without a passphrase; remove "
                            "it and a new one is made",
                            path);
    }
    return 0;
}

/* Puts the text of *key at `path` unless something is there already. 0, or -1 with *p. */
static int publish(const char *path, const private_key *key, problem *p)
{
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary)) {
        return problem_fail(p, "%s: %s", path, strerror(ENAMETOOLONG));
    }

    int status = -1;
    sigset_t before;
    files_hold_signals(&before);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        problem_fail(p, "%s: %s", temporary, strerror(errno));
    } else if (files_fill(fd, temporary, key->pem, strlen(key->pem), p) == 0) {
        if (link(temporary, path) == 0 || errno == EEXIST) {
            status = 0;
        } else {
            problem_fail(p, "%s: %s", path, strerror(errno));
        }
    }
    if (fd >= 0) {
        unlink(temporary);
    }
    files_release_signals(&before);
    return status;
}

/* Makes the key that is missing at `path`, unless another mint is quicker. 0, or -1 with *p. */
static int add(const key_pool *pool, const char *path, problem *p)
{
    private_key made;
    if (mkdir(pool->folder, 0700) != 0 && errno != EEXIST) {
        return problem_fail(p, "%s: %s", pool->folder, strerror(errno));
    }
    if (private_key_generate(PKI_KEY_RSA2048, &made, p) != 0) {
        return -1;
    }
    int status = publish(path, &made, p);
    private_key_clear(&made);
    return status;
}

static int take_next(key_pool *pool, private_key *out, problem *p)
{
    char path[PATH_MAX];
    bool found;
    if (snprintf(path, sizeof(path), "%s/rsa2048-%02u.pem", pool->folder, pool->taken + 1) >=
        (int)sizeof(path)) {
        return problem_fail(p, "%s: %s", pool->folder, strerror(ENAMETOOLONG));
    }
    if (take_existing(path, out, &found, p) != 0) {
        return -1;
    }
    if (!found && (add(pool, path, p) != 0 || take_existing(path, out, &found, p) != 0)) {
        return -1;
    }
    if (!found) {
        return problem_fail(p, "%s was removed while it was being made", path);
    }
    pool->taken++;
    return 0;
}

int key_pool_make(key_pool *pool, pki_key_type type, private_key *out, problem *p)
{
    *out = (private_key){0};
    if (type == PKI_KEY_RSA2048 && pool->folder != NULL) {
        return take_next(pool, out, p);
    }
    return private_key_generate(type, out, p);
}
