/*
 * Servers in threads of a test's own process, each with a port that the kernel chose.
 */
#ifndef STAPLELAB_SERVERS_H
#define STAPLELAB_SERVERS_H

#include "harness/clients/tests/identities.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server for a number of connections, one after another. */
typedef struct {
    pthread_t thread;
    int listener;
    char port[8];
    int connections;
    void (*serve)(int fd, void *arg);
    void *arg;
} server;

/* In a server's thread, where cmocka's assertions cannot end the test. */
static inline void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

static inline void *serve_all(void *arg)
{
    server *s = arg;
    for (int i = 0; i < s->connections; i++) {
        int fd = accept(s->listener, NULL, NULL);
        s->serve(fd, s->arg);
        close(fd);
    }
    return NULL;
}

static inline void open_listener(server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(s->listener, 8), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &size), 0);
    snprintf(s->port, sizeof(s->port), "%d", ntohs(address.sin_port));
}

static inline void start(server *s)
{
    open_listener(s);
    assert_int_equal(pthread_create(&s->thread, NULL, serve_all, s), 0);
}

static inline void stop(server *s)
{
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    close(s->listener);
}

#endif
