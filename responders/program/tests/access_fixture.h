/* The fake program with a token for its control API. */
#ifndef STAPLELAB_ACCESS_FIXTURE_H
#define STAPLELAB_ACCESS_FIXTURE_H

#include "responders/program/tests/http_fixture.h"
#include "responders/program/tests/process_fixture.h"

#include <sys/stat.h>

#define TOKEN "0123456789abcdef-._~+/="

static inline void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0640), 0);
}

/* Starts it on `control` (NULL: its Unix socket) with a token file that holds `token`. */
static inline void start_with(process *p, const char *where, const char *token)
{
    char path[96];

    process_folder(p);
    snprintf(path, sizeof(path), "%s/token", p->folder);
    write_file(path, token);
    if (where != NULL) {
        snprintf(p->address, sizeof(p->address), "%s", where);
    }
    process_start(p, "--control-token-file", path);
    unlink(path);
}

static inline int control_port(const process *p)
{
    const char *where = json_string_value(json_object_get(p->ready, "control"));
    int port = 0;

    assert_int_equal(sscanf(where, "tcp:127.0.0.1:%d", &port), 1);
    return port;
}

static inline void assert_status(int fd, const char *authorization, int status, response *a)
{
    char header[160] = "";

    if (authorization != NULL) {
        snprintf(header, sizeof(header), "Authorization: %s\r\n", authorization);
    }
    http_ask_with(fd, "GET", "/v1/rules", header, NULL);
    http_hear(fd, a, false);
    if (a->status != status) {
        fail_msg("%s: %d", authorization == NULL ? "without" : authorization, a->status);
    }
}

#endif
