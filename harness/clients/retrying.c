/*
 * A poll() for the time between two tries, which the bound on all of them ends.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>

#include "harness/clients/duration.h"
#include "harness/clients/retrying.h"

enum { USUAL_INTERVAL_MS = 1000, VERDICTS_MAX = 32 };

static int take_tries(void *arg, const char *value, problem *p)
{
    return options_number("--tries", value, 1, 1000000, &((retrying_options *)arg)->tries, p);
}

static int take_interval(void *arg, const char *value, problem *p)
{
    return duration_option("--interval", value, 0, &((retrying_options *)arg)->interval_ms, p);
}

static int take_within(void *arg, const char *value, problem *p)
{
    return duration_option("--within", value, 1, &((retrying_options *)arg)->within_ms, p);
}

static int take_until(void *arg, const char *value, problem *p)
{
    const char *words[VERDICTS_MAX] = {NULL};
    for (int i = 0; i < VERDICTS_MAX - 1 && verdict_vocabulary[i].name != NULL; i++) {
        words[i] = verdict_vocabulary[i].name;
        if (strcmp(value, words[i]) == 0) {
            ((retrying_options *)arg)->until = &verdict_vocabulary[i];
            return 0;
        }
    }
    char near[120];
    problem_nearest(value, words, near, sizeof(near));
    return problem_refuse(p, "", "--until '%s': a verdict is accepted (--list-verdicts)%s%s", value,
                          near[0] == '\0' ? "" : "; the nearest: ", near);
}

const options_row retrying_rows[] = {
    {"tries", "N", "how often to try (default: 1; with --within: as often as time allows)",
     take_tries},
    {"interval", "TIME",
     "real time between two tries, such as 500ms, 2s, 1m (default: 1s with --until or --within, "
     "else none)",
     take_interval},
    {"until", "VERDICT", "no further try once one ends so; needs --tries or --within", take_until},
    {"within", "TIME", "real time for all tries, such as 10s", take_within},
    {0},
};

bool retrying_waits(const retrying_options *options)
{
    return options->interval_ms > 0 || options->until != NULL || options->within_ms > 0;
}

int retrying_settle(retrying_options *options, problem *p)
{
    if (options->until != NULL && options->tries == 0 && options->within_ms == 0) {
        return problem_refuse(p, "", "--until needs --within TIME or --tries N beside it");
    }
    if (options->interval_ms == -1) {
        options->interval_ms =
            options->until != NULL || options->within_ms > 0 ? USUAL_INTERVAL_MS : 0;
    }
    if (options->tries == 0 && options->within_ms == 0) {
        options->tries = 1;
    }
    return 0;
}

int retrying_begin(const retrying_options *options, retrying *out, problem *p)
{
    *out = (retrying){.options = options, .within = {.timer = -1, .leash = -1}};
    return options->within_ms == 0 ? 0 : bound_make((int)options->within_ms, -1, &out->within, p);
}

bool retrying_again(retrying *r, int status)
{
    const retrying_options *o = r->options;
    r->made++;
    if ((o->tries > 0 && r->made >= o->tries) ||
        (o->until != NULL && status == (int)o->until->verdict)) {
        return false;
    }
    struct pollfd over = {.fd = r->within.timer, .events = POLLIN};
    return poll(&over, 1, (int)o->interval_ms) == 0;
}

int retrying_allowance(const retrying *r, int milliseconds)
{
    struct itimerspec left;
    if (r->within.timer == -1 || timerfd_gettime(r->within.timer, &left) == -1) {
        return milliseconds;
    }
    int64_t ms = (int64_t)left.it_value.tv_sec * 1000 + left.it_value.tv_nsec / 1000000;
    return ms >= milliseconds ? milliseconds : ms < 1 ? 1 : (int)ms;
}

void retrying_end(retrying *r)
{
    bound_free(&r->within);
}
