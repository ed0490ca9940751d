/* The options that every responder knows, and those of its own beside them. */
#include "responders/program/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "harness/base/version.h"
#include "responders/program/token.h"

#define EVENTS_DEFAULT 4096
#define EVENTS_MAX     10000000

/* What the functions of the rows work with. */
typedef struct {
    const program_options_terms *terms;
    const options_group *groups;
    program_options *options;
} parsing;

static const parsing *parsing_of(void *arg)
{
    return arg;
}

static int take_listen(void *arg, const char *text, problem *p)
{
    program_options *o = parsing_of(arg)->options;
    problem why;
    endpoint *e = &o->listeners[o->nlisteners];

    if (o->nlisteners == PROGRAM_LISTENERS_MAX) {
        return problem_refuse(p, "", "at most %d --listen", PROGRAM_LISTENERS_MAX);
    }
    if (endpoint_parse(text, o->nlisteners, e, &why) != 0) {
        return problem_refuse(p, "", "--listen %s", why.detail);
    }
    for (size_t i = 0; i < o->nlisteners; i++) {
        if (strcmp(o->listeners[i].name, e->name) == 0) {
            return problem_refuse(
                p, "", "--listen \"%.100s\": the name \"%s\" is taken; give each its own", text,
                e->name);
        }
    }
    o->nlisteners++;
    return 0;
}

static int take_token_file(void *arg, const char *path, problem *p)
{
    program_options *o = parsing_of(arg)->options;
    char *token;

    if (token_read("--control-token-file", path, &token, p) != 0) {
        return -1;
    }
    program_options_clear(o);
    o->control_token = token;
    return 0;
}

static int take_control(void *arg, const char *value, problem *p)
{
    (void)p;
    parsing_of(arg)->options->control = value;
    return 0;
}

static int take_rules(void *arg, const char *value, problem *p)
{
    (void)p;
    parsing_of(arg)->options->rules_file = value;
    return 0;
}

static int take_seed(void *arg, const char *value, problem *p)
{
    return options_number("--seed", value, 0, INT64_MAX, &parsing_of(arg)->options->seed, p);
}

static int take_events(void *arg, const char *value, problem *p)
{
    uint64_t number = 0;
    const int rc = options_number("--events", value, 1, EVENTS_MAX, &number, p);

    parsing_of(arg)->options->events = (size_t)number;
    return rc;
}

static void print_parameter(const param *q)
{
    char fallback[80] = "required";

    if (q->fallback != NULL) {
        snprintf(fallback, sizeof(fallback), "default %s", q->fallback);
    }
    printf("     %s%s%s%s: %s (%s)\n", q->name, q->unit == NULL ? "" : " [",
           q->unit == NULL ? "" : q->unit, q->unit == NULL ? "" : "]", q->summary, fallback);
    for (size_t i = 0; q->choices != NULL && q->choices[i] != NULL; i++) {
        printf("%s%s%s", i == 0 ? "       one of " : ", ", q->choices[i],
               q->choices[i + 1] == NULL ? "\n" : "");
    }
}

/* The stages of a fault's primitives: "message, end". */
static void print_stages(const fault *f)
{
    for (size_t i = 0; i < f->nparts; i++) {
        printf("%s%s", i == 0 ? "" : ", ", stage_name(f->parts[i].primitive->stage));
    }
}

static void print_fault(const fault *f, int width)
{
    if (f->line->id[0] != '\0') {
        printf("%-4s ", f->line->id);
    }
    printf("%-*s  ", width, f->line->name);
    print_stages(f);
    printf(": %s\n", f->line->summary);
    for (size_t k = 0; k < f->nparams; k++) {
        print_parameter(&f->params[k].param);
    }
}

static void print_all(const catalogue *c, size_t count,
                      const fault *(*at)(const catalogue *c, size_t index))
{
    int width = 0;

    for (size_t i = 0; i < count; i++) {
        const int length = (int)strlen(at(c, i)->line->name);

        width = length > width ? length : width;
    }
    for (size_t i = 0; i < count; i++) {
        print_fault(at(c, i), width);
    }
}

