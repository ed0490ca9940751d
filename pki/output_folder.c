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

#include "harness/base/memory.h"
#include "pki/crypto_problem.h"
#include "pki/files.h"
#include "pki/manifest.h"

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int output_folder_check(const char *path, problem *p)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return errno == ENOENT ? 0 : problem_fail(p, "%s: %s", path, strerror(errno));
    }
    const struct dirent *found;
    do {
        found = readdir(folder);
    } while (found != NULL && is_dot(found->d_name));
    bool empty = found == NULL;
    closedir(folder);
    return empty ? 0
                 : problem_fail(p,
                                "%s: the folder is not empty (accepted: a new name, or an "
                                "empty folder)",
                                path);
}

static int write_file(int folder, const char *name, mode_t mode, const char *data, size_t size,
                      problem *p)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        return problem_fail(p, "%s: %s", name, strerror(errno));
    }
    return files_fill(fd, name, data, size, p);
}

/* Which certificates of a path go into a file. */
enum { ITSELF = 1, INTERMEDIATES = 2, ROOT = 4 };

static bool append_path(BIO *bio, const hierarchy *h, size_t i, int which)
{
    const pki_entry *entries = h->described->entries;
    bool ok = (which & ITSELF) == 0 || PEM_write_bio_X509(bio, h->minted[i].certificate);
    while (ok && entries[i].issuer != i) {
        i = entries[i].issuer;
        int kind = entries[i].issuer == i ? ROOT : INTERMEDIATES;
        ok = (which & kind) == 0 || PEM_write_bio_X509(bio, h->minted[i].certificate);
    }
    return ok;
}

static int write_certificates(int folder, const hierarchy *h, size_t i, const char *suffix,
                              int which, problem *p)
{
    char name[MANIFEST_FILE_NAME_SIZE];
    char *data;
    int status = -1;
    BIO *bio = memory_made(BIO_new(BIO_s_mem()));
    if (!append_path(bio, h, i, which)) {
        crypto_problem_fail(p, "writing a certificate as PEM");
        goto done;
    }
    manifest_file_name(&h->described->entries[i], suffix, name);
    long size = BIO_get_mem_data(bio, &data);
    status = write_file(folder, name, 0644, data, (size_t)size, p);

done:
    BIO_free(bio);
    return status;
}

static int write_entry(int folder, const hierarchy *h, size_t i, problem *p)
{
    const pki_entry *described = &h->described->entries[i];
    const char *key = h->minted[i].key.pem;
    char name[MANIFEST_FILE_NAME_SIZE];

    manifest_file_name(described, MANIFEST_SUFFIX_KEY, name);
    if (write_certificates(folder, h, i, MANIFEST_SUFFIX_CERTIFICATE, ITSELF, p) != 0 ||
        write_file(folder, name, 0600, key, strlen(key), p) != 0) {
        return -1;
    }
    if (described->role != PKI_LEAF) {
        return 0;
    }
    if (write_certificates(folder, h, i, MANIFEST_SUFFIX_CHAIN, ITSELF | INTERMEDIATES, p) != 0 ||
        write_certificates(folder, h, i, MANIFEST_SUFFIX_TRUSTED, INTERMEDIATES | ROOT, p) != 0) {
        return -1;
    }
    return 0;
}

static int write_manifest(int folder, const description *d, problem *p)
{
    json_t *manifest = manifest_new(d);
    char *text = json_dumps(manifest, JSON_INDENT(2));
    int status = write_file(folder, "manifest.json", 0644, text, strlen(text), p);
    free(text);
    json_decref(manifest);
    return status;
}

static int write_all(int folder, const hierarchy *h, problem *p)
{
    for (size_t i = 0; i < h->described->count; i++) {
        if (write_entry(folder, h, i, p) != 0) {
            return -1;
        }
    }
    return write_manifest(folder, h->described, p);
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
static int sibling_name(const char *path, char out[PATH_MAX], problem *p)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') {
        n--;
    }
    if (snprintf(out, PATH_MAX, "%.*s.XXXXXX", (int)n, path) >= PATH_MAX) {
        return problem_fail(p, "%s: %s", path, strerror(ENAMETOOLONG));
    }
    return 0;
}

static int write_sibling(const hierarchy *h, char *sibling, const char *path, problem *p)
{
    if (mkdtemp(sibling) == NULL) {
        return problem_fail(p, "%s: %s", path, strerror(errno));
    }
    int folder = open(sibling, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        problem_fail(p, "%s: %s", sibling, strerror(errno));
        rmdir(sibling);
        return -1;
    }
    if (write_all(folder, h, p) != 0) {
        take_back(folder, sibling);
        return -1;
    }
    if (rename(sibling, path) != 0) {
        problem_fail(p, "%s: %s", path, strerror(errno));
        take_back(folder, sibling);
        return -1;
    }
    close(folder);
    return 0;
}

int output_folder_write(const hierarchy *h, const char *path, problem *p)
{
    char sibling[PATH_MAX];
    sigset_t before;
    if (output_folder_check(path, p) != 0 || sibling_name(path, sibling, p) != 0) {
        return -1;
    }
    files_hold_signals(&before);
    int status = write_sibling(h, sibling, path, p);
    files_release_signals(&before);
    return status;
}
