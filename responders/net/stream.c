/* See stream.h. */
#include "responders/net/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/memory.h"
#include "responders/net/outbox.h"

#define OCTETS_MAX    16384  /* taken from the socket at once */
#define READS_AT_ONCE 16     /* then the other sockets have their turn */
#define CALLS_AT_ONCE 16     /* of on_octets, each of which may make a response: as above */
#define UNSENT_MAX    262144 /* octets that are due; beyond it no octet is taken any more */

typedef enum {
    READING,  /* nothing is to be written */
    WRITING,  /* octets are due, the socket takes no more */
    WAITING,  /* octets are left for a later time */
    HOLDING,  /* the peer must act, or the clock */
    UNREAD,   /* to be reset once octets of the peer's are there */
    FINISHED, /* FIN sent, the peer's close not seen */
} stream_state;

struct stream {
    int fd;
    timers *timers;
    const stream_handlers *handlers;
    void *arg;
    stream_state state;
    struct event *readable;
    struct event *writable;
    struct event *turn; /* to go on with the input */
    timer timer;
    outbox deliveries;
    uint8_t *input; /* read, not yet taken by the owner; NULL: none */
    size_t input_at, input_length;
    uint64_t sent, received;
    bool started;
    bool busy;      /* a function below us on the stack works on the stream: it frees it */
    bool gone;      /* ended or closed: only its memory is left */
    bool closed;    /* by stream_close: the owner wants to hear no more */
    bool stirred;   /* a delivery came, and nobody has looked at it */
    bool closing;   /* a delivery that does not KEEP the stream was handed over */
    bool untouched; /* one that ends with DELIVERY_RST_UNREAD was */
    bool peer_shut; /* FIN seen */
};

/* Takes from the stream all that is not memory. */
static void let_go(stream *s)
{
    s->gone = true;
    timers_cancel(&s->timer);
    event_free(s->readable);
    event_free(s->writable);
    event_free(s->turn);
    close(s->fd);
}

static void free_memory(stream *s)
{
    while (s->deliveries.head != NULL) {
        outbox_drop(&s->deliveries);
    }
    free(s->input);
    free(s);
}

/* Gives up every delivery that is left. */
static void lose_all(stream *s)
{
    while (s->deliveries.head != NULL) {
        void *tag = outbox_drop(&s->deliveries);
        if (s->handlers->on_lost != NULL && !s->closed) {
            s->handlers->on_lost(s->arg, tag);
        }
    }
}

/* The end, told to the owner. */
static void end(stream *s, bool by_us, bool reset)
{
    stream_end how = {
        .by_us = by_us,
        .reset = reset,
        .sent = s->sent,
        .received = s->received,
        .unfinished = s->deliveries.head != NULL ? s->deliveries.head->written : 0,
    };
    let_go(s);
    lose_all(s);
    if (!s->closed) {
        s->handlers->on_end(s->arg, &how);
    }
}

static void reset_peer(stream *s)
{
    /* A linger time of 0 makes close() send RST instead of FIN. */
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    end(s, true, true);
}

static void finish_sending(stream *s)
{
    shutdown(s->fd, SHUT_WR);
    s->state = FINISHED;
    if (s->peer_shut) {
        end(s, false, false);
    }
}

/* A stream that is woken at that time anyway keeps its place among the others. */
static void wake_at(stream *s, int64_t due)
{
    if (due != DELIVERY_NEVER && (s->timer.queue == NULL || s->timer.due != due)) {
        timers_set(s->timers, &s->timer, due);
    }
}

static void hold(stream *s, int64_t until, void *tag)
{
    if (timers_now() >= until) {
        finish_sending(s);
        return;
    }
    s->state = HOLDING;
    wake_at(s, until);
    s->handlers->on_held(s->arg, tag, true);
    if (!s->gone && s->peer_shut) {
        end(s, false, false);
    }
}

/* All octets that the first delivery will ever have are written. */
static void complete(stream *s)
{
    delivery_end how = s->deliveries.head->delivery->end;
    int64_t until = outbox_hold_end(s->deliveries.head);
    void *tag = outbox_drop(&s->deliveries);
    s->state = READING;
    s->handlers->on_sent(s->arg, tag);
    if (s->gone || how == DELIVERY_KEEP) {
        return;
    }
    timers_cancel(&s->timer);
    if (how == DELIVERY_RST) {
        reset_peer(s);
    } else if (how == DELIVERY_HOLD) {
        hold(s, until, tag);
    } else if (how == DELIVERY_FIN) {
        finish_sending(s);
    } else {
        s->state = UNREAD;
    }
}

