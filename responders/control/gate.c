/* See gate.h. */
#include "responders/control/gate.h"

#include <event2/buffer.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "harness/base/memory.h"
#include "harness/base/octets.h"
#include "responders/control/http.h"
#include "responders/net/retry.h"

typedef enum {
    HEAD,    /* lines of a head come */
    SKIPPED, /* octets of a body that nobody wants */
    DEAF,    /* all that comes is thrown away */
    OPEN,    /* all is let through */
} guest_state;

/* One connection. */
typedef struct guest guest;
struct guest {
    gate *gate;
    struct bufferevent *socket; /* a reference of our own: evhttp does not say when it closes */
    struct evbuffer_cb_entry *callback;
    struct evbuffer *held; /* what came and is not looked at to its end */
    bool busy;             /* we change the socket's buffer ourselves */
    guest_state state;
    octets head;      /* what evhttp will get of it */
    uint64_t skipped; /* how many octets are left to skip */
    bool right;       /* the token was in this head */
    bool chunked;     /* its body ends where only a parser of chunks would see it */
    unsigned seconds;
    guest *previous, *next; /* in the order of their coming */
};

struct gate {
    const char *token;
    guest *first, *last; /* those that are not let through */
    size_t waiting;
    retry *tick;
};

static void guest_free(guest *x)
{
    gate *g = x->gate;

    *(x->previous != NULL ? &x->previous->next : &g->first) = x->next;
    *(x->next != NULL ? &x->next->previous : &g->last) = x->previous;
    g->waiting--;
    evbuffer_remove_cb_entry(bufferevent_get_input(x->socket), x->callback);
    bufferevent_decref(x->socket);
    evbuffer_free(x->held);
    octets_free(&x->head);
    free(x);
}

/* Whether evhttp has closed the connection. */
static bool is_gone(const guest *x)
{
    bufferevent_event_cb on_event = NULL;

    bufferevent_getcb(x->socket, NULL, NULL, &on_event, NULL);
    return on_event == NULL;
}

static void forget_gone(gate *g)
{
    guest *next;

    for (guest *x = g->first; x != NULL; x = next) {
        next = x->next;
        if (is_gone(x)) {
            guest_free(x);
        }
    }
}

/* evhttp sees an end of file and closes. */
static void show_out(guest *x)
{
    x->state = DEAF;
    shutdown(bufferevent_getfd(x->socket), SHUT_RDWR);
}

static void on_tick(void *arg)
{
    gate *g = arg;

    forget_gone(g);
    for (guest *x = g->first; x != NULL; x = x->next) {
        if (++x->seconds >= GATE_SECONDS) {
            show_out(x);
        }
    }
    if (g->first != NULL) {
        retry_in(g->tick, 1000);
    }
}

gate *gate_new(struct event_base *base, const char *token)
{
    gate *g = memory_new(sizeof(*g));

    g->token = token;
    g->tick = retry_new(base, on_tick, g);
    return g;
}

void gate_free(gate *g)
{
    if (g == NULL) {
        return;
    }
    while (g->first != NULL) {
        guest_free(g->first);
    }
    retry_free(g->tick);
    free(g);
}

/* Without the right token: what would make evhttp wait for a body is left out. */
static void turn_away(guest *x)
{
    if (x->chunked) {
        octets_append_text(&x->head, "Connection: close\r\n");
        x->state = DEAF;
    } else {
        x->state = x->skipped > 0 ? SKIPPED : HEAD;
    }
}

static bool starts(const char *line, const char *name)
{
    return strncasecmp(line, name, strlen(name)) == 0;
}

static const char *value_of(const char *line)
{
    const char *value = strchr(line, ':') + 1;

    return value + strspn(value, " \t");
}

/* Takes a line of the head; those about the body are kept until it is known whether there is one.
 */
static void take_line(guest *x, const char *line, octets *about_body)
{
    octets *out = &x->head;

    if (starts(line, "Authorization:")) {
        x->right = control_http_is_token(x->gate->token, value_of(line));
    } else if (starts(line, "Content-Length:")) {
        char *end;
        const char *value = value_of(line);

        x->skipped = strtoull(value, &end, 10);
        x->chunked = x->chunked || end == value || *end != '\0' || *value == '-';
        out = about_body;
    } else if (starts(line, "Transfer-Encoding:")) {
        x->chunked = true;
        out = about_body;
    } else if (starts(line, "Expect:")) {
        out = about_body;
    }
    octets_append_format(out, "%s\r\n", line);
}

/* The lines of a whole head, which ends with an empty one, go to evhttp as far as it may have them.
 */
