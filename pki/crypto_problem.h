/*
 * A call of libcrypto that failed, as a problem.
 */
#ifndef STAPLELAB_PKI_CRYPTO_PROBLEM_H
#define STAPLELAB_PKI_CRYPTO_PROBLEM_H

#include "harness/base/problem.h"

/* Fills *p: status 500, `what` ("making a key") and the reason that libcrypto gives; empties its
 * queue of errors. Returns -1. */
int crypto_problem_fail(problem *p, const char *what);

#endif
