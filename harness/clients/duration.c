/*
 * Numbers with a unit, and points in time.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/clients/duration.h"

enum { DIGITS_MAX = 9, DAY_MS = 86400000 };

static const struct {
    const char *name;
    int64_t milliseconds;
} UNITS[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"", 1000}};

int duration_option(const char *option, const char *text, int64_t min, int64_t *milliseconds,
                    problem *p)
{
    size_t digits = strspn(text, "0123456789");
    for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
        if (digits == 0 || digits > DIGITS_MAX || strcmp(text + digits, UNITS[i].name) != 0) {
            continue;
        }
        int64_t value = strtoll(text, NULL, 10) * UNITS[i].milliseconds;
        if (value < min || value > DAY_MS) {
            break;
        }
        *milliseconds = value;
        return 0;
    }
    return problem_refuse(p, "",
                          "%s '%s': a time of %s24h is accepted, such as 500ms, 10s, 2m; a number "
                          "alone counts seconds",
                          option, text, min > 0 ? "1ms to " : "up to ");
}

int duration_instant(const char *option, const char *text, int64_t *seconds, problem *p)
{
    struct tm fields = {0};
    size_t digits = strspn(text, "0123456789");
    if (digits > 0 && digits <= 12 && text[digits] == '\0') {
        *seconds = strtoll(text, NULL, 10);
        return 0;
    }
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &fields);
    if (end != NULL && *end == '\0') {
        *seconds = (int64_t)timegm(&fields);
        return 0;
    }
    return problem_refuse(p, "",
                          "%s '%s': seconds since 1970, or UTC as 2030-01-01T00:00:00Z, are "
                          "accepted",
                          option, text);
}
