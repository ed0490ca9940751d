/* See launched_request.h. */
#include "harness/runtime/launched_request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Takes a decimal number that ends at `end` off *text, and `end` unless that is the NUL. */
static bool take_number(const char **text, char end, unsigned long max, unsigned long *out)
{
    char *rest;

    if (**text < '0' || **text > '9') {
        return false;
    }
    errno = 0;
    *out = strtoul(*text, &rest, 10);
    if (errno != 0 || *out > max || *rest != end) {
        return false;
    }
    *text = end == '\0' ? rest : rest + 1;
    return true;
}

static bool read_descriptor(const char **text, char end, int *out)
{
    unsigned long number;

    if (!take_number(text, end, INT_MAX, &number) || number < LAUNCHED_REQUEST_SOCKETS_FROM) {
        return false;
    }
    *out = (int)number;
    return true;
}

/* "DESCRIPTOR,ADDRESS,PORT" */
static bool read_listener(const char *text, launched_request_socket *out)
{
    char address[INET_ADDRSTRLEN];
    unsigned long port;
    size_t length;

    if (!read_descriptor(&text, ',', &out->descriptor)) {
        return false;
    }
    length = strcspn(text, ",");
    if (length >= sizeof(address) || text[length] == '\0') {
        return false;
    }
    memcpy(address, text, length);
    address[length] = '\0';
    text += length + 1;
    if (inet_pton(AF_INET, address, &out->address.sin_addr) != 1 ||
        !take_number(&text, '\0', UINT16_MAX, &port)) {
        return false;
    }
    out->address.sin_family = AF_INET;
    out->address.sin_port = htons((uint16_t)port);
    out->attached = -1;
    return true;
}

static int add_listener(launched_request *r, const char *word, problem *p)
{
    if (!read_listener(word + strlen("listen="), &r->sockets[r->nsockets])) {
        return problem_refuse(p, "",
                              "%s: not listen=DESCRIPTOR,ADDRESS,PORT, DESCRIPTOR from %d on", word,
                              LAUNCHED_REQUEST_SOCKETS_FROM);
    }
    r->nsockets++;
    return 0;
}

/* The attached descriptors are taken in their order. */
static int add_attached(launched_request *r, const char *word, size_t nattached, size_t *ntaken,
                        problem *p)
{
    const char *text = word + strlen("inherit=");
    launched_request_socket *s = &r->sockets[r->nsockets];

    if (!read_descriptor(&text, '\0', &s->descriptor)) {
        return problem_refuse(p, "", "%s: not inherit=DESCRIPTOR, DESCRIPTOR from %d on", word,
                              LAUNCHED_REQUEST_SOCKETS_FROM);
    }
    if (*ntaken == nattached) {
        return problem_refuse(p, "", "%s: no descriptor is attached for it", word);
    }
    s->attached = (int)(*ntaken)++;
    r->nsockets++;
    return 0;
}

static int read_sockets(launched_request *r, size_t nattached, problem *p)
{
    size_t ntaken = LAUNCHED_REQUEST_OUTPUTS;

    for (size_t i = 0; r->words[i] != NULL; i++) {
        const char *word = r->words[i];
        int rc;

        if (strncmp(word, "listen=", strlen("listen=")) == 0) {
            rc = add_listener(r, word, p);
        } else if (strncmp(word, "inherit=", strlen("inherit=")) == 0) {
            rc = add_attached(r, word, nattached, &ntaken, p);
        } else {
            return 0;
        }
        if (rc != 0) {
            return -1;
        }
    }
    return 0;
}

int launched_request_parse(char *text, size_t length, size_t nattached, launched_request *out,
                           problem *p)
{
    size_t at = 0, nwords = 0;

    out->nsockets = out->nvariables = 0;
    for (; at < length && nwords < LAUNCHED_REQUEST_WORDS_MAX; at += strlen(&text[at]) + 1) {
        out->words[nwords++] = &text[at];
    }
    out->words[nwords] = NULL;
    if (at < length || length > LAUNCHED_REQUEST_OCTETS_MAX ||
        nattached > LAUNCHED_REQUEST_ATTACHED_MAX) {
        return problem_refuse(
            p, "", "a request has at most %d words of %d octets and %d descriptors",
            LAUNCHED_REQUEST_WORDS_MAX, LAUNCHED_REQUEST_OCTETS_MAX, LAUNCHED_REQUEST_ATTACHED_MAX);
    }
    if (nattached < LAUNCHED_REQUEST_OUTPUTS) {
        return problem_refuse(p, "", "a request carries the descriptors for stdout and stderr");
    }
    if (read_sockets(out, nattached, p) != 0) {
        return -1;
    }

    out->variables = &out->words[out->nsockets];
    while (out->variables[out->nvariables] != NULL &&
           strchr(out->variables[out->nvariables], '=') != NULL) {
        out->nvariables++;
    }
    out->argv = &out->variables[out->nvariables];
    if (out->argv[0] == NULL) {
        return problem_refuse(p, "", "a request names a program to run");
    }
    return 0;
}
