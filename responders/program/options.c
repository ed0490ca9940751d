/* The options that every responder knows, and those of its own merged behind them. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "harness/base/version.h"
#include "responders/program/program_internal.h"

#define EVENTS_DEFAULT 4096
#define EVENTS_MAX     10000000
#define TOKEN_FILE_MAX 4096
#define LONG_OPTIONS   64

enum {
    OPTION_LISTEN = 1,
    OPTION_CONTROL,
    OPTION_TOKEN_FILE,
    OPTION_RULES,
    OPTION_SEED,
    OPTION_EVENTS,
    OPTION_LIST_FAULTS,
    OPTION_VERSION,
    OPTION_HELP,
};

static const struct option common_options[] = {
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"control", required_argument, NULL, OPTION_CONTROL},
    {"control-token-file", required_argument, NULL, OPTION_TOKEN_FILE},
    {"rules", required_argument, NULL, OPTION_RULES},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"events", required_argument, NULL, OPTION_EVENTS},
    {"list-faults", optional_argument, NULL, OPTION_LIST_FAULTS},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
};

#define COMMON_OPTIONS (sizeof(common_options) / sizeof(common_options[0]))

static const char common_help[] =
    "  --listen [NAME=]ADDRESS:PORT  listen there; port 0 takes a free one; may be repeated\n"
    "  --rules FILE                  rules in force from the start, as PUT /v1/rules takes them\n"
    "  --seed N                      seed of the draws of rules with a probability (default 1)\n"
    "  --events N                    how many events are kept (default 4096)\n"
    "  --control unix:PATH           serve the control API on a Unix socket\n"
    "  --control tcp:ADDRESS:PORT    or on TCP, which needs a token\n"
    "  --control-token-file FILE     the bearer token that callers must send\n"
    "  --list-faults[=json]          print the fault catalogue and exit\n"
    "  --version                     print the version and exit\n"
    "  --help                        print this and exit\n";

static void print_help(const program *self)
{
    printf("Usage: %s --listen [NAME=]ADDRESS:PORT [OPTION]...\n%s\n\n", self->name, self->summary);
    if (self->options_help != NULL) {
        const size_t length = strlen(self->options_help);

        printf("%s%s", self->options_help,
               length > 0 && self->options_help[length - 1] != '\n' ? "\n" : "");
    }
    printf("%s\nOnce it listens, one line of JSON on standard output tells the addresses and "
           "ports.\nExit status: 0 when ended by SIGTERM or SIGINT, 1 when it could not start, "
           "2 for wrong usage.\n",
           common_help);
}

static void print_parameter(const fault_param *q)
{
    char fallback[80] = "required";

    if (q->fallback != NULL) {
        snprintf(fallback, sizeof(fallback), "default %s", q->fallback);
    }
    printf("     %s%s%s%s: %s (%s)\n", q->name, q->unit == NULL ? "" : " [",
           q->unit == NULL ? "" : q->unit, q->unit == NULL ? "" : "]", q->summary, fallback);
    for (size_t i = 0; q->type == PARAM_CHOICE && q->choices[i] != NULL; i++) {
        printf("%s%s%s", i == 0 ? "       one of " : ", ", q->choices[i],
               q->choices[i + 1] == NULL ? "\n" : "");
    }
}

static void print_faults(const catalogue *c)
{
    int width = 4;

    for (size_t i = 0; c->faults[i] != NULL; i++) {
        const int length = (int)strlen(c->faults[i]->name);

        width = length > width ? length : width;
    }
    printf("%-4s %-*s %-5s %s\n", "ID", width, "NAME", "LAYER", "SUMMARY");
    for (size_t i = 0; c->faults[i] != NULL; i++) {
        const fault_spec *f = c->faults[i];

        printf("%-4s %-*s %-5s %s\n", f->id, width, f->name, f->layer, f->summary);
        for (const fault_param *q = f->params; q != NULL && q->name != NULL; q++) {
            print_parameter(q);
        }
    }
}

static options_outcome list_faults(const program *self, const char *form, problem *p)
{
    json_t *list;

    if (form == NULL) {
        print_faults(self->faults);
        return OPTIONS_DONE;
    }
    if (strcmp(form, "json") != 0) {
        problem_set(p, 400, "",
                    "--list-faults=%.40s: the forms are --list-faults and "
                    "--list-faults=json",
                    form);
        return OPTIONS_WRONG;
    }
    list = catalogue_to_json(self->faults);
    json_dumpf(list, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(list);
    return OPTIONS_DONE;
}

static int add_listener(program_options *o, const char *text, problem *p)
{
    problem why;
    endpoint *e = &o->listeners[o->nlisteners];

    if (o->nlisteners == PROGRAM_LISTENERS_MAX) {
        problem_set(p, 400, "", "at most %d --listen", PROGRAM_LISTENERS_MAX);
        return -1;
    }
    if (endpoint_parse(text, o->nlisteners, e, &why) != 0) {
        problem_set(p, 400, "", "--listen %s", why.detail);
        return -1;
    }
    for (size_t i = 0; i < o->nlisteners; i++) {
        if (strcmp(o->listeners[i].name, e->name) == 0) {
            problem_set(p, 400, "",
                        "--listen \"%.100s\": the name \"%s\" is taken; give each its own", text,
                        e->name);
            return -1;
        }
    }
    o->nlisteners++;
    return 0;
}

static int parse_number(const char *option, const char *text, uint64_t min, uint64_t max,
                        uint64_t *value, problem *p)
{
    char *end = NULL;

    errno = 0;
    if (text[0] >= '0' && text[0] <= '9') {
        *value = strtoull(text, &end, 10);
    }
    if (end == NULL || *end != '\0' || errno != 0 || *value < min || *value > max) {
        problem_set(p, 400, "", "%s \"%.60s\": expected a number from %llu to %llu", option, text,
                    (unsigned long long)min, (unsigned long long)max);
        return -1;
    }
    return 0;
}

/* The first line of the file; what follows it must be empty. */
static int read_token(program_options *o, const char *path, problem *p)
{
    char text[TOKEN_FILE_MAX + 1];
    FILE *f = fopen(path, "r");
    size_t length;

    if (f == NULL) {
        problem_set(p, 400, "", "--control-token-file %.200s: %s", path, strerror(errno));
        return -1;
    }
    length = fread(text, 1, TOKEN_FILE_MAX, f);
    fclose(f);
    text[length] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    free(o->control_token);
    o->control_token = strdup(text);
    explicit_bzero(text, sizeof(text));
    return 0;
}

