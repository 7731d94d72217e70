/*
 * image_avif - the size of an AVIF's primary item.
 *
 * ftyp says that it is one; meta holds pitm (which item is shown), and in
 * iprp the properties (ipco, of which ispe is a size) and which item has
 * which (ipma).  Thumbnails, alpha planes and tiles have sizes of their own,
 * so the first one will not do.
 */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "content/image_source.h"

#define MAX_BOXES 64
#define MAX_META ((uint64_t)1024 * 1024)

/* Bytes of a box, or of what is left of it. */
struct box {
	const uint8_t *p;
	size_t n;
};

/* A box of the file: where its content starts and ends. */
struct file_box {
	uint8_t type[4];
	uint64_t start;
	uint64_t end;
};

static bool file_box(
	const struct image_source *s, uint64_t at, struct file_box *out)
{
	uint8_t b[16];
	uint64_t size;

	if (!image_read(s, at, b, 8))
		return false;
	size = be32(b);
	memcpy(out->type, b + 4, 4);
	out->start = at + 8;
	if (size == 1) {
		if (!image_read(s, at, b, 16))
			return false;
		size = (uint64_t)be32(b + 8) << 32 | be32(b + 12);
		out->start = at + 16;
	} else if (size == 0) {
		size = s->n - at; /* to the end of the file */
	}
	if (size < out->start - at || size > s->n - at)
		return false;
	out->end = at + size;
	return true;
}

/* Take the next box out of a box; false at the end, or if it is broken. */
static bool next_box(struct box *in, uint8_t type[4], struct box *out)
{
	size_t size;

	if (in->n < 8)
		return false;
	size = be32(in->p);
	memcpy(type, in->p + 4, 4);
	if (size < 8 || size > in->n)
		return false;
	*out = (struct box){in->p + 8, size - 8};
	*in = (struct box){in->p + size, in->n - size};
	return true;
}

static bool find_box(struct box in, const char *type, struct box *out)
{
	uint8_t found[4];

	while (next_box(&in, found, out))
		if (memcmp(found, type, 4) == 0)
			return true;
	return false;
}

/* A number of size bytes (1, 2 or 4) off the front; false if it is short. */
static bool take(struct box *b, size_t size, uint32_t *out)
{
	if (b->n < size)
		return false;
	*out = size == 1 ? b->p[0] : size == 2 ? be16(b->p) : be32(b->p);
	*b = (struct box){b->p + size, b->n - size};
	return true;
}

/* Version and flags of a full box. */
static bool take_version(struct box *b, uint32_t *version, uint32_t *flags)
{
	uint32_t word;

	if (!take(b, 4, &word))
		return false;
	*version = word >> 24;
	*flags = word & 0xFFFFFF;
	return true;
}

/* Property number i of ipco, from 1, if it is a size. */
static bool size_at(struct box ipco, uint32_t i, struct image_info *out)
{
	struct box property = {0};
	uint8_t type[4] = {0};
	uint32_t width;
	uint32_t height;

	for (; i > 0; i--)
		if (!next_box(&ipco, type, &property))
			return false;
	if (memcmp(type, "ispe", 4) != 0 || property.n < 12)
		return false;
	width = be32(property.p + 4);
	height = be32(property.p + 8);
	if (width == 0 || height == 0 || width > INT32_MAX ||
		height > INT32_MAX)
		return false;
	memcpy(out->format, "AVIF", 5);
	out->width = (long)width;
	out->height = (long)height;
	return true;
}

/*
 * One item's properties: 1 if it is the wanted one, 0 if another, -1 if
 * broken.
 */
static int read_item(struct box *ipma, const uint32_t version_flags[2],
	uint32_t wanted, struct box ipco, struct image_info *out)
{
	size_t index_size = version_flags[1] & 1 ? 2 : 1;
	uint32_t index_mask = version_flags[1] & 1 ? 0x7FFF : 0x7F;
	uint32_t item;
	uint32_t n;
	uint32_t index;

	if (!take(ipma, version_flags[0] < 1 ? 2 : 4, &item) ||
		!take(ipma, 1, &n))
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		if (!take(ipma, index_size, &index))
			return -1;
		if (item == wanted && size_at(ipco, index & index_mask, out))
			return 1;
	}
	return item == wanted;
}

static bool read_meta(struct box meta, struct image_info *out)
{
	struct box pitm;
	struct box iprp;
	struct box ipco;
	struct box ipma;
	uint32_t vf[2];
	uint32_t wanted;
	uint32_t n;

	if (meta.n < 4)
		return false;
	meta = (struct box){meta.p + 4, meta.n - 4};
	if (!find_box(meta, "pitm", &pitm) || !find_box(meta, "iprp", &iprp) ||
		!find_box(iprp, "ipco", &ipco) ||
		!find_box(iprp, "ipma", &ipma))
		return false;
	if (!take_version(&pitm, &vf[0], &vf[1]) ||
		!take(&pitm, vf[0] == 0 ? 2 : 4, &wanted))
		return false;
	if (!take_version(&ipma, &vf[0], &vf[1]) || !take(&ipma, 4, &n))
		return false;
	while (n-- > 0) {
		int rc = read_item(&ipma, vf, wanted, ipco, out);

		if (rc != 0)
			return rc > 0 && out->format[0] != '\0';
	}
	return false;
}

static bool is_avif(const struct image_source *s, const struct file_box *ftyp)
{
	uint8_t brand[4];

	if (memcmp(ftyp->type, "ftyp", 4) != 0)
		return false;
	for (int i = 0; i < MAX_BOXES; i++) {
		uint64_t at = ftyp->start + 4 * (uint64_t)i;

		if (at + 4 > ftyp->end || !image_read(s, at, brand, 4))
			return false;
		/* The second word is a version. */
		if (i != 1 && (memcmp(brand, "avif", 4) == 0 ||
				      memcmp(brand, "avis", 4) == 0))
			return true;
	}
	return false;
}

bool image_avif(const struct image_source *s, struct image_info *out)
{
	struct file_box box;
	uint8_t *meta;
	bool good;

	if (!file_box(s, 0, &box) || !is_avif(s, &box))
		return false;
	for (int i = 0; memcmp(box.type, "meta", 4) != 0; i++)
		if (i == MAX_BOXES || !file_box(s, box.end, &box))
			return false;
	if (box.end - box.start > MAX_META)
		return false;
	meta = xmalloc((size_t)(box.end - box.start) + 1);
	good = image_read(s, box.start, meta, (size_t)(box.end - box.start)) &&
	       read_meta(
		       (struct box){meta, (size_t)(box.end - box.start)}, out);
	free(meta);
	return good;
}
