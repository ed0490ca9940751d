/*
 * index.txt, in which OpenSSL's "ca" keeps what a CA has issued: a line a certificate, six fields
 * between tabs.
 *
 *   V<TAB>401231235959Z<TAB><TAB>1000<TAB>unknown<TAB>/CN=www.example.test
 *   R<TAB>401231235959Z<TAB>300101000000Z,keyCompromise<TAB>1001<TAB>unknown<TAB>/CN=old
 *
 * V is valid and E expired: both are "good", since nobody has revoked them.  R is revoked.
 */
#ifndef STAPLELAB_OCSP_INDEX_TXT_H
#define STAPLELAB_OCSP_INDEX_TXT_H

#include "harness/base/problem.h"
#include "harness/base/span.h"
#include "responders/ocsp/store.h"

typedef struct {
    char *serial; /* normalised hex (codec/serial.h) */
    size_t line;  /* from 1 */
    ocsp_standing standing;
} index_entry;

typedef struct {
    index_entry *all;
    size_t count;
} index_txt;

/* Reads all lines of a file called `name` into *out, to be freed in any case.  0, or -1 with *p,
 * which names the file, the line and what is accepted. */
int index_txt_read(const char *name, span text, index_txt *out, problem *p);
void index_txt_free(index_txt *index);

#endif
