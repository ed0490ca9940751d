/*
 * Domain names: RFC 1035 sections 2.3.4, 3.1 and 4.1.4 (compression), 5.1 (text).
 *
 * A name is kept as the octets it has on the wire when it is not compressed, so that what a
 * client asked can be repeated to the letter and faults can write names that text cannot.
 */
#ifndef STAPLELAB_DNS_NAME_H
#define STAPLELAB_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"
#include "harness/base/problem.h"

#define DNS_NAME_MAX       255                    /* octets on the wire, the root's zero included */
#define DNS_LABEL_MAX      63                     /* octets of one label */
#define DNS_NAME_TEXT_SIZE (4 * DNS_NAME_MAX + 1) /* every octet escaped as \DDD, and the end */

typedef struct {
    uint8_t length; /* 1 (the root) to DNS_NAME_MAX */
    uint8_t octets[DNS_NAME_MAX];
} dns_name;

/*
 * Reads the name at *at of a message and moves *at past it.  Pointers are followed only when
 * `compression` is allowed, and only backwards, so no loop can form.
 * 0, or -1 with *p; then *at and *out are not to be used.
 */
int dns_name_parse(span message, size_t *at, bool compression, dns_name *out, problem *p);

/* Reads "www.example", with or without the trailing dot, "." being the root; \. \\ and \DDD
 * are understood.  0, or -1 with *p. */
int dns_name_from_text(const char *text, dns_name *out, problem *p);

/* Writes the name without a trailing dot ("." for the root), unusual octets escaped. */
void dns_name_to_text(const dns_name *name, char out[DNS_NAME_TEXT_SIZE]);

/* ASCII letters only (RFC 4343). */
void dns_name_lower(dns_name *name);
bool dns_name_equal(const dns_name *a, const dns_name *b);

/* Whether `name` is `above` or one of the names under it. */
bool dns_name_is_within(const dns_name *name, const dns_name *above);

/* Puts the label `label` before `name`.  Returns whether the result is within the limits;
 * if not, *out is not to be used. */
bool dns_name_prepend(const char *label, const dns_name *name, dns_name *out);

/* The name without its first label; the root stays the root. */
void dns_name_parent(const dns_name *name, dns_name *out);

#endif
