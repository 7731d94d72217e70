/*
 * image_raster - JPEG, PNG, GIF and WebP: sizes that stand in the open.
 */
#include <stdio.h>
#include <string.h>

#include "content/image_source.h"

#define MAX_SEGMENTS 4096 /* of a JPEG, before its frame */

static bool set(struct image_info *out, const char *format, uint32_t width,
	uint32_t height)
{
	if (width == 0 || height == 0 || width > INT32_MAX ||
		height > INT32_MAX)
		return false;
	snprintf(out->format, sizeof(out->format), "%s", format);
	out->width = (long)width;
	out->height = (long)height;
	return true;
}

/* A start of frame: C0 to CF without DHT, JPG and DAC. */
static bool is_frame(uint8_t marker)
{
	return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 &&
	       marker != 0xC8 && marker != 0xCC;
}

/* Markers that have no segment: TEM, RST0 to RST7. */
static bool stands_alone(uint8_t marker)
{
	return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7);
}

bool image_jpeg(const struct image_source *s, struct image_info *out)
{
	uint8_t b[9];
	uint64_t at = 2;

	if (!image_read(s, 0, b, 3) || memcmp(b, "\xFF\xD8\xFF", 3) != 0)
		return false;
	for (int i = 0; i < MAX_SEGMENTS && image_read(s, at, b, 2); i++) {
		if (b[0] != 0xFF)
			return false;
		if (b[1] == 0xFF) { /* a fill byte */
			at++;
			continue;
		}
		at += 2;
		if (stands_alone(b[1]))
			continue;
		if (is_frame(b[1]))
			return image_read(s, at, b, 7) && be16(b) >= 8 &&
			       set(out, "JPEG", be16(b + 5), be16(b + 3));
		/* The picture's data, or its end, before any frame. */
		if (b[1] == 0xDA || b[1] == 0xD9 || b[1] == 0xD8 || b[1] == 0)
			return false;
		if (!image_read(s, at, b, 2) || be16(b) < 2)
			return false;
		at += be16(b);
	}
	return false;
}

bool image_png(const struct image_source *s, struct image_info *out)
{
	uint8_t b[24];

	return image_read(s, 0, b, 24) &&
	       memcmp(b, "\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 16) == 0 &&
	       set(out, "PNG", be32(b + 16), be32(b + 20));
}

bool image_gif(const struct image_source *s, struct image_info *out)
{
	uint8_t b[10];

	return image_read(s, 0, b, 10) &&
	       (memcmp(b, "GIF87a", 6) == 0 || memcmp(b, "GIF89a", 6) == 0) &&
	       set(out, "GIF", le16(b + 6), le16(b + 8));
}

bool image_webp(const struct image_source *s, struct image_info *out)
{
	uint8_t b[30];
	uint32_t bits;

	if (!image_read(s, 0, b, 25) || memcmp(b, "RIFF", 4) != 0 ||
		memcmp(b + 8, "WEBP", 4) != 0)
		return false;
	if (memcmp(b + 12, "VP8L", 4) == 0) {
		bits = le32(b + 21);
		return b[20] == 0x2F && set(out, "WEBP", (bits & 0x3FFF) + 1,
						(bits >> 14 & 0x3FFF) + 1);
	}
	if (!image_read(s, 0, b, 30))
		return false;
	if (memcmp(b + 12, "VP8X", 4) == 0)
		return set(out, "WEBP", le24(b + 24) + 1, le24(b + 27) + 1);
	return memcmp(b + 12, "VP8 ", 4) == 0 &&
	       memcmp(b + 23, "\x9D\x01\x2A", 3) == 0 &&
	       set(out, "WEBP", le16(b + 26) & 0x3FFF, le16(b + 28) & 0x3FFF);
}
