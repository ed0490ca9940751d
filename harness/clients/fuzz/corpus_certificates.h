/*
 * Written by make_corpus.py: the leaf, its issuer and its issuer's delegate, whose OCSP responses
 * are in corpus_verdict/.
 */
#ifndef STAPLELAB_CORPUS_CERTIFICATES_H
#define STAPLELAB_CORPUS_CERTIFICATES_H

#define CORPUS_NOW INT64_C(1900000000)

static const char CORPUS_LEAF[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIHNMIGAoAMCAQICAhABMAUGAytlcDARMQ8wDQYDVQQDDAZpc3N1ZXIwHhcNMzAw\n"
    "MjE1MTc0NjQwWhcNMzAwNDE2MTc0NjQwWjAPMQ0wCwYDVQQDDARsZWFmMCowBQYD\n"
    "K2VwAyEAVAH9QhjgXhsKsIDL34Zntg7ezW+G9c+fBryVB2dpY8EwBQYDK2VwA0EA\n"
    "DX5/VogWRicsAdBz8CSFj/a6hR57ZkzwHpUnvQaPdSff8idf4xiKx+CYZZTZij4V\n"
    "AAw4iB/ivxs2vPIaJeKcAw==\n"
    "-----END CERTIFICATE-----\n";

static const char CORPUS_ISSUER[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIHOMIGBoAMCAQICAQEwBQYDK2VwMBExDzANBgNVBAMMBmlzc3VlcjAeFw0zMDAy\n"
    "MTUxNzQ2NDBaFw0zMDA0MTYxNzQ2NDBaMBExDzANBgNVBAMMBmlzc3VlcjAqMAUG\n"
    "AytlcAMhALnfiW0FJJXZxzRoPdVhuozmbSlSjMu+KWx8ECQ9Vt98MAUGAytlcANB\n"
    "AJhQhEtaWTCxBRoGDO6seFNB/eWIu/ekqxCbAqwWIdqEEBlJRoTjSAVihFpb2L7W\n"
    "BlVJ4CmS5XZz2ZlCAGPdqAc=\n"
    "-----END CERTIFICATE-----\n";

#endif
