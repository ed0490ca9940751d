/*
 * Paths to records.  A name may hold a "/" (as \047 or plainly), so the type is what follows
 * the last one.
 */
#include "responders/dns/resource.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"

#define PATH "/v1/records"

static int change_set(dns_store *s, const char *method, const char *name, const char *type,
                      json_t *body, problem *p)
{
    if (strcmp(method, "PUT") == 0) {
        return dns_store_put(s, name, type, body, p);
    }
    if (strcmp(method, "DELETE") == 0) {
        return dns_store_remove(s, name, type, p);
    }
    problem_set_method(p, method, "PUT, DELETE");
    return -1;
}

static json_t *all_records(const dns_store *s)
{
    return json_pack("{s:o}", "records", dns_store_to_json(s));
}

bool dns_resource(dns_store *s, const char *method, const char *path, json_t *body,
                  json_t **response, problem *p)
{
    char *name, *type;

    if (strcmp(path, PATH) == 0) {
        if (strcmp(method, "GET") != 0) {
            problem_set_method(p, method, "GET");
        } else {
            *response = all_records(s);
        }
        return true;
    }
    if (strncmp(path, PATH "/", strlen(PATH) + 1) != 0) {
        return false;
    }

    name = memory_text(path + strlen(PATH) + 1);
    type = strrchr(name, '/');
    if (type != NULL) {
        *type++ = '\0';
        if (change_set(s, method, name, type, body, p) == 0) {
            *response = all_records(s);
        }
    }
    free(name);
    return type != NULL;
}
