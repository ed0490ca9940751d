/*
 * The fake program as a process of its own, in a folder of its own: started, heard, ended.
 * Ending it well is part of every test: status 0, nothing on stderr (where a sanitizer
 * would complain), nothing left in the folder.
 */
#ifndef STAPLELAB_PROCESS_FIXTURE_H
#define STAPLELAB_PROCESS_FIXTURE_H

#include "harness/base/tests/cm.h"

#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "responders/program/tests/fake_program.h"

#define ARGUMENTS_MAX 16
#define LIFE_SECONDS  60

typedef struct {
    pid_t pid;
    int out, err;      /* ends of pipes */
    char folder[64];   /* empty at start and at the end */
    char path[96];     /* of the control socket */
    char address[112]; /* "unix:" path */
    json_t *ready;
} process;

static inline void process_folder(process *p)
{
    memset(p, 0, sizeof(*p));
    strcpy(p->folder, "/tmp/staplelab-test-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->path, sizeof(p->path), "%s/control", p->folder);
    snprintf(p->address, sizeof(p->address), "unix:%s", p->path);
}

/* Starts it with these arguments (ends with NULL). */
static inline void process_spawn(process *p, const char *const *arguments)
{
    int out[2], err[2];

    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(err), 0);
    fflush(NULL);
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0) {
        char *argv[ARGUMENTS_MAX] = {(char *)"fake-program"};
        int argc = 1;

        /* A test that failed leaves nobody behind, and does not wait for ever. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(LIFE_SECONDS);
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        close(out[0]);
        close(out[1]);
        close(err[0]);
        close(err[1]);
        while (arguments[argc - 1] != NULL && argc < ARGUMENTS_MAX - 1) {
            argv[argc] = (char *)arguments[argc - 1];
            argc++;
        }
        exit(fake_run(argc, argv));
    }
    close(out[1]);
    close(err[1]);
    p->out = out[0];
    p->err = err[0];
}

/* Starts it on a free port with its control API on a Unix socket, and hears the ready line. */
static inline void process_start(process *p, const char *extra, const char *value)
{
    const char *const arguments[] = {
        "--listen", "web=127.0.0.1:0", "--control", p->address, extra, extra == NULL ? NULL : value,
        NULL};
    char line[1024];
    size_t length = 0;

    process_spawn(p, arguments);
    while (length < sizeof(line) - 1 && read(p->out, line + length, 1) == 1 &&
           line[length] != '\n') {
        length++;
    }
    line[length] = '\0';
    p->ready = json_loads(line, 0, NULL);
    if (p->ready == NULL) {
        fail_msg("not a ready line: \"%s\"", line);
    }
}

static inline int process_port(const process *p)
{
    json_t *listener = json_array_get(json_object_get(p->ready, "listeners"), 0);

    return (int)json_integer_value(json_object_get(listener, "port"));
}

/* Reads a pipe to its end. */
static inline void process_read(int fd, char *out, size_t size)
{
    size_t length = 0;
    ssize_t n;

    while (length < size - 1 && (n = read(fd, out + length, size - 1 - length)) > 0) {
        length += (size_t)n;
    }
    out[length] = '\0';
}

/* Waits for its end; returns the exit status, with what it said. */
static inline int process_wait(process *p, char *out, size_t nout, char *err, size_t nerr)
{
    int status = 0;

    process_read(p->out, out, nout);
    process_read(p->err, err, nerr);
    close(p->out);
    close(p->err);
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    assert_true(WIFEXITED(status));
    json_decref(p->ready);
    p->ready = NULL;
    return WEXITSTATUS(status);
}

static inline void process_remove_folder(const process *p)
{
    if (rmdir(p->folder) != 0) {
        fail_msg("something was left in %s", p->folder);
    }
}

/* Ends it by SIGTERM, as it should. */
static inline void process_stop(process *p)
{
    char out[256], err[4096];
    int status;

    kill(p->pid, SIGTERM);
    status = process_wait(p, out, sizeof(out), err, sizeof(err));
    assert_string_equal(err, "");
    assert_string_equal(out, "");
    assert_int_equal(status, 0);
    process_remove_folder(p);
}

/* Holds it still, so that what is sent meanwhile is all there at once when it goes on. */
static inline void process_pause(const process *p)
{
    int status = 0;

    kill(p->pid, SIGSTOP);
    assert_int_equal(waitpid(p->pid, &status, WUNTRACED), p->pid);
    assert_true(WIFSTOPPED(status));
}

static inline void process_resume(const process *p)
{
    kill(p->pid, SIGCONT);
}

/* How many descriptors it has open. */
static inline int process_descriptors(const process *p)
{
    char path[64];
    DIR *folder;
    int n = 0;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)p->pid);
    folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        n++;
    }
    closedir(folder);
    return n;
}

#endif
