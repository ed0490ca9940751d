/* See metrics.h. */
#include "responders/control/metrics.h"

#include <event2/buffer.h>

#include "harness/base/memory.h"
#include "responders/control/reply.h"

static void family(struct evbuffer *out, const char *name, const char *type, const char *help)
{
    evbuffer_add_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct evbuffer *out, const char *name, const char *type, const char *help,
                uint64_t value)
{
    family(out, name, type, help);
    evbuffer_add_printf(out, "%s %llu\n", name, (unsigned long long)value);
}

static void each(struct evbuffer *out, const char *name, const char *help, const char *label,
                 const json_t *counts)
{
    const char *key;
    json_t *value;

    family(out, name, "counter", help);
    json_object_foreach((json_t *)counts, key, value)
    {
        evbuffer_add_printf(out, "%s{%s=\"%s\"} %" JSON_INTEGER_FORMAT "\n", name, label, key,
                            json_integer_value(value));
    }
}

void control_metrics(const control_ops *ops, struct evhttp_request *request)
{
    struct evbuffer *out = memory_made(evbuffer_new());

    each(out, "staplelab_events_total", "Events since the last reset, by kind.", "kind",
         event_log_counts(ops->events));
    one(out, "staplelab_events_dropped_total", "counter", "Events that fell out of the ring.",
        event_log_dropped(ops->events));
    each(out, "staplelab_faults_total", "Faults that were done to requests, by name.", "fault",
         event_log_faults(ops->events));
    one(out, "staplelab_rules_generation", "gauge", "Generation of the rules in force.",
        rule_set_generation(ops->rules));
    if (ops->owed != NULL) {
        one(out, "staplelab_owed", "gauge", "Peers that wait for what can be done now.",
            ops->owed(ops->arg));
    }
    if (ops->metrics != NULL) {
        ops->metrics(ops->arg, out);
    }
    control_reply(request, 200, "text/plain; version=0.0.4; charset=utf-8", out);
}
