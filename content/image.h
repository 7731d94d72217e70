#ifndef CONTENT_IMAGE_H
#define CONTENT_IMAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/image_info.h"

/*
 * Read format, width and height from the header of JPEG, PNG, GIF, WebP,
 * AVIF or SVG.  A JPEG's EXIF orientation does not change width and height
 * (as PIL's Image.size).  False, and *out zeroed, for all else and for broken
 * ones.  Trusts nothing; never reads beyond n.
 */
bool image_probe(const uint8_t *bytes, size_t n, struct image_info *out);

/* The same for a file, read from its start with pread(2) as far as needed. */
bool image_probe_fd(int fd, struct image_info *out);

#endif
