/* See instant.h. */
#include "responders/ocsp/instant.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void instant_to_text(int64_t epoch, char out[INSTANT_TEXT_SIZE])
{
    const time_t t = (time_t)epoch;
    struct tm tm;

    gmtime_r(&t, &tm);
    strftime(out, INSTANT_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Strict: what is read must be written in the same way. */
bool instant_read_text(const char *text, instant *out)
{
    struct tm tm = {0};
    char again[INSTANT_TEXT_SIZE];

    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec) != 6) {
        return false;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *out = (instant){.absolute = true, .seconds = timegm(&tm)};
    instant_to_text(out->seconds, again);
    return strcmp(text, again) == 0;
}

bool instant_read(const json_t *value, instant *out)
{
    if (json_is_string(value)) {
        return instant_read_text(json_string_value(value), out);
    }
    *out = (instant){.seconds = json_integer_value(value)};
    return json_is_integer(value) && out->seconds >= -INSTANT_SECONDS_MAX &&
           out->seconds <= INSTANT_SECONDS_MAX;
}

int64_t instant_at(const instant *i, int64_t now)
{
    return i->absolute ? i->seconds : now + i->seconds;
}
