/* The fault catalogue of faulty-dnsd: a line for each fault, in the order of their ids. */
#ifndef STAPLELAB_DNS_CATALOGUE_H
#define STAPLELAB_DNS_CATALOGUE_H

#include "responders/engine/fault.h"

extern const fault_line dns_fault_lines[];            /* ends with a name of NULL */
extern const primitive *const dns_fault_primitives[]; /* ends with NULL */

#endif