static void refuse_option(const struct option *options, char **argv, int val, problem *p)
{
    const char *names[LONG_OPTIONS + 1];
    const char *given = argv[optind - 1];
    char name[64], near[200];
    size_t n = 0;

    for (; options[n].name != NULL; n++) {
        names[n] = options[n].name;
    }
    names[n] = NULL;
    if (val == ':') {
        problem_set(p, 400, "", "%.60s needs a value; see --help", given);
        return;
    }
    if (strncmp(given, "--", 2) != 0) {
        problem_set(p, 400, "", "unknown option \"%.60s\"; see --help", given);
        return;
    }
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(given + 2, "="), given + 2);
    problem_nearest(name, names, near, sizeof(near));
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            problem_set(p, 400, "", "--%s takes no value; see --help", name);
            return;
        }
    }
    problem_set(p, 400, "", "unknown option \"--%s\"%s%s; see --help", name,
                near[0] == '\0' ? "" : "; the nearest are: ", near);
}

static int take_option(const program *self, int val, program_options *o, problem *p)
{
    uint64_t number = 0;
    int rc = 0;

    switch (val) {
    case OPTION_LISTEN:
        return add_listener(o, optarg, p);
    case OPTION_CONTROL:
        o->control = optarg;
        return 0;
    case OPTION_TOKEN_FILE:
        return read_token(o, optarg, p);
    case OPTION_RULES:
        o->rules_file = optarg;
        return 0;
    case OPTION_SEED:
        return parse_number("--seed", optarg, 0, INT64_MAX, &o->seed, p);
    case OPTION_EVENTS:
        rc = parse_number("--events", optarg, 1, EVENTS_MAX, &number, p);
        o->events = (size_t)number;
        return rc;
    default:
        return self->option(self->arg, val, optarg, p);
    }
}

options_outcome options_parse(const program *self, int argc, char **argv, program_options *o,
                              problem *p)
{
    struct option options[LONG_OPTIONS + 1] = {{0}};
    size_t n = 0;
    int val;

    memset(o, 0, sizeof(*o));
    o->seed = 1;
    o->events = EVENTS_DEFAULT;

    for (; n < COMMON_OPTIONS; n++) {
        options[n] = common_options[n];
    }
    for (const struct option *own = self->options; own != NULL && own->name != NULL; own++) {
        if (n < LONG_OPTIONS) {
            options[n++] = *own;
        }
    }

    optind = 0; /* glibc: start anew, whoever parsed before */
    opterr = 0;
    while ((val = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (val == '?' || val == ':') {
            refuse_option(options, argv, val, p);
            return OPTIONS_WRONG;
        }
        if (val == OPTION_HELP) {
            print_help(self);
            return OPTIONS_DONE;
        }
        if (val == OPTION_VERSION) {
            printf("%s %s\n", self->name, STAPLELAB_VERSION);
            return OPTIONS_DONE;
        }
        if (val == OPTION_LIST_FAULTS) {
            return list_faults(self, optarg, p);
        }
        if (take_option(self, val, o, p) != 0) {
            return OPTIONS_WRONG;
        }
    }
    if (optind < argc) {
        problem_set(p, 400, "", "unexpected argument \"%.60s\"; see --help", argv[optind]);
        return OPTIONS_WRONG;
    }
    if (o->nlisteners == 0) {
        problem_set(p, 400, "", "give at least one --listen [NAME=]ADDRESS:PORT; see --help");
        return OPTIONS_WRONG;
    }
    return OPTIONS_RUN;
}

void options_free(program_options *o)
{
    free(o->control_token);
    o->control_token = NULL;
}
