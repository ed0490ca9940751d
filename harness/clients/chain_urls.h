/*
 * Where a server's certificates say that their status is to be had.
 */
#ifndef STAPLELAB_CHAIN_URLS_H
#define STAPLELAB_CHAIN_URLS_H

#include <openssl/x509.h>
#include <stdio.h>

/* Writes a line for each OCSP URL of each certificate: its place in the chain, its serial number,
 * "must-staple" or "-", the URL or "-" for none, its subject; with a tab between. Nothing that a
 * certificate holds can make another line or field. */
void chain_urls_print(const STACK_OF(X509) * chain, FILE *out);

#endif
