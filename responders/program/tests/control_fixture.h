/*
 * The fake program with one connection to its control API, for a whole test.
 */
#ifndef STAPLELAB_CONTROL_FIXTURE_H
#define STAPLELAB_CONTROL_FIXTURE_H

#include "responders/program/tests/http_fixture.h"
#include "responders/program/tests/process_fixture.h"

typedef struct {
    process process;
    int fd;
    response a;
} control_fixture;

static inline int fixture_start(void **state)
{
    control_fixture *f = calloc(1, sizeof(*f));

    process_folder(&f->process);
    process_start(&f->process, NULL, NULL);
    f->fd = connect_unix(f->process.path);
    *state = f;
    return 0;
}

static inline int fixture_stop(void **state)
{
    control_fixture *f = *state;

    response_clear(&f->a);
    close(f->fd);
    process_stop(&f->process);
    free(f);
    return 0;
}

#endif
