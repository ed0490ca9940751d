/* See service.h. */
#include "responders/dns/service.h"

#include <time.h>

#include "responders/net/delivery.h"

/* Whether the delivery is not done with at once. */
static bool waits(const dns_exchange *x)
{
    return delivery_due(&x->delivery, 0) < x->delivery.cut;
}

static void finish(dns_service *s, dns_exchange *x)
{
    s->waiting -= waits(x);
    dns_exchange_clear(x);
}

static void drop(dns_service *s, dns_exchange *x, const char *why)
{
    s->counters.dropped++;
    event_log_append(s->terms.events, "dropped", dns_exchange_dropped(x, why));
}

/* Whether octets are to be written, or the connection is to end; if not, an event says why. */
static bool is_to_be_sent(dns_service *s, dns_exchange *x)
{
    const delivery *d = &x->delivery;

    if (x->ignored) {
        return false;
    }
    if (d->cut == 0 && d->end == DELIVERY_KEEP) {
        drop(s, x, DNS_EXCHANGE_FAULT);
        return false;
    }
    if (d->cut == 0 && d->end == DELIVERY_HOLD) {
        event_log_append(s->terms.events, "held", dns_exchange_held(x, true));
        return false;
    }
    if (waits(x) && s->waiting == DNS_SERVICE_WAITING_MAX) {
        drop(s, x, "too many responses wait");
        return false;
    }
    return true;
}

static void refuse_connections(dns_service *s, listener *l, dns_exchange *x)
{
    if (!listeners_refuse(s->listeners, l, dns_exchange_refused(x))) {
        json_t *fields = json_copy(x->about);

        json_object_set_new(fields, "fault",
                            json_string(plan_name(&x->plan, STAGE_END, STAGE_END)));
        json_object_set_new(fields, "detail", json_string("the listener cannot be closed"));
        event_log_append(s->terms.events, "problem", fields);
    }
}

bool dns_service_take(dns_service *s, const dns_peer *peer, listener *l, span message,
                      dns_exchange *out)
{
    dns_exchange_message(&s->terms, peer, message, time(NULL), out);
    s->counters.tcp_queries += peer->tcp;
    s->counters.udp_queries += !peer->tcp;
    s->counters.malformed += out->malformed;
    if (out->refuse) {
        refuse_connections(s, l, out);
    }
    if (!is_to_be_sent(s, out)) {
        dns_exchange_clear(out);
        return false;
    }
    s->waiting += waits(out);
    return true;
}

void dns_service_held(dns_service *s, dns_exchange *x)
{
    event_log_append(s->terms.events, "held", dns_exchange_held(x, false));
}

void dns_service_sent(dns_service *s, dns_exchange *x)
{
    s->counters.responses++;
    event_log_append(s->terms.events, "response", dns_exchange_sent(x));
    finish(s, x);
}

void dns_service_dropped(dns_service *s, dns_exchange *x, const char *why)
{
    drop(s, x, why);
    finish(s, x);
}
