/* What a rule can match a request on. */
#ifndef STAPLELAB_ENGINE_MATCH_H
#define STAPLELAB_ENGINE_MATCH_H

#include <stdbool.h>

/* One thing of a request that a rule can match on. */
typedef struct {
    const char *name;    /* "serial", "qname", "listener", ... */
    const char *summary; /* one line for the documentation and for refusals */
    bool at_accept;      /* known before anything was read */
    /* Rewrites a value from a rule into the form that requests carry (lower case, no leading
     * zeros, ...), in a new string; NULL when it is not valid.  NULL: as it is. */
    char *(*normalise)(const char *value);
} match_key;

#endif
