/*
 * The folder that a mint leaves: ID.pem and ID.key (mode 0600) for every entry, ID.chain.pem
 * (leaf and intermediates) and ID.trusted.pem (intermediates and root) for every leaf,
 * manifest.json. It appears all at once or not at all.
 */
#ifndef STAPLELAB_PKI_OUTPUT_FOLDER_H
#define STAPLELAB_PKI_OUTPUT_FOLDER_H

#include "harness/base/problem.h"
#include "pki/hierarchy.h"

/* Whether `path` is free for a mint: absent, or an empty folder. 0, or -1 with *p. */
int output_folder_check(const char *path, problem *p);

/* Writes everything into a sibling of `path` (mode 0700) and renames that. 0, or -1 with *p; then
 * the sibling is gone and `path` is as it was. */
int output_folder_write(const hierarchy *h, const char *path, problem *p);

#endif
