#ifndef TESTS_OPENPROJECT_BASE64_H
#define TESTS_OPENPROJECT_BASE64_H

#include "base/buf.h"

/* Append what s says; false if it is no base64. */
bool base64_decode(struct str s, struct buf *out);

#endif
