/*
 * The control API takes what anybody sends who may connect.  An input is what a caller writes on
 * one connection: octets of HTTP when its first line ends with "HTTP/1.1", else "METHOD TARGET" and
 * a body after the line, which get a head that fits them.
 *
 * Whatever it is, the API does not fail (500), and the rules in force are ones that it takes again.
 */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/base/octets.h"
#include "responders/control/control.h"
#include "responders/engine/tests/engine_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (64 * 1024)

/* A program of one resource: what was put there, and how many wait for it. */
typedef struct {
    json_t *thing;
    size_t owed;
} store;

static json_t *get_ready(void *arg)
{
    (void)arg;
    return json_pack("{s:[]}", "listeners");
}

static size_t get_owed(void *arg)
{
    return ((store *)arg)->owed;
}

static int apply(void *arg, const rule_list *rules, problem *p)
{
    (void)arg;
    for (size_t i = 0; i < rules->count; i++) {
        if (rules->rules[i]->match[FIXTURE_LISTENER] != NULL &&
            strcmp(rules->rules[i]->match[FIXTURE_LISTENER], "nosuch") == 0) {
            problem_set(p, 400, "", "no listener is named \"nosuch\"");
            return -1;
        }
    }
    return 0;
}

static void reset(void *arg)
{
    store *s = arg;

    json_decref(s->thing);
    *s = (store){0};
}

static int serve_thing(void *arg, const char *method, const char *rest, json_t *body,
                       json_t **response, problem *p)
{
    store *s = arg;

    (void)rest;
    if (strcmp(method, "PUT") == 0) {
        json_decref(s->thing);
        s->thing = json_incref(body);
        s->owed = json_is_true(json_object_get(body, "owed")) ? 1 : 0;
    } else if (strcmp(method, "GET") != 0) {
        problem_set_method(p, method, "GET, PUT");
        return -1;
    }
    *response = json_pack("{s:O?}", "thing", s->thing);
    return 0;
}

static const control_resource resources[] = {{"/v1/thing", serve_thing}, {0}};

static void metrics(void *arg, struct evbuffer *out)
{
    evbuffer_add_printf(out, "thing_owed %zu\n", get_owed(arg));
}

/* The folder of the socket, removed at the end. */
static char folder[] = "/tmp/staplelab-fuzz-XXXXXX";

static void remove_folder(void)
{
    rmdir(folder);
}

static int connect_to(const char *where)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int room = 4 * INPUT_MAX;

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", where + strlen("unix:"));
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)) != 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        abort();
    }
    return fd;
}

/* Lets the API do all that it can do now; what it sends is appended. */
static void settle(struct event_base *base, int fd, octets *heard)
{
    uint8_t some[4096];
    ssize_t n;

    do {
        size_t before = heard->length;

        event_base_loop(base, EVLOOP_NONBLOCK);
        while ((n = read(fd, some, sizeof(some))) > 0) {
            octets_append(heard, some, (size_t)n);
        }
        if (heard->length == before) {
            return;
        }
    } while (n < 0);
}

/* Each begins after the end of a line; what a body quotes of the input has no line's end in it. */
static void check_responses(octets *heard)
{
    /* of what version the request is, libevent's response is, too */
    static const char version[] = "HTTP/", failed[] = "HTTP/1.1 500";
    const char *line;

    octets_append(heard, "", 1);
    line = (const char *)heard->data;
    if (line[0] != '\0' && strncmp(line, version, strlen(version)) != 0) {
        abort();
    }
    while (line != NULL) {
        if (strncmp(line, failed, strlen(failed)) == 0) {
            abort();
        }
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
}

/* The rules in force are taken again in the form in which they are listed. */
static void check_rules(const rule_set *rules)
{
    json_t *listed = rule_set_to_json(rules);
    rule_list *again;
    problem p;

    if (rule_set_replace(rules, listed, &again, &p) != 0) {
        abort();
    }
    rule_list_free(again);
    json_decref(listed);
}

static void make_request(const uint8_t *data, size_t size, octets *out)
{
    const uint8_t *end = memchr(data, '\n', size);
    const size_t line = end == NULL ? size : (size_t)(end - data);
    static const char raw[] = "HTTP/1.1\r";

    if (line >= strlen(raw) && memcmp(data + line - strlen(raw), raw, strlen(raw)) == 0) {
        octets_append(out, data, size);
        return;
    }
    octets_append(out, data, line);
    octets_append_format(out, " HTTP/1.1\r\nHost: lab\r\nContent-Length: %zu\r\n\r\n",
                         end == NULL ? 0 : size - line - 1);
    if (end != NULL) {
        octets_append(out, end + 1, size - line - 1);
    }
}

static void converse(struct event_base *base, control *c, const control_ops *ops,
                     const octets *request)
{
    octets heard = {0};
    const int fd = connect_to(control_where(c));

    if (write(fd, request->data, request->length) < 0 && errno != EPIPE) {
        abort();
    }
    settle(base, fd, &heard);
    /* What is still waited for may come now, or not: then the caller goes. */
    event_log_append(ops->events, "tick", json_pack("{s:s, s:[s]}", "a", "b", "faults", "pause"));
    ((store *)ops->arg)->owed = 0;
    control_poke(c);
    settle(base, fd, &heard);
    check_responses(&heard);
    check_rules(ops->rules);
    close(fd);
    if (request->length % 2 == 0) { /* else it ends with the API */
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
    octets_free(&heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static catalogue *faults;
    static char where[64];
    struct event_base *base = event_base_new();
    octets request = {0};
    store own = {0};
    control_ops ops = {.program = "fuzzed",
                       .arg = &own,
                       .ready = get_ready,
                       .owed = get_owed,
                       .apply = apply,
                       .reset = reset,
                       .resources = resources,
                       .metrics = metrics};
    control *c;
    problem p;

    if (faults == NULL) {
        faults = fixture_catalogue();
        signal(SIGPIPE, SIG_IGN); /* as every program does: a caller may hang up at any moment */
        if (mkdtemp(folder) == NULL || atexit(remove_folder) != 0) {
            abort();
        }
        snprintf(where, sizeof(where), "unix:%s/control", folder);
    }
    ops.faults = faults;
    ops.rules = rule_set_new(&(rule_terms){.faults = faults, .keys = fixture_keys}, 1);
    ops.events = event_log_new(4);
    make_request(data, size < INPUT_MAX ? size : INPUT_MAX, &request);
    if (base == NULL || control_new(base, where, NULL, &ops, &c, &p) != 0) {
        abort();
    }
    if (request.length > 0) {
        converse(base, c, &ops, &request);
    }
    control_free(c);
    reset(&own);
    event_log_free(ops.events);
    rule_set_free(ops.rules);
    octets_free(&request);
    event_base_free(base);
    return 0;
}
