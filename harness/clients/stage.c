#include <stddef.h>

#include "harness/clients/stage.h"

const char *const stage_words[] = {"none",    "connected", "half-hello", "hello",   "handshake",
                                   "request", "response",  "closed",     "waiting", NULL};
