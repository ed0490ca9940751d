/* rename(2) is what makes the folder appear at once; it replaces an empty folder, never a full
 * one. */
#include "pki/output_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pki/files.h"
#include "pki/manifest.h"

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int output_folder_check(const char *path, mint_error *e)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return errno == ENOENT ? 0 : mint_fail(e, "%s: %s", path, strerror(errno));
    }
    const struct dirent *found;
    do {
        found = readdir(folder);
    } while (found != NULL && is_dot(found->d_name));
    int empty = found == NULL;
    closedir(folder);
    return empty ? 0
                 : mint_fail(e,
                             "%s: the folder is not empty (accepted: a new name, or an "
                             "empty folder)",
                             path);
}

static int write_file(int folder, const char *name, mode_t mode, const char *data, size_t size,
                      mint_error *e)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        return mint_fail(e, "%s: %s", name, strerror(errno));
    }
    return file_fill(fd, name, data, size, e);
}

/* Which certificates of a path go into a file. */
enum { ITSELF = 1, INTERMEDIATES = 2, ROOT = 4 };

static int append_path(BIO *bio, const hierarchy *h, size_t i, int which)
{
    const entry *entries = h->described->entries;
    int ok = (which & ITSELF) == 0 || PEM_write_bio_X509(bio, h->minted[i].certificate);
    while (ok && entries[i].issuer != i) {
        i = entries[i].issuer;
        int kind = entries[i].issuer == i ? ROOT : INTERMEDIATES;
        ok = (which & kind) == 0 || PEM_write_bio_X509(bio, h->minted[i].certificate);
    }
    return ok;
}

static int write_certificates(int folder, const hierarchy *h, size_t i, const char *suffix,
                              int which, mint_error *e)
{
    char name[FILE_NAME_SIZE];
    char *data;
    int status = -1;
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL || !append_path(bio, h, i, which)) {
        mint_fail_crypto(e, "writing a certificate as PEM");
        goto done;
    }
    file_name(&h->described->entries[i], suffix, name);
    long size = BIO_get_mem_data(bio, &data);
    status = write_file(folder, name, 0644, data, (size_t)size, e);

done:
    BIO_free(bio);
    return status;
}

static int write_entry(int folder, const hierarchy *h, size_t i, mint_error *e)
{
    const entry *described = &h->described->entries[i];
    const char *key = h->minted[i].key.pem;
    char name[FILE_NAME_SIZE];

    file_name(described, SUFFIX_KEY, name);
    if (write_certificates(folder, h, i, SUFFIX_CERTIFICATE, ITSELF, e) != 0 ||
        write_file(folder, name, 0600, key, strlen(key), e) != 0) {
        return -1;
    }
    if (described->role != ROLE_LEAF) {
        return 0;
    }
    if (write_certificates(folder, h, i, SUFFIX_CHAIN, ITSELF | INTERMEDIATES, e) != 0 ||
        write_certificates(folder, h, i, SUFFIX_TRUSTED, INTERMEDIATES | ROOT, e) != 0) {
        return -1;
    }
    return 0;
}

static int write_manifest(int folder, const description *d, mint_error *e)
{
    json_t *manifest = manifest_new(d);
    char *text = manifest != NULL ? json_dumps(manifest, JSON_INDENT(2)) : NULL;
    int status = text != NULL ? write_file(folder, "manifest.json", 0644, text, strlen(text), e)
                              : mint_fail(e, "out of memory");
    free(text);
    json_decref(manifest);
    return status;
}

static int write_all(int folder, const hierarchy *h, mint_error *e)
{
    for (size_t i = 0; i < h->described->count; i++) {
        if (write_entry(folder, h, i, e) != 0) {
            return -1;
        }
    }
    return write_manifest(folder, h->described, e);
}

/* Removes the folder and its files: there are no folders in it. Takes over the descriptor. */
static void take_back(int folder, const char *path)
{
    DIR *listing = fdopendir(folder);
    if (listing == NULL) {
        close(folder);
        return;
    }
    const struct dirent *found;
    while ((found = readdir(listing)) != NULL) {
        if (!is_dot(found->d_name)) {
            unlinkat(folder, found->d_name, 0);
        }
    }
    closedir(listing);
    rmdir(path);
}

/* A sibling is what rename(2) can move to `path`: "a/b/" becomes "a/b.XXXXXX". */
static int sibling_name(const char *path, char out[PATH_MAX], mint_error *e)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') {
        n--;
    }
    if (snprintf(out, PATH_MAX, "%.*s.XXXXXX", (int)n, path) >= PATH_MAX) {
        return mint_fail(e, "%s: %s", path, strerror(ENAMETOOLONG));
    }
    return 0;
}

static int write_sibling(const hierarchy *h, char *sibling, const char *path, mint_error *e)
{
    if (mkdtemp(sibling) == NULL) {
        return mint_fail(e, "%s: %s", path, strerror(errno));
    }
    int folder = open(sibling, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        mint_fail(e, "%s: %s", sibling, strerror(errno));
        rmdir(sibling);
        return -1;
    }
    if (write_all(folder, h, e) != 0) {
        take_back(folder, sibling);
        return -1;
    }
    if (rename(sibling, path) != 0) {
        mint_fail(e, "%s: %s", path, strerror(errno));
        take_back(folder, sibling);
        return -1;
    }
    close(folder);
    return 0;
}

int output_folder_write(const hierarchy *h, const char *path, mint_error *e)
{
    char sibling[PATH_MAX];
    sigset_t before;
    if (output_folder_check(path, e) != 0 || sibling_name(path, sibling, e) != 0) {
        return -1;
    }
    signals_hold(&before);
    int status = write_sibling(h, sibling, path, e);
    signals_release(&before);
    return status;
}
