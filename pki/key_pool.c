/* A key is made under a name of its own and then linked to its place: link(2) never replaces, so
 * of several mints that race the first one's key stands and the others take that one. */
#include "pki/key_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki/files.h"

#define KEY_FILE_MAX 16384

/* Asks for exactly one form, unencrypted PKCS #8: that is four times as quick as letting libcrypto
 * find out, and it never asks the terminal for a passphrase. */
static EVP_PKEY *decode(const char *pem)
{
    EVP_PKEY *pkey = NULL;
    const unsigned char *data = (const unsigned char *)pem;
    size_t size = strlen(pem);
    OSSL_DECODER_CTX *decoder = OSSL_DECODER_CTX_new_for_pkey(&pkey, "PEM", "PrivateKeyInfo", "RSA",
                                                              EVP_PKEY_KEYPAIR, NULL, NULL);
    if (decoder != NULL) {
        OSSL_DECODER_from_data(decoder, &data, &size);
    }
    OSSL_DECODER_CTX_free(decoder);
    ERR_clear_error();
    return pkey;
}

static int parse(const char *path, private_key *out, mint_error *e)
{
    out->pkey = decode(out->pem);
    if (out->pkey == NULL || EVP_PKEY_get_bits(out->pkey) != 2048) {
        return mint_fail(e,
                         "%s holds no RSA key of 2048 bits as PEM without a passphrase; remove "
                         "it and a new one is made",
                         path);
    }
    return 0;
}

/* 1: taken, 0: there is no such file, -1: *e. */
static int take_existing(const char *path, private_key *out, mint_error *e)
{
    size_t size;
    if (file_read(path, KEY_FILE_MAX, &out->pem, &size, e) != 0) {
        return errno == ENOENT ? 0 : -1;
    }
    if (parse(path, out, e) != 0) {
        private_key_clear(out);
        return -1;
    }
    return 1;
}

/* Puts the text of *key at `path` unless something is there already. 0, or -1 with *e. */
static int publish(const char *path, const private_key *key, mint_error *e)
{
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary)) {
        return mint_fail(e, "%s: %s", path, strerror(ENAMETOOLONG));
    }

    int status = -1;
    sigset_t before;
    signals_hold(&before);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        mint_fail(e, "%s: %s", temporary, strerror(errno));
    } else if (file_fill(fd, temporary, key->pem, strlen(key->pem), e) == 0) {
        if (link(temporary, path) == 0 || errno == EEXIST) {
            status = 0;
        } else {
            mint_fail(e, "%s: %s", path, strerror(errno));
        }
    }
    if (fd >= 0) {
        unlink(temporary);
    }
    signals_release(&before);
    return status;
}

int key_pool_take(key_pool *pool, private_key *out, mint_error *e)
{
    char path[PATH_MAX];
    *out = (private_key){0};
    if (snprintf(path, sizeof(path), "%s/rsa2048-%02u.pem", pool->folder, pool->taken + 1) >=
        (int)sizeof(path)) {
        return mint_fail(e, "%s: %s", pool->folder, strerror(ENAMETOOLONG));
    }

    int found = take_existing(path, out, e);
    if (found == 0) {
        private_key made;
        if (mkdir(pool->folder, 0700) != 0 && errno != EEXIST) {
            return mint_fail(e, "%s: %s", pool->folder, strerror(errno));
        }
        if (private_key_generate(KEY_RSA2048, &made, e) != 0) {
            return -1;
        }
        int published = publish(path, &made, e);
        private_key_clear(&made);
        if (published != 0) {
            return -1;
        }
        found = take_existing(path, out, e);
    }
    if (found != 1) {
        return found == 0 ? mint_fail(e, "%s was removed while it was being made", path) : -1;
    }
    pool->taken++;
    return 0;
}
