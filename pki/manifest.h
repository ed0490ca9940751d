/*
 * manifest.json: what was minted, for programs that read the folder.
 *
 *   {"name", "now", "certificates": {ID: {"role", "issuer" (its own id when self-signed),
 *    "subject" (the common name), "serial", "key", "certificate", "private_key",
 *    "chain", "trusted" (leaves only), "ocsp_urls", "must_staple", "eku",
 *    "not_before", "not_after"}}}
 *
 * File names are relative to the folder, times are Unix seconds.  docs/schema/manifest.json says it
 * in full.
 */
#ifndef STAPLELAB_PKI_MANIFEST_H
#define STAPLELAB_PKI_MANIFEST_H

#include <jansson.h>
#include <stddef.h>

#include "pki/description.h"

/* Names of files: an id and one of these. */
#define MANIFEST_SUFFIX_CERTIFICATE ".pem"
#define MANIFEST_SUFFIX_KEY         ".key"
#define MANIFEST_SUFFIX_CHAIN       ".chain.pem"
#define MANIFEST_SUFFIX_TRUSTED     ".trusted.pem"

#define MANIFEST_FILE_NAME_SIZE 80

/* Writes "ID" and the suffix into `out`. */
void manifest_file_name(const pki_entry *e, const char *suffix, char out[MANIFEST_FILE_NAME_SIZE]);

/* Returns the manifest as a new JSON object. */
json_t *manifest_new(const description *d);

#endif