/* Tells of a delivery that it waits for the clock. */
static void tell_waiting(stream *s, outbox_item *one)
{
    if (!one->waited) {
        one->waited = true;
        s->handlers->on_held(s->arg, one->tag, false);
    }
}

static void wait_until(stream *s, outbox_item *one, int64_t due)
{
    s->state = WAITING;
    wake_at(s, due);
    tell_waiting(s, one);
    if (!s->gone && s->peer_shut) {
        end(s, false, false);
    }
}

/* Writes up to `due` octets of a delivery.  False: the socket takes no more, or the stream ended.
 */
static bool write_due(stream *s, outbox_item *one, size_t due)
{
    const uint8_t *data = one->delivery->wire.data;
    while (one->written < due) {
        ssize_t n = send(s->fd, data + one->written, due - one->written, MSG_NOSIGNAL);
        if (n >= 0) {
            one->written += (size_t)n;
            s->sent += (uint64_t)n;
        } else if (errno == EAGAIN) {
            s->state = WRITING;
            return false;
        } else if (errno != EINTR) {
            end(s, false, true);
            return false;
        }
    }
    return true;
}

/* Works on the first delivery.  Whether it was completed and the next has its turn. */
static bool pump(stream *s)
{
    outbox_item *one = s->deliveries.head;
    int64_t now = timers_now();
    if (one->first > now) {
        wait_until(s, one, one->first);
        return false;
    }
    if (!write_due(s, one, delivery_due(one->delivery, now - one->begin))) {
        return false;
    }
    if (one->written < one->delivery->cut) {
        wait_until(s, one, outbox_next(one));
        return false;
    }
    complete(s);
    return !s->gone;
}

/* An end was carried out: what is still handed over can no longer go. */
static bool over(const stream *s)
{
    return s->state == HOLDING || s->state == UNREAD || s->state == FINISHED;
}

/* Tells of each delivery that waits for the clock after the first. */
static void tell_of_new(stream *s)
{
    int64_t now = timers_now();
    for (outbox_item *one = s->deliveries.head; one != NULL && !s->gone; one = one->next) {
        if (one->first > now) {
            tell_waiting(s, one);
        }
    }
}

/* Does what can be done now. */
static void advance(stream *s)
{
    do {
        s->stirred = false;
        if (!over(s)) {
            tell_of_new(s);
        }
        while (!s->gone && !over(s) && s->deliveries.head != NULL && pump(s)) {
        }
    } while (s->stirred && !s->gone && !over(s));

    if (s->gone) {
        return;
    }
    if (over(s)) {
        lose_all(s);
    } else if (s->deliveries.head == NULL && s->peer_shut) {
        end(s, false, false);
    }
}

/* Whether the peer's octets are to be taken. */
static bool reads(const stream *s)
{
    if (s->gone || s->peer_shut || s->untouched) {
        return false;
    }
    return s->closing || s->state != WRITING ||
           outbox_unsent(&s->deliveries, timers_now()) <= UNSENT_MAX;
}

static void enter(stream *s)
{
    s->busy = true;
}

static void leave(stream *s)
{
    if (!s->gone && !stream_owes(s)) {
        s->handlers->on_change(s->arg);
    }
    s->busy = false;
    if (s->gone) {
        free_memory(s);
        return;
    }
    if (s->state == UNREAD || reads(s)) {
        event_add(s->readable, NULL);
        if (s->input != NULL && s->state != UNREAD) {
            /* In the next pass of the loop: what is made active is run in this one. */
            event_add(s->turn, &(struct timeval){0});
        }
    } else {
        event_del(s->readable);
    }
    if (s->state == WRITING) {
        event_add(s->writable, NULL);
    } else {
        event_del(s->writable);
    }
    if (s->stirred) {
        event_active(s->writable, EV_WRITE, 0);
    }
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    stream *s = arg;
    enter(s);
    advance(s);
    leave(s);
}

