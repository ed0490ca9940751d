/*
 * Paths to records.  A name may hold a "/" (as \047 or plainly), so the type is what follows
 * the last one.
 */
#include "responders/dns/resource.h"

#include <stdlib.h>
#include <string.h>

#define PATH "/v1/records"

static int one_set(records *r, const char *method, const char *name, const char *type, json_t *body,
                   problem *p)
{
    if (strcmp(method, "PUT") == 0) {
        return records_put(r, name, type, body, p);
    }
    if (strcmp(method, "DELETE") == 0) {
        return records_remove(r, name, type, p);
    }
    problem_set_method(p, method, "PUT, DELETE");
    return -1;
}

bool records_resource(records *r, const char *method, const char *path, json_t *body,
                      json_t **answer, problem *p)
{
    char *name, *type;

    if (strcmp(path, PATH) == 0) {
        if (strcmp(method, "GET") != 0) {
            problem_set_method(p, method, "GET");
        } else {
            *answer = json_pack("{s:o}", "records", records_to_json(r));
        }
        return true;
    }
    if (strncmp(path, PATH "/", strlen(PATH) + 1) != 0) {
        return false;
    }

    name = strdup(path + strlen(PATH) + 1);
    type = name == NULL ? NULL : strrchr(name, '/');
    if (type != NULL) {
        *type++ = '\0';
        if (one_set(r, method, name, type, body, p) == 0) {
            *answer = json_pack("{s:o}", "records", records_to_json(r));
        }
    }
    free(name);
    return type != NULL;
}
