/*
 * getaddrinfo() knows no bound. It is called in a thread of its own, which is left alone when the
 * time is over: what it works with belongs to whoever is the last to be done with it.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/memory.h"
#include "harness/clients/resolve.h"

typedef struct {
    char *host;
    char *port;
    int done; /* an eventfd */
    int rc;
    int failure; /* errno, for EAI_SYSTEM */
    struct addrinfo *addresses;
    atomic_int holders;
} question;

static void let_go(question *q)
{
    if (atomic_fetch_sub(&q->holders, 1) > 1) {
        return;
    }
    if (q->addresses != NULL) {
        freeaddrinfo(q->addresses);
    }
    if (q->done != -1) {
        close(q->done);
    }
    free(q->host);
    free(q->port);
    free(q);
}

static void *ask(void *arg)
{
    question *q = arg;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    q->rc = getaddrinfo(q->host, q->port, &hints, &q->addresses);
    q->failure = errno;
    if (q->rc != 0) {
        q->addresses = NULL;
    }
    eventfd_write(q->done, 1);
    let_go(q);
    return NULL;
}

static int cannot(int rc, int failure, problem *p)
{
    return problem_fail(p, "the host name cannot be resolved: %s",
                        rc == EAI_SYSTEM ? strerror(failure) : gai_strerror(rc));
}

static int ask_within(bound *b, question *q, struct addrinfo **out, problem *p)
{
    pthread_t thread;
    problem why;
    if (q->done == -1) {
        return cannot(EAI_SYSTEM, errno, p);
    }
    atomic_store(&q->holders, 2);
    int rc = pthread_create(&thread, NULL, ask, q);
    if (rc != 0) {
        atomic_store(&q->holders, 1);
        return cannot(EAI_SYSTEM, rc, p);
    }
    pthread_detach(thread);
    if (bound_wait(b, q->done, POLLIN, &why) != 0) {
        problem_set(p, why.status, "", "the host name cannot be resolved: %s", why.detail);
        return -1;
    }
    if (q->rc != 0) {
        return cannot(q->rc, q->failure, p);
    }
    *out = q->addresses;
    q->addresses = NULL;
    return 0;
}

int resolve_within(bound *b, const char *host, const char *port, struct addrinfo **out, problem *p)
{
    /* an address first: a name costs the loading of the resolver */
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    int rc = getaddrinfo(host, port, &hints, out);
    if (rc == 0) {
        return 0;
    }
    if (rc != EAI_NONAME) {
        return cannot(rc, errno, p);
    }
    question *q = memory_array(1, sizeof(*q));
    *q = (question){.host = memory_text(host),
                    .port = memory_text(port),
                    .done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                    .holders = 1};
    rc = ask_within(b, q, out, p);
    let_go(q);
    return rc;
}
