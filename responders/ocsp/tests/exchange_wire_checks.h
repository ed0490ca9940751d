/* How a fault is seen in HTTP, and in the way in which the octets go out. */
#ifndef STAPLELAB_OCSP_TESTS_EXCHANGE_WIRE_CHECKS_H
#define STAPLELAB_OCSP_TESTS_EXCHANGE_WIRE_CHECKS_H

#include "responders/ocsp/tests/exchange_checks.h"

/* ----- HTTP ----- */

/* text: the status line after the version; more: headers after the usual ones.  No body. */
static inline bool plain(const exchange_run *r, const fault_row *w)
{
    char text[256];

    snprintf(text, sizeof(text),
             "HTTP/1.1 %s\r\n" DATE "Content-Length: 0\r\nConnection: close\r\n%s\r\n", w->text,
             w->more == NULL ? "" : w->more);
    return strcmp((const char *)r->head.data, text) == 0 && r->body.length == 0;
}

/* text in the healthy head has become `more`; the body is the healthy one */
static inline bool head_becomes(const exchange_run *r, const fault_row *w)
{
    const char *head = (const char *)healthy.head.data, *at = strstr(head, w->text);
    char text[512];

    assert_non_null(at);
    snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - head), head, w->more, at + strlen(w->text));
    return strcmp((const char *)r->head.data, text) == 0 && exchange_same(&r->body, &healthy.body);
}

/* a: by how much Content-Length differs */
static inline bool length_differs(const exchange_run *r, const fault_row *w)
{
    const int64_t length = (int64_t)healthy.body.length + w->a;

    return has_head(r, length < 0 ? 0 : (size_t)length) && exchange_same(&r->body, &healthy.body);
}

static inline bool has_page(const exchange_run *r, const fault_row *w)
{
    const char *type = strstr((const char *)r->head.data, "\r\nContent-Type: text/html\r\n");
    char length[64];

    (void)w;
    snprintf(length, sizeof(length), "\r\nContent-Length: %zu\r\n", r->body.length);
    return type != NULL && strncmp((const char *)r->head.data, "HTTP/1.1 200 ", 13) == 0 &&
           strstr((const char *)r->head.data, length) != NULL && r->body.length > 15 &&
           memcmp(r->body.data, "<!DOCTYPE html>", 15) == 0;
}

/* a: how many octets */
static inline bool raw(const exchange_run *r, const fault_row *w)
{
    const delivery *d = &r->x.delivery;

    return d->head == 0 && d->wire.length == (size_t)w->a && d->wire.data[0] == 0 &&
           d->end == DELIVERY_FIN && d->cut == d->wire.length;
}

/* a: how many chunks, which are the healthy body together */
static inline bool in_chunks(const exchange_run *r, const fault_row *w)
{
    const char *head = (const char *)r->head.data;
    octets whole = {0};
    int64_t chunks = 0;
    size_t at = 0, length = 1;

    while (length > 0 && at < r->body.length) {
        char *end;
        length = strtoul((const char *)r->body.data + at, &end, 16);
        at = (size_t)(end - (const char *)r->body.data) + 2;
        octets_append(&whole, r->body.data + at, length);
        at += length + 2;
        chunks += length > 0 ? 1 : 0;
    }
    const bool same = exchange_same(&whole, &healthy.body) && at == r->body.length;
    octets_free(&whole);
    return same && chunks == w->a && strstr(head, "\r\nTransfer-Encoding: chunked\r\n") != NULL &&
           strstr(head, "Content-Length") == NULL;
}

/* a: how many octets the line X-Padding has */
static inline bool head_padded(const exchange_run *r, const fault_row *w)
{
    const char *line = strstr((const char *)r->head.data, "\r\nX-Padding: xx");

    return line != NULL && strstr(line + 2, "\r\n") + 2 - (line + 2) == w->a &&
           r->head.length == healthy.head.length + (size_t)w->a &&
           exchange_same(&r->body, &healthy.body);
}

/* a: how many octets the body has */
static inline bool body_padded(const exchange_run *r, const fault_row *w)
{
    const size_t length = healthy.body.length;

    if (!has_head(r, (size_t)w->a) || r->body.length != (size_t)w->a ||
        memcmp(r->body.data, healthy.body.data, length) != 0) {
        return false;
    }
    for (size_t i = length; i < r->body.length; i++) {
        if (r->body.data[i] != 0) {
            return false;
        }
    }
    return true;
}

/* ----- the connection ----- */

/* a: the listener_mode */
static inline bool listens(const exchange_run *r, const fault_row *w)
{
    return r->mode == (listener_mode)w->a;
}

/* a: how it ends; b: after which time */
static inline bool at_accept(const exchange_run *r, const fault_row *w)
{
    const delivery *d = &r->x.delivery;

    return r->at_accept && d->cut == 0 && d->end == (delivery_end)w->a && d->hold_ms == w->b;
}

/* The octets are the healthy ones, but only some of them go out.  a: how many of the head; b: of
 * the body (-1: half); c: how it ends */
static inline bool ends(const exchange_run *r, const fault_row *w)
{
    const delivery *d = &r->x.delivery;
    const size_t head = w->a < 0 ? d->head / 2 : (size_t)w->a;
    const size_t body = w->b < 0 ? (d->wire.length - d->head) / 2 : (size_t)w->b;

    return exchange_same(&d->wire, &healthy.x.delivery.wire) &&
           d->cut == (w->text == NULL ? head : d->head) + body && d->end == (delivery_end)w->c;
}

static inline bool left_open(const exchange_run *r, const fault_row *w)
{
    const delivery *d = &r->x.delivery;

    return head_becomes(r, w) && d->cut == d->wire.length && d->end == DELIVERY_HOLD &&
           d->hold_ms == 0;
}

/* a: ms; text: only the body waits */
static inline bool delayed(const exchange_run *r, const fault_row *w)
{
    const delivery *d = &r->x.delivery;
    const size_t before = w->text == NULL ? 0 : d->head;

    return exchange_same(&d->wire, &healthy.x.delivery.wire) && d->cut == d->wire.length &&
           delivery_due(d, 0) == before && delivery_due(d, w->a - 1) == before &&
           delivery_due(d, w->a) == d->wire.length;
}

/* a: octets a time; b: ms; text: the body instead of the head */
static inline bool drips(const exchange_run *r, const fault_row *w)
{
    const delivery *d = &r->x.delivery;
    const size_t from = w->text == NULL ? 0 : d->head;
    const size_t length = (w->text == NULL ? d->head : d->wire.length) - from;
    const size_t chunk = (size_t)w->a;
    const int64_t last = (int64_t)((length - 1) / chunk) * w->b;

    return exchange_same(&d->wire, &healthy.x.delivery.wire) && d->cut == d->wire.length &&
           delivery_due(d, 0) == from + chunk && delivery_due(d, w->b - 1) == from + chunk &&
           delivery_due(d, w->b) == from + 2 * chunk && delivery_due(d, last - 1) < from + length &&
           delivery_due(d, last) == d->wire.length;
}

#endif
