#ifndef STORE_GIT_ERROR_H
#define STORE_GIT_ERROR_H

#include "base/err.h"

/* Set ERR_IO, with what libgit2 said last behind the text; gives ERR_IO. */
int git_failed(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ERR_IO where the system let libgit2 down, else what the caller thinks. */
enum err_code git_code(enum err_code other);

#endif
