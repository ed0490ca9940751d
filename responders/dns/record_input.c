/*
 * Everything about a set is checked before it comes near the store, so that answers need not
 * be able to fail.
 */
#include "responders/dns/record_input.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responders/dns/codec/dns_type.h"
#include "responders/dns/store.h"

#define VALUES_MAX 1024 /* of one set: 28 KiB as AAAA records, well inside one message */

int record_input_key(const char *name, const char *type, record_input *out, problem *p)
{
    const char *wrong = dns_name_from_text(name, &out->name);

    if (wrong != NULL) {
        problem_set(p, 400, "", "record name \"%s\": %s", name, wrong);
        return -1;
    }
    dns_name_lower(&out->name);

    if (!dns_type_from_text(type, &out->type) ||
        (out->type != DNS_TYPE_A && out->type != DNS_TYPE_AAAA && out->type != DNS_TYPE_CNAME)) {
        problem_set(p, 400, "", "record type \"%s\": accepted are A, AAAA and CNAME", type);
        return -1;
    }
    return 0;
}

static int check_value(uint16_t type, const char *text, const char *pointer, problem *p)
{
    uint8_t octets[16];
    const char *wrong;
    dns_name name;

    if (type == DNS_TYPE_CNAME) {
        wrong = dns_name_from_text(text, &name);
        if (wrong != NULL) {
            problem_set(p, 400, pointer, "CNAME target \"%s\": %s", text, wrong);
            return -1;
        }
        return 0;
    }

    if (inet_pton(type == DNS_TYPE_A ? AF_INET : AF_INET6, text, octets) != 1) {
        problem_set(p, 400, pointer, "\"%s\" is not an %s address such as \"%s\"", text,
                    type == DNS_TYPE_A ? "IPv4" : "IPv6", type == DNS_TYPE_A ? "127.0.0.1" : "::1");
        return -1;
    }
    return 0;
}

static int check_values(uint16_t type, const json_t *values, problem *p)
{
    size_t count = json_array_size(values), i;
    char pointer[32];
    const char *text;

    if (count == 0 || count > VALUES_MAX) {
        problem_set(p, 400, "/values", "a set has 1 to %d values, not %zu", VALUES_MAX, count);
        return -1;
    }
    if (type == DNS_TYPE_CNAME && count != 1) {
        problem_set(p, 400, "/values", "a CNAME has exactly one value, not %zu", count);
        return -1;
    }

    for (i = 0; i < count; i++) {
        snprintf(pointer, sizeof(pointer), "/values/%zu", i);
        text = json_string_value(json_array_get(values, i));
        if (text == NULL) {
            problem_set(p, 400, pointer, "a value is a string");
            return -1;
        }
        if (check_value(type, text, pointer, p) != 0) {
            return -1;
        }
    }
    return 0;
}

int record_input_body(const char *name, const char *type, json_t *body, record_input *out,
                      problem *p)
{
    json_t *value, *values = NULL;
    char pointer[sizeof(p->pointer)];
    const char *key;

    if (record_input_key(name, type, out, p) != 0) {
        return -1;
    }
    if (!json_is_object(body)) {
        problem_set(p, 400, "", "the body is an object {\"values\": [...], \"ttl\": SECONDS}");
        return -1;
    }

    out->ttl = RECORDS_TTL;
    json_object_foreach(body, key, value)
    {
        if (strcmp(key, "values") == 0 && json_is_array(value)) {
            values = value;
        } else if (strcmp(key, "ttl") == 0 && json_is_integer(value) &&
                   json_integer_value(value) >= 0 && json_integer_value(value) <= RECORDS_TTL_MAX) {
            out->ttl = (uint32_t)json_integer_value(value);
        } else {
            problem_pointer(pointer, sizeof(pointer), "", key);
            problem_set(
                p, 400, pointer,
                "accepted are \"values\", an array of strings, and \"ttl\", 0 to %d seconds",
                RECORDS_TTL_MAX);
            return -1;
        }
    }
    if (check_values(out->type, values, p) != 0) {
        return -1;
    }

    out->values = json_incref(values);
    return 0;
}

/* Splits "VALUE[,VALUE...]" in place into a new array. */
static json_t *split_values(char *text)
{
    json_t *values = json_array();
    char *comma;

    for (;;) {
        comma = strchr(text, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        json_array_append_new(values, json_string(text));
        if (comma == NULL) {
            return values;
        }
        text = comma + 1;
    }
}

static int parse_ttl(const char *text, uint32_t *ttl)
{
    long long value;
    char *end;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > RECORDS_TTL_MAX) {
        return -1;
    }

    *ttl = (uint32_t)value;
    return 0;
}

int record_input_option(const char *text, record_input *out, problem *p)
{
    char *copy = strdup(text), *equals, *slash, *at;
    json_t *values = NULL;
    int result = -1;

    equals = copy == NULL ? NULL : strchr(copy, '=');
    if (equals != NULL) {
        *equals = '\0';
    }
    slash = equals == NULL ? NULL : strrchr(copy, '/');
    if (slash == NULL) {
        problem_set(p, 400, "", "record \"%s\": accepted is NAME/TYPE=VALUE[,VALUE...][@TTL]",
                    text);
        goto done;
    }
    *slash = '\0';

    out->ttl = RECORDS_TTL;
    at = strrchr(equals + 1, '@');
    if (at != NULL) {
        *at = '\0';
        if (parse_ttl(at + 1, &out->ttl) != 0) {
            problem_set(p, 400, "", "record \"%s\": the TTL is 0 to %d seconds", text,
                        RECORDS_TTL_MAX);
            goto done;
        }
    }

    values = split_values(equals + 1);
    if (record_input_key(copy, slash + 1, out, p) != 0 || check_values(out->type, values, p) != 0) {
        goto done;
    }
    out->values = json_incref(values);
    result = 0;

done:
    json_decref(values);
    free(copy);
    return result;
}
