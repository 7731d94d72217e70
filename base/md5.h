#ifndef BASE_MD5_H
#define BASE_MD5_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define MD5_SIZE 16

/*
 * The MD5 of each of n contents: of eight that are of about one size, in a
 * third of the time that they take one by one.  Any thread.
 */
void md5_each(const struct str *contents, size_t n, uint8_t (*out)[MD5_SIZE]);

#endif
