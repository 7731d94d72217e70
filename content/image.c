/*
 * image - format and size of a picture, from its header.
 *
 * Each format has a reader; the first that accepts wins.  They see the bytes
 * through image_read(), so that a file of any size is read only where its
 * header is.  What is broken is no picture: nothing here fails otherwise.
 */
#include "content/image.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "content/image_source.h"

static bool pread_all(int fd, uint64_t at, uint8_t *to, size_t n)
{
	while (n > 0) {
		ssize_t got = pread(fd, to, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return true;
}

bool image_read(const struct image_source *s, uint64_t at, void *to, size_t n)
{
	if (at > s->n || n > s->n - at)
		return false;
	if (s->bytes == NULL)
		return pread_all(s->fd, at, to, n);
	memcpy(to, s->bytes + at, n);
	return true;
}

static bool probe(const struct image_source *s, struct image_info *out)
{
	static image_format_fn *const formats[] = {image_jpeg, image_png,
		image_gif, image_webp, image_avif, image_svg};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		*out = (struct image_info){0};
		if (formats[i](s, out))
			return true;
	}
	*out = (struct image_info){0};
	return false;
}

bool image_probe(const uint8_t *bytes, size_t n, struct image_info *out)
{
	static const uint8_t none[1];
	struct image_source s = {
		.bytes = bytes != NULL ? bytes : none,
		.n = bytes != NULL ? n : 0,
		.fd = -1,
	};

	return probe(&s, out);
}

bool image_probe_fd(int fd, struct image_info *out)
{
	struct image_source s = {.fd = fd};
	struct stat st;

	*out = (struct image_info){0};
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	s.n = (uint64_t)st.st_size;
	return probe(&s, out);
}
