/*
 * What the tests of this folder share: descriptions written with ' for ", and a folder for files
 * that is gone afterwards.
 */
#ifndef STAPLELAB_PKI_TESTS_SCRATCH_H
#define STAPLELAB_PKI_TESTS_SCRATCH_H

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "pki/description.h"

#define NOW 1893456000 /* 2030-01-01 00:00:00 UTC */

#define UNUSED __attribute__((unused))

static UNUSED json_t *quoted(const char *text)
{
    json_error_t error;
    char *copy = strdup(text);
    for (char *c = copy; *c != '\0'; c++) {
        if (*c == '\'') {
            *c = '"';
        }
    }
    json_t *json = json_loads(copy, JSON_DECODE_ANY, &error);
    if (json == NULL) {
        fail_msg("%s in %s", error.text, copy);
    }
    free(copy);
    return json;
}

/* A problem as pki-mint shows it: where, and what. */
static UNUSED const char *told(const problem *p)
{
    static char text[sizeof(p->pointer) + sizeof(p->detail) + 2];
    snprintf(text, sizeof(text), "%s%s%s", p->pointer, p->pointer[0] == '\0' ? "" : ": ",
             p->detail);
    return text;
}

/* A description that must be accepted. */
static UNUSED description *described(const char *text)
{
    problem p = {0};
    json_t *json = quoted(text);
    json_t *settings = json_object();
    description *d = NULL;
    int status = description_new(json, settings, NOW, &d, &p);
    json_decref(settings);
    json_decref(json);
    if (status != 0) {
        fail_msg("refused: %s", told(&p));
    }
    return d;
}

typedef struct {
    char path[64];
} scratch;

static UNUSED void scratch_make(scratch *s)
{
    strcpy(s->path, "/tmp/staplelab-test-XXXXXX");
    assert_non_null(mkdtemp(s->path));
}

/* Writes "FOLDER/name" into one of a few buffers, to be used before four more are. */
static UNUSED const char *scratch_path(const scratch *s, const char *name)
{
    static char paths[4][160];
    static size_t next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", s->path, name);
    return path;
}

static UNUSED size_t entries_in(const char *path)
{
    size_t n = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *found; (found = readdir(folder)) != NULL;) {
        n += strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0;
    }
    closedir(folder);
    return n;
}

static UNUSED mode_t mode_of(const char *path)
{
    struct stat found;
    assert_int_equal(lstat(path, &found), 0);
    return found.st_mode & 07777;
}

static UNUSED void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

/* The whole of a file, to be freed. */
static UNUSED char *read_text(const char *path)
{
    char *text = calloc(1, 65536);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_true(fread(text, 1, 65535, f) < 65535);
    fclose(f);
    return text;
}

/* Removes the folder with its files and its folders of files. */
static UNUSED void scratch_remove(const char *path)
{
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *found; (found = readdir(folder)) != NULL;) {
        char inside[512];
        if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0) {
            continue;
        }
        snprintf(inside, sizeof(inside), "%.200s/%s", path, found->d_name);
        if (unlink(inside) != 0) {
            scratch_remove(inside);
        }
    }
    closedir(folder);
    assert_int_equal(rmdir(path), 0);
}

#endif
