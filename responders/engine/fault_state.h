/*
 * What time-dependent faults remember: when a rule first answered a question.
 */
#ifndef STAPLELAB_DNS_MEMORY_H
#define STAPLELAB_DNS_MEMORY_H

#include <stdint.h>
#include <time.h>

#include "responders/dns/codec/dns_name.h"

typedef struct memory memory;

memory *memory_new(void);
void memory_free(memory *m);
void memory_clear(memory *m);

/* When the rule first answered that question: `now`, from then on, if it had not yet. */
time_t memory_first(memory *m, const char *rule, const dns_name *name, uint16_t type, time_t now);

#endif
