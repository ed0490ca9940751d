/* cmocka wants these before its own header. */
#ifndef STAPLELAB_CM_H
#define STAPLELAB_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Its header comes last. */
#include <cmocka.h>

#endif
