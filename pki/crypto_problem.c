/* See crypto_problem.h. */
#include "pki/crypto_problem.h"

#include <openssl/err.h>

int crypto_problem_fail(problem *p, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    problem_fail(p, "%s: %s", what, reason != NULL ? reason : "libcrypto gave no reason");
    ERR_clear_error();
    return -1;
}
