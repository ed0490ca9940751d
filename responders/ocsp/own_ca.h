/*
 * A CA of one's own (--ca): its certificate and key, and what it says of serial numbers, of which
 * no certificate is here.
 */
#ifndef STAPLELAB_OCSP_OWN_CA_H
#define STAPLELAB_OCSP_OWN_CA_H

#include "harness/base/problem.h"
#include "responders/ocsp/store.h"

/* Adds the CA whose certificate and key are in two files of PEM; its id is the name of the first,
 * without its folder and ending.  Says "good" of all serials.  0, or -1 with *p. */
int ocsp_store_add_ca(ocsp_store *store, const char *certificate, const char *key, problem *p);

/* Of the CA that was added last: what is said of serials that nothing else is said of, and the
 * index.txt that says something (index_txt.h).  `now` is the time of a revocation.  0, or -1 with
 * *p, also where there is none. */
int ocsp_store_set_default(ocsp_store *store, const char *status, int64_t now, problem *p);
int ocsp_store_read_index(ocsp_store *store, const char *path, problem *p);

#endif