static void on_timer(void *arg)
{
    stream *s = arg;
    enter(s);
    if (s->state == HOLDING) {
        finish_sending(s);
    } else {
        advance(s);
    }
    leave(s);
}

/* The peer sent FIN. */
static void peer_closed(stream *s)
{
    if (s->state == WRITING) {
        s->peer_shut = true;
    } else {
        end(s, false, false);
    }
}

/* Gives the owner what was read, as long as it may be taken; what is left is given in a later turn.
 */
static void take_input(stream *s, int *calls)
{
    while (s->input != NULL && reads(s) && *calls > 0) {
        const span rest = {s->input + s->input_at, s->input_length - s->input_at};
        (*calls)--;
        s->input_at += s->closing ? rest.length : s->handlers->on_octets(s->arg, rest);
        if (s->input_at == s->input_length) {
            free(s->input);
            s->input = NULL;
        }
        if (!s->gone && s->stirred) {
            advance(s);
        }
    }
}

static void keep_input(stream *s, const uint8_t *data, size_t length)
{
    s->received += length;
    s->input = memory_array(length, 1);
    memcpy(s->input, data, length);
    s->input_at = 0;
    s->input_length = length;
}

static void read_octets(stream *s)
{
    uint8_t data[OCTETS_MAX];
    int calls = CALLS_AT_ONCE;
    take_input(s, &calls);
    /* Not for ever: a peer that sends without end must not keep the others waiting. */
    for (int i = 0; i < READS_AT_ONCE && s->input == NULL && reads(s); i++) {
        ssize_t n = recv(s->fd, data, sizeof(data), 0);
        if (n > 0) {
            keep_input(s, data, (size_t)n);
            take_input(s, &calls);
        } else if (n == 0) {
            peer_closed(s);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR) {
            end(s, false, true);
        }
    }
}

/* Resets as soon as the peer has sent octets, which stay where they are, or FIN. */
static void look_at_octets(stream *s)
{
    uint8_t first;
    ssize_t n = recv(s->fd, &first, sizeof(first), MSG_PEEK);
    if (n >= 0) {
        reset_peer(s);
    } else if (errno != EAGAIN && errno != EINTR) {
        end(s, false, true);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    stream *s = arg;
    enter(s);
    if (s->stirred) {
        advance(s);
    }
    if (!s->gone && s->state == UNREAD) {
        look_at_octets(s);
    } else {
        read_octets(s);
    }
    leave(s);
}

stream *stream_new(struct event_base *base, timers *t, int fd, const stream_handlers *handlers,
                   void *arg)
{
    stream *s = memory_new(sizeof(*s));
    int on = 1;
    /* Without it the kernel keeps back a last small segment, and a reset would lose it. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    s->fd = fd;
    s->timers = t;
    s->handlers = handlers;
    s->arg = arg;
    s->timer = (timer){.fire = on_timer, .arg = s};
    s->readable = memory_made(event_new(base, fd, EV_READ | EV_PERSIST, on_readable, s));
    s->writable = memory_made(event_new(base, fd, EV_WRITE, on_writable, s));
    s->turn = memory_made(evtimer_new(base, on_readable, s));
    return s;
}

void stream_start(stream *s)
{
    outbox_begin(&s->deliveries, timers_now());
    s->started = true;
    enter(s);
    advance(s);
    leave(s);
}

void stream_deliver(stream *s, delivery *d, void *tag)
{
    outbox_add(&s->deliveries, d, tag, s->started ? timers_now() : 0);
    s->stirred = true;
    s->closing = s->closing || d->end != DELIVERY_KEEP;
    s->untouched = s->untouched || d->end == DELIVERY_RST_UNREAD;
    if (s->started && !s->busy) {
        event_active(s->writable, EV_WRITE, 0);
    }
}

void stream_close(stream *s)
{
    s->closed = true;
    if (!s->gone) {
        let_go(s);
    }
    if (!s->busy) {
        free_memory(s);
    }
}

bool stream_owes(const stream *s)
{
    if (s->input != NULL && !s->closing) {
        return true;
    }
    switch (s->state) {
    case READING:
    case UNREAD:
        return s->stirred || (s->received == 0 && s->sent == 0);
    case WAITING:
    case HOLDING:
        return s->stirred;
    default:
        return true;
    }
}