static void take_head(guest *x, octets *lines, struct evbuffer *out)
{
    octets about_body = {0};
    char *rest = (char *)lines->data, *line;

    x->right = false;
    x->chunked = false;
    x->skipped = 0;
    while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
        take_line(x, line, &about_body);
    }
    if (x->right) {
        octets_append_span(&x->head, octets_span(&about_body));
        x->state = OPEN;
    } else {
        turn_away(x);
    }
    octets_append_text(&x->head, "\r\n");
    evbuffer_add(out, x->head.data, x->head.length);
    octets_cut(&x->head, 0);
    octets_free(&about_body);
}

/* Takes a head once it is whole.  Whether something was done. */
static bool look_for_head(guest *x, struct evbuffer *in, struct evbuffer *out)
{
    octets lines = {0};
    size_t length = 0, used = 0;
    struct evbuffer_ptr end, at;
    char *line;

    for (evbuffer_ptr_set(in, &at, 0, EVBUFFER_PTR_SET);;) {
        end = evbuffer_search_eol(in, &at, &length, EVBUFFER_EOL_CRLF);
        if (end.pos < 0) {
            break;
        }
        used = (size_t)end.pos + length;
        if (end.pos == at.pos) {
            break;
        }
        evbuffer_ptr_set(in, &at, used, EVBUFFER_PTR_SET);
    }
    if (end.pos < 0) {
        if (evbuffer_get_length(in) <= CONTROL_HEAD_MAX) {
            return false;
        }
        x->state = DEAF; /* evhttp says that this is too much, and closes */
        evbuffer_remove_buffer(in, out, evbuffer_get_length(in));
        return true;
    }
    if (end.pos == 0) { /* an empty line before a request */
        evbuffer_drain(in, used);
        return true;
    }
    while (evbuffer_get_length(in) > 0 &&
           (line = evbuffer_readln(in, &length, EVBUFFER_EOL_CRLF)) != NULL) {
        octets_append_text(&lines, line);
        octets_append_text(&lines, "\n");
        free(line);
        if (length == 0) {
            break;
        }
    }
    octets_append(&lines, "", 1);
    take_head(x, &lines, out);
    octets_free(&lines);
    return true;
}

static bool skip(guest *x, struct evbuffer *in)
{
    const size_t there = evbuffer_get_length(in);
    const size_t skipped = there < x->skipped ? there : (size_t)x->skipped;

    evbuffer_drain(in, skipped);
    x->skipped -= skipped;
    x->state = x->skipped > 0 ? SKIPPED : HEAD;
    return skipped > 0;
}

static bool do_next(guest *x, struct evbuffer *in, struct evbuffer *out)
{
    switch (x->state) {
    case HEAD:
        return look_for_head(x, in, out);
    case SKIPPED:
        return skip(x, in);
    case DEAF:
        evbuffer_drain(in, evbuffer_get_length(in));
        return false;
    default:
        evbuffer_add_buffer(out, in);
        return false;
    }
}

/* Octets were read into the socket's buffer: they are taken out of it, and put back as far as
 * evhttp may have them. */
static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
    guest *x = arg;
    struct evbuffer *before;

    if (x->busy || info->n_added == 0) {
        return;
    }
    x->busy = true;
    before = memory_made(evbuffer_new());
    evbuffer_remove_buffer(input, before, info->orig_size);
    evbuffer_add_buffer(x->held, input);
    evbuffer_add_buffer(input, before);
    evbuffer_free(before);
    while (evbuffer_get_length(x->held) > 0 && do_next(x, x->held, input)) {
    }
    x->busy = false;
    if (x->state == OPEN) {
        guest_free(x);
    }
}

/* Makes room by showing out the one that waits the longest. */
static void make_room(gate *g)
{
    guest *oldest;

    forget_gone(g);
    for (oldest = g->first; oldest != NULL && oldest->state == DEAF; oldest = oldest->next) {
    }
    if (g->waiting >= GATE_WAITING_MAX && oldest != NULL) {
        show_out(oldest);
    }
}

struct bufferevent *gate_bufferevent(struct event_base *base, void *arg)
{
    gate *g = arg;
    guest *x = memory_new(sizeof(*x));

    make_room(g);
    x->gate = g;
    x->socket = memory_made(bufferevent_socket_new(base, -1, 0));
    bufferevent_incref(x->socket);
    x->callback = memory_made(evbuffer_add_cb(bufferevent_get_input(x->socket), on_input, x));
    x->held = memory_made(evbuffer_new());
    x->previous = g->last;
    *(g->last != NULL ? &g->last->next : &g->first) = x;
    g->last = x;
    if (g->waiting++ == 0) {
        retry_in(g->tick, 1000);
    }
    return x->socket;
}
