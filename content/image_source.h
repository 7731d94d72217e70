#ifndef CONTENT_IMAGE_SOURCE_H
#define CONTENT_IMAGE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/image_info.h"

/* A picture's bytes: in memory, or in a file where bytes is NULL. */
struct image_source {
	const uint8_t *bytes;
	uint64_t n; /* of bytes; of a file, its size */
	int fd;
};

/* Copy n bytes from offset at; false if they are not all there. */
bool image_read(const struct image_source *s, uint64_t at, void *to, size_t n);

/* Each reads one format; false if it is another one, or broken. */
typedef bool image_format_fn(
	const struct image_source *s, struct image_info *out);

image_format_fn image_jpeg, image_png, image_gif, image_webp, image_avif,
	image_svg;

#endif
