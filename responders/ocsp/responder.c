/* The program's part of the control API; see service.h. */
#include "responders/ocsp/responder.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "responders/ocsp/connection.h"
#include "responders/ocsp/faults/fault.h"
#include "responders/ocsp/listener.h"

static json_t *ready(void *arg)
{
    service *s = arg;
    return json_pack("{s:o, s:I}", "listeners", listeners_to_json(s), "certificates",
                     (json_int_t)s->certificates.count);
}

static size_t owed(void *arg)
{
    return connections_owed(arg);
}

static int rules_changed(void *arg, problem *p)
{
    service *s = arg;
    json_t *rules = rules_to_json(s->rules);
    int result = ocsp_faults_check_rules(&s->certificates, rules, p);
    json_decref(rules);
    return result == 0 ? listeners_follow_rules(s, p) : result;
}

static void reset(void *arg)
{
    service *s = arg;
    problem ignored;
    connections_close_all(s);
    certificates_reset(&s->certificates);
    listeners_follow_rules(s, &ignored);
    listeners_resume(s);
}

static bool resource(void *arg, const char *method, const char *path, json_t *body, json_t **out,
                     problem *p)
{
    static const char list[] = "/v1/certificates", one[] = "/v1/certificates/";
    service *s = arg;
    *out = NULL;
    if (strcmp(path, list) == 0) {
        if (strcmp(method, "GET") == 0) {
            *out = json_pack("{s:o}", "certificates", certificates_list(&s->certificates));
        } else {
            problem_set_method(p, method, "GET");
        }
        return true;
    }
    if (strncmp(path, one, sizeof(one) - 1) != 0) {
        return false;
    }
    char *serial = serial_normalise(path + sizeof(one) - 1);
    if (serial == NULL) {
        problem_set(p, 404, "", "\"%.80s\" is not a serial number in hex", path + sizeof(one) - 1);
    } else if (strcmp(method, "GET") == 0) {
        *out = certificates_get(&s->certificates, serial, p);
    } else if (strcmp(method, "PUT") == 0) {
        *out = certificates_put(&s->certificates, serial, body, time(NULL), p);
    } else if (strcmp(method, "DELETE") == 0) {
        *out = certificates_delete(&s->certificates, serial, p);
    } else {
        problem_set_method(p, method, "GET, PUT, DELETE");
    }
    free(serial);
    return true;
}

static void metrics(void *arg, struct evbuffer *out)
{
    const service *s = arg;
    evbuffer_add_printf(out,
                        "# HELP faulty_ocspd_connections_total Connections accepted.\n"
                        "# TYPE faulty_ocspd_connections_total counter\n"
                        "faulty_ocspd_connections_total %llu\n"
                        "# HELP faulty_ocspd_requests_total Requests read.\n"
                        "# TYPE faulty_ocspd_requests_total counter\n"
                        "faulty_ocspd_requests_total %llu\n"
                        "# HELP faulty_ocspd_answers_total Answers written.\n"
                        "# TYPE faulty_ocspd_answers_total counter\n"
                        "faulty_ocspd_answers_total %llu\n"
                        "# HELP faulty_ocspd_connections_open Connections open now.\n"
                        "# TYPE faulty_ocspd_connections_open gauge\n"
                        "faulty_ocspd_connections_open %zu\n",
                        (unsigned long long)s->accepted, (unsigned long long)s->requests,
                        (unsigned long long)s->answers, s->open);
}

void service_fill_ops(service *s, control_ops *ops)
{
    ops->arg = s;
    ops->ready = ready;
    ops->owed = owed;
    ops->rules_changed = rules_changed;
    ops->reset = reset;
    ops->resource = resource;
    ops->metrics = metrics;
}

void service_poke(service *s)
{
    if (s->control != NULL) {
        control_poke(s->control);
    }
}
