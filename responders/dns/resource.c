/*
 * Paths to records.  A name may hold a "/" (as \047 or plainly), so the type is what follows
 * the last one.
 */
#include "responders/dns/resource.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"

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

int dns_resource_all(const dns_store *s, const char *method, json_t **response, problem *p)
{
    if (strcmp(method, "GET") != 0) {
        problem_set_method(p, method, "GET");
        return -1;
    }
    *response = all_records(s);
    return 0;
}

int dns_resource_one(dns_store *s, const char *method, const char *set, json_t *body,
                     json_t **response, problem *p)
{
    char *name = memory_text(set);
    char *type = strrchr(name, '/');
    int rc = -1;

    if (type == NULL) {
        problem_set(p, 404, "", "\"%.80s\" has no type; a record set is NAME/TYPE", set);
    } else {
        *type++ = '\0';
        rc = change_set(s, method, name, type, body, p);
    }
    free(name);
    if (rc == 0) {
        *response = all_records(s);
    }
    return rc;
}
