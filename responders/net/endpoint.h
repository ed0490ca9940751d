/* The addresses that a responder listens on. */
#ifndef STAPLELAB_NET_ENDPOINT_H
#define STAPLELAB_NET_ENDPOINT_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "harness/base/problem.h"

/* One address to listen on, from --listen [NAME=]ADDRESS:PORT ([v6]:PORT in brackets). */
typedef struct {
    char name[32]; /* NAME, or "0", "1", ... in the order given */
    struct sockaddr_storage address;
    socklen_t length;
} endpoint;

/* Parses "[NAME=]ADDRESS:PORT"; `index` names an unnamed one. 0, or -1 with *p. */
int endpoint_parse(const char *text, size_t index, endpoint *out, problem *p);

/* "127.0.0.1:80" or "[::1]:80" into out. */
void endpoint_format(const struct sockaddr *address, char *out, size_t size);

/* The IP address alone into out (INET6_ADDRSTRLEN octets are enough); that of an IPv4 peer of an
 * IPv6 socket as IPv4. */
void endpoint_ip(const struct sockaddr_storage *address, char *out, size_t size);

/* The port, in host order. */
uint16_t endpoint_port(const struct sockaddr_storage *address);

/* Binds and, for SOCK_STREAM, listens: non-blocking, close-on-exec, SO_REUSEADDR for
 * SOCK_STREAM (for datagrams it would let two programs share a port).  A port of
 * 0 is replaced in *e by the port that the kernel chose. Returns the descriptor, or -1 with *p
 * ("127.0.0.1:80: address already in use ..."). */
int endpoint_bind(endpoint *e, int type, problem *p);

/* The same, with the option that a refusal advises to change. */
int endpoint_bind_as(endpoint *e, int type, const char *option, problem *p);

/* Binds UDP and TCP to one port number, with the descriptors in *udp and *tcp.  0, or -1 with *p,
 * and then nothing is bound. */
int endpoint_bind_both(endpoint *e, int *udp, int *tcp, problem *p);

#endif
