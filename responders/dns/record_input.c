/*
 * Everything about a set is checked and read before it comes near the store, so that responses
 * need not be able to fail.
 */
#include "responders/dns/record_input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/dns/codec/dns_type.h"

#define VALUES_MAX 1024 /* of one set: 28 KiB as AAAA records, well inside one message */

int record_input_key(const char *name, const char *type, record_input *out, problem *p)
{
    problem why;

    if (dns_name_from_text(name, &out->name, &why) != 0) {
        return problem_refuse(p, "", "record name \"%s\": %s", name, why.detail);
    }
    dns_name_lower(&out->name);

    if (!dns_type_from_text(type, &out->type) ||
        (out->type != DNS_TYPE_A && out->type != DNS_TYPE_AAAA && out->type != DNS_TYPE_CNAME)) {
        return problem_refuse(p, "", "record type \"%s\": accepted are A, AAAA and CNAME", type);
    }
    return 0;
}

static int read_target(const char *text, const char *pointer, dns_name *out, problem *p)
{
    problem why;

    if (dns_name_from_text(text, out, &why) != 0) {
        return problem_refuse(p, pointer, "CNAME target \"%s\": %s", text, why.detail);
    }
    return 0;
}

static int read_address(uint16_t type, const char *text, const char *pointer, dns_address *out,
                        problem *p)
{
    if (!dns_address_from_text(text, out) || dns_address_type(out) != type) {
        return problem_refuse(p, pointer, "\"%s\" is not an %s address such as \"%s\"", text,
                              type == DNS_TYPE_A ? "IPv4" : "IPv6",
                              type == DNS_TYPE_A ? "127.0.0.1" : "::1");
    }
    return 0;
}

/* Reads the texts, which may be NULL, and takes a reference to them.  0, or -1 with *p. */
static int read_values(json_t *values, record_input *out, problem *p)
{
    const size_t count = json_array_size(values);
    char pointer[32];

    out->values = NULL;
    out->addresses = NULL;
    if (count == 0 || count > VALUES_MAX) {
        return problem_refuse(p, "/values", "a set has 1 to %d values, not %zu", VALUES_MAX, count);
    }
    if (out->type == DNS_TYPE_CNAME && count != 1) {
        return problem_refuse(p, "/values", "a CNAME has exactly one value, not %zu", count);
    }

    out->values = json_incref(values);
    out->addresses = memory_array(count, sizeof(out->addresses[0]));
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(values, i));
        int rc;

        snprintf(pointer, sizeof(pointer), "/values/%zu", i);
        if (text == NULL) {
            problem_set(p, 400, pointer, "a value is a string");
            rc = -1;
        } else if (out->type == DNS_TYPE_CNAME) {
            rc = read_target(text, pointer, &out->target, p);
        } else {
            rc = read_address(out->type, text, pointer, &out->addresses[i], p);
        }
        if (rc != 0) {
            record_input_clear(out);
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
        return problem_refuse(p, "", "the body is an object {\"values\": [...], \"ttl\": SECONDS}");
    }

    out->ttl = RECORD_INPUT_TTL;
    json_object_foreach(body, key, value)
    {
        if (strcmp(key, "values") == 0 && json_is_array(value)) {
            values = value;
        } else if (strcmp(key, "ttl") == 0 && json_is_integer(value) &&
                   json_integer_value(value) >= 0 &&
                   json_integer_value(value) <= RECORD_INPUT_TTL_MAX) {
            out->ttl = (uint32_t)json_integer_value(value);
        } else {
            problem_pointer(pointer, sizeof(pointer), "", key);
            problem_set(
                p, 400, pointer,
                "accepted are \"values\", an array of strings, and \"ttl\", 0 to %d seconds",
                RECORD_INPUT_TTL_MAX);
            return -1;
        }
    }
    return read_values(values, out, p);
}

/* Splits "VALUE[,VALUE...]" in place into a new array. */
static json_t *split_values(char *text)
{
    json_t *values = json_array();
    char *comma;

    while ((comma = strchr(text, ',')) != NULL) {
        *comma = '\0';
        json_array_append_new(values, json_string(text));
        text = comma + 1;
    }
    json_array_append_new(values, json_string(text));
    return values;
}

static bool read_ttl(const char *text, uint32_t *ttl)
{
    long long value;
    char *end;

    errno = 0;
    value = strtoll(text, &end, 10);
    *ttl = (uint32_t)value;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 &&
           value <= RECORD_INPUT_TTL_MAX;
}

/* As record_input_option, of a text that may be cut up; `text` is what a refusal quotes. */
static int read_option(char *copy, const char *text, record_input *out, problem *p)
{
    char *equals = strchr(copy, '='), *slash = NULL, *at;
    json_t *values;
    int rc;

    if (equals != NULL) {
        *equals = '\0';
        slash = strrchr(copy, '/');
    }
    if (slash == NULL) {
        return problem_refuse(p, "", "record \"%s\": accepted is NAME/TYPE=VALUE[,VALUE...][@TTL]",
                              text);
    }
    *slash = '\0';

    out->ttl = RECORD_INPUT_TTL;
    at = strrchr(equals + 1, '@');
    if (at != NULL) {
        *at = '\0';
    }
    if (at != NULL && !read_ttl(at + 1, &out->ttl)) {
        return problem_refuse(p, "", "record \"%s\": the TTL is 0 to %d seconds", text,
                              RECORD_INPUT_TTL_MAX);
    }
    if (record_input_key(copy, slash + 1, out, p) != 0) {
        return -1;
    }
    values = split_values(equals + 1);
    rc = read_values(values, out, p);
    json_decref(values);
    return rc;
}

int record_input_option(const char *text, record_input *out, problem *p)
{
    char *copy = memory_text(text);
    const int rc = read_option(copy, text, out, p);

    free(copy);
    return rc;
}

void record_input_copy(const record_input *in, record_input *out)
{
    const size_t count = json_array_size(in->values);

    *out = *in;
    json_incref(out->values);
    out->addresses = memory_array(count, sizeof(out->addresses[0]));
    memcpy(out->addresses, in->addresses, count * sizeof(out->addresses[0]));
}

void record_input_clear(record_input *in)
{
    json_decref(in->values);
    free(in->addresses);
    in->values = NULL;
    in->addresses = NULL;
}
