/*
 * What primitives that depend on time remember of a rule: when it first served a question.
 */
#ifndef STAPLELAB_ENGINE_FAULT_STATE_H
#define STAPLELAB_ENGINE_FAULT_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* How many questions are remembered at most, so that who asks for ever new ones cannot make it
 * grow. */
#define FAULT_STATE_MAX 4096

typedef struct fault_state fault_state;

fault_state *fault_state_new(void);
void fault_state_free(fault_state *s);

/* Forgets everything: for a reset, and when the rules change. */
void fault_state_clear(fault_state *s);

/* Writes to *first when the rule first served the question (any text that names it): `now`, in
 * Unix seconds, and from then on, if it had not yet. False when no more can be remembered. */
bool fault_state_first(fault_state *s, const char *rule, const char *question, int64_t now,
                       int64_t *first);

#endif
