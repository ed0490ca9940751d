/* See listeners.h. */
#include "responders/net/listeners.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"

/* One of them, and the faults that its last event has told: what closes it may change while it
 * stays closed. */
typedef struct {
    listener *listener;
    json_t *told;
} entry;

struct listeners {
    struct event_base *base;
    event_log *events;
    const char *transport;
    listener_on_accept on_accept;
    void *arg;
    entry *list;
    size_t count;
};

listeners *listeners_new(struct event_base *base, event_log *events, const char *transport,
                         listener_on_accept on_accept, void *arg)
{
    listeners *l = memory_new(sizeof(*l));

    *l = (listeners){
        .base = base, .events = events, .transport = transport, .on_accept = on_accept, .arg = arg};
    return l;
}

void listeners_free(listeners *l)
{
    if (l == NULL) {
        return;
    }
    for (size_t i = 0; i < l->count; i++) {
        listener_free(l->list[i].listener);
        json_decref(l->list[i].told);
    }
    free(l->list);
    free(l);
}

listener *listeners_add(listeners *l, const endpoint *e, int fd)
{
    listener *one = listener_new(l->base, e, fd, l->on_accept, l->arg);

    l->list = memory_resize(l->list, l->count + 1, sizeof(l->list[0]));
    l->list[l->count++] = (entry){.listener = one, .told = json_array()};
    return one;
}

/* Tells the state that one is in now; takes `fields` over. */
static void tell(const listeners *l, entry *e, json_t *fields)
{
    const listener *one = e->listener;

    json_decref(e->told);
    e->told = json_copy(json_object_get(fields, "faults"));
    json_object_set_new(fields, "listener", json_string(listener_endpoint(one)->name));
    if (l->transport != NULL) {
        json_object_set_new(fields, "transport", json_string(l->transport));
    }
    json_object_set_new(fields, "state", json_string(listener_mode_name(listener_current(one))));
    event_log_append(l->events, "listener", fields);
}

/* What the rules want of one listener. */
typedef struct {
    const char *listener;
    listener_mode mode;
    json_t *faults;
} wanted;

static void want(const fault_act *act, const char *name, void *arg)
{
    wanted *w = arg;
    primitive_call call = {.subject = &w->mode, .params = act->params};

    /* As with requests, the first rule that matches serves. */
    if (w->mode != LISTENER_OPEN || (name != NULL && strcmp(name, w->listener) != 0)) {
        return;
    }
    if (act->primitive->act(&call) == EFFECT_DONE) {
        json_array_append_new(w->faults, json_string(act->name));
    }
}

static int follow_one(listeners *l, entry *e, const rule_list *rules, problem *p)
{
    wanted w = {listener_endpoint(e->listener)->name, LISTENER_OPEN, json_array()};
    int rc = 0;

    rule_list_each_listener(rules, want, &w);
    if (w.mode != listener_current(e->listener)) {
        rc = listener_set_mode(e->listener, w.mode, p);
        if (rc != 0) {
            json_array_clear(w.faults);
        }
        tell(l, e, json_pack("{s:O}", "faults", w.faults));
    } else if (!json_equal(w.faults, e->told)) {
        tell(l, e, json_pack("{s:O}", "faults", w.faults));
    }
    json_decref(w.faults);
    return rc;
}

int listeners_follow(listeners *l, const rule_list *rules, problem *p)
{
    for (size_t i = 0; i < l->count; i++) {
        if (follow_one(l, &l->list[i], rules, p) != 0) {
            return -1;
        }
    }
    return 0;
}

static entry *find(listeners *l, const listener *one)
{
    entry *e = l->list;

    while (e->listener != one) {
        e++;
    }
    return e;
}

bool listeners_refuse(listeners *l, listener *one, json_t *fields)
{
    problem ignored;

    if (listener_current(one) == LISTENER_CLOSED) {
        json_decref(fields);
        return true;
    }
    if (listener_set_mode(one, LISTENER_CLOSED, &ignored) != 0) {
        json_decref(fields);
        return false;
    }
    tell(l, find(l, one), fields);
    return true;
}

void listeners_resume(listeners *l)
{
    for (size_t i = 0; i < l->count; i++) {
        listener_resume(l->list[i].listener);
    }
}

json_t *listeners_to_json(const listeners *l)
{
    json_t *list = json_array();

    for (size_t i = 0; i < l->count; i++) {
        const endpoint *e = listener_endpoint(l->list[i].listener);
        char ip[INET6_ADDRSTRLEN];

        endpoint_ip(&e->address, ip, sizeof(ip));
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:i, s:s}", "name", e->name, "address", ip,
                                        "port", (int)endpoint_port(&e->address), "state",
                                        listener_mode_name(listener_current(l->list[i].listener))));
    }
    return list;
}
