/*
 * ${NAME} in a description's strings. One description serves every lab, although ports and
 * addresses differ from lab to lab.
 */
#ifndef STAPLELAB_PKI_PLACEHOLDERS_H
#define STAPLELAB_PKI_PLACEHOLDERS_H

#include <jansson.h>

#include "pki/mint_error.h"

/* Takes one "NAME=VALUE" (NAME: a letter or _, then letters, digits, _) into the object
 * `settings`; a later one replaces an earlier one. 0, or -1 with *e. */
int placeholders_set(json_t *settings, const char *assignment, mint_error *e);

/* Returns a deep copy of `in` with every ${NAME} in every string replaced, once, by its value in
 * the object `settings`; a $ without { stands for itself. NULL with *e when a name has no value. */
json_t *placeholders_replace(const json_t *in, const json_t *settings, mint_error *e);

#endif
