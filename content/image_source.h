#ifndef CONTENT_IMAGE_SOURCE_H
#define CONTENT_IMAGE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

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

static inline uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

static inline uint32_t le16(const uint8_t *p)
{
	return (uint32_t)p[1] << 8 | p[0];
}

static inline uint32_t le24(const uint8_t *p)
{
	return (uint32_t)p[2] << 16 | le16(p);
}

static inline uint32_t le32(const uint8_t *p)
{
	return le16(p + 2) << 16 | le16(p);
}

#endif