/* Prints as JSON; takes the list over. 1, or -1 with *p for another form. */
static int print_json(json_t *list, const char *option, const char *form, problem *p)
{
    const bool known = strcmp(form, "json") == 0;

    if (known) {
        json_dumpf(list, stdout, JSON_INDENT(2));
        printf("\n");
    } else {
        problem_set(p, 400, "", "%s=%.40s: the forms are %s and %s=json", option, form, option,
                    option);
    }
    json_decref(list);
    return known ? 1 : -1;
}

static int take_list_faults(void *arg, const char *form, problem *p)
{
    const catalogue *c = parsing_of(arg)->terms->faults;

    if (form != NULL) {
        return print_json(catalogue_faults_to_json(c), "--list-faults", form, p);
    }
    print_all(c, catalogue_count(c), catalogue_at);
    return 1;
}

static int take_list_primitives(void *arg, const char *form, problem *p)
{
    const catalogue *c = parsing_of(arg)->terms->faults;

    if (form != NULL) {
        return print_json(catalogue_primitives_to_json(c), "--list-primitives", form, p);
    }
    print_all(c, catalogue_primitive_count(c), catalogue_primitive_at);
    return 1;
}

static int take_version(void *arg, const char *value, problem *p)
{
    (void)value;
    (void)p;
    printf("%s %s\n", parsing_of(arg)->terms->name, STAPLELAB_VERSION);
    return 1;
}

static int take_help(void *arg, const char *value, problem *p)
{
    const program_options_terms *terms = parsing_of(arg)->terms;

    (void)value;
    (void)p;
    printf("Usage: %s --listen [NAME=]ADDRESS:PORT [OPTION]...\n%s\n\n", terms->name,
           terms->summary);
    options_help(parsing_of(arg)->groups, stdout);
    printf("\nOnce it listens, one line of JSON on standard output tells the addresses and "
           "ports.\nExit status: 0 when ended by SIGTERM or SIGINT, 1 when it could not start, "
           "2 for wrong usage.\n");
    return 1;
}

static const options_row common_rows[] = {
    {"listen", "[NAME=]ADDRESS:PORT", "listen there; port 0 takes a free one; may be repeated",
     take_listen},
    {"rules", "FILE", "rules in force from the start, as PUT /v1/rules takes them", take_rules},
    {"seed", "N", "seed of the draws of rules with a probability (default 1)", take_seed},
    {"events", "N", "how many events are kept (default 4096)", take_events},
    {"control", "unix:PATH|tcp:ADDRESS:PORT",
     "serve the control API on a Unix socket, or on TCP, which needs a token", take_control},
    {"control-token-file", "FILE",
     "the bearer token that callers must send: one line, in a file that not everybody may read",
     take_token_file},
    {"list-faults", "[=json]", "print the fault catalogue and exit", take_list_faults},
    {"list-primitives", "[=json]", "print what faults are made of, and exit", take_list_primitives},
    {"version", NULL, "print the version and exit", take_version},
    {"help", NULL, "print this and exit", take_help},
    {0},
};

int program_options_parse(const program_options_terms *terms, int argc, char **argv,
                          program_options *o, problem *p)
{
    parsing all = {.terms = terms, .options = o};
    const options_group common = {.rows = common_rows, .arg = &all};
    const options_group groups[] = {terms->own.rows != NULL ? terms->own : common,
                                    terms->own.rows != NULL ? common : (options_group){0},
                                    {0}};
    int operand, rc;

    *o = (program_options){.seed = 1, .events = EVENTS_DEFAULT};
    all.groups = groups;
    rc = options_parse(groups, argc, argv, &operand, p);
    if (rc != 0) {
        return rc;
    }
    if (operand < argc) {
        return problem_refuse(p, "", "unexpected argument \"%.60s\"; see --help", argv[operand]);
    }
    if (o->nlisteners == 0) {
        return problem_refuse(p, "", "give at least one --listen [NAME=]ADDRESS:PORT; see --help");
    }
    return 0;
}

void program_options_clear(program_options *o)
{
    if (o->control_token != NULL) {
        explicit_bzero(o->control_token, strlen(o->control_token));
    }
    free(o->control_token);
    o->control_token = NULL;
}
