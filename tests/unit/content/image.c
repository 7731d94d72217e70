/*
 * Pictures: real ones of every format, headers made by hand for what those
 * do not show, and every one of them cut short or spoiled at every byte.
 */
#include "content/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>

#include <cmocka.h>

#include "base/util.h"

#define FIXTURES "tests/fixtures/images/"

static const struct {
	const char *file;
	const char *format;
	long width;
	long height;
} files[] = {
	{"2560x1707-head.jpg", "JPEG", 2560, 1707},
	{"7x5.jpg", "JPEG", 7, 5},
	{"7x5.png", "PNG", 7, 5},
	{"7x5.gif", "GIF", 7, 5},
	{"7x5.webp", "WEBP", 7, 5},
	{"7x5-lossless.webp", "WEBP", 7, 5},
	{"7x5-alpha.webp", "WEBP", 7, 5},
	{"7x5.avif", "AVIF", 7, 5},
	{"7x5-alpha.avif", "AVIF", 7, 5},
	{"evil.svg", "SVG", 0, 0},
};

static uint8_t *load(const char *name, size_t *n)
{
	char path[128];
	uint8_t *bytes = xmalloc(65536);
	FILE *f;

	snprintf(path, sizeof(path), FIXTURES "%s", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	*n = fread(bytes, 1, 65536, f);
	fclose(f);
	return bytes;
}

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct image_info info;
		struct image_info from_fd;
		char path[128];
		size_t n;
		uint8_t *bytes = load(files[i].file, &n);
		int fd;

		assert_true(image_probe(bytes, n, &info));
		assert_string_equal(info.format, files[i].format);
		assert_int_equal(info.width, files[i].width);
		assert_int_equal(info.height, files[i].height);
		snprintf(path, sizeof(path), FIXTURES "%s", files[i].file);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(image_probe_fd(fd, &from_fd));
		assert_memory_equal(&info, &from_fd, sizeof(info));
		close(fd);
		free(bytes);
	}
}

/* True if the first n bytes are taken for a picture. */
static bool probe_copy(const uint8_t *bytes, size_t n, struct image_info *info)
{
	uint8_t *copy = xmalloc(n > 0 ? n : 1);
	bool found;

	memcpy(copy, bytes, n);
	found = image_probe(copy, n, info);
	free(copy);
	return found;
}

/* Cut short, a picture is none, or (if its size was read) the same. */
static void test_cut_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct image_info info;
		size_t n;
		uint8_t *bytes = load(files[i].file, &n);
		size_t cut = 0;

		for (; cut < n && !probe_copy(bytes, cut, &info); cut++)
			assert_string_equal(info.format, "");
		assert_true(cut > 3);
		for (; cut < n; cut++) {
			assert_true(probe_copy(bytes, cut, &info));
			assert_int_equal(info.width, files[i].width);
			assert_int_equal(info.height, files[i].height);
		}
		free(bytes);
	}
}

#define BYTES(literal) literal, sizeof(literal) - 1
#define SVG(attributes) BYTES("<svg " attributes "></svg>")

static const struct {
	const char *bytes;
	size_t n;
	const char *format; /* NULL: none */
	long width;
	long height;
} headers[] = {
	/* Fill bytes, TEM, and segments before the frame; progressive. */
	{BYTES("\xFF\xD8\xFF\xE1\0\6Exif\xFF\xFF\xFF\xFE\0\2\xFF\x01\xFF\xC2"
	       "\0\x11\x08\0\2\0\3\3\0\0\0"),
		"JPEG", 3, 2},
	/* Huffman tables come first: C4 is no frame. */
	{BYTES("\xFF\xD8\xFF\xC4\0\4zz\xFF\xC0\0\x11\x08\0\2\0\3\3"), "JPEG", 3,
		2},
	{BYTES("\xFF\xD8\xFF\xDA\0\2\xFF\xC0\0\x11\x08\0\2\0\3\3"), NULL, 0, 0},
	{BYTES("\xFF\xD8\xFF\xE0\0\1\xFF\xC0\0\x11\x08\0\2\0\3\3"), NULL, 0, 0},
	{BYTES("\xFF\xD8\xFF\xC0\0\x11\x08\0\0\0\3\3\0\0"), NULL, 0, 0},
	{BYTES("\xFF\xD8\xFF\xC0\0\x11\x08\xFF\xFF\xFF\xFE\3\0\0"), "JPEG",
		65534, 65535},
	{BYTES("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\1\0\0\0\0\2"), "PNG", 256, 2},
	{BYTES("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\xFF\0\1\0\0\0\0\2"), NULL, 0, 0},
	{BYTES("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\0\0\0\0\2"), NULL, 0, 0},
	{BYTES("\x89PNG\n\x1A\n\0\0\0\rIHDR\0\0\0\1\0\0\0\2"), NULL, 0, 0},
	{BYTES("GIF87a\x01\x02\x03\0"), "GIF", 513, 3},
	{BYTES("GIF88a\x01\x02\x03\0"), NULL, 0, 0},
	{BYTES("RIFF\0\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0\xFF\xFF\xFF\1\0\0"),
		"WEBP", 16777216, 2},
	{BYTES("RIFF\0\0\0\0WEBPVP8?\x0A\0\0\0\0\0\0\0\xFF\xFF\xFF\1\0\0"),
		NULL, 0, 0},
	{BYTES("RIFF\0\0\0\0WAVEfmt \x0A\0\0\0\0\0\0\0\xFF\xFF\xFF\1\0\0"),
		NULL, 0, 0},
	{BYTES("\0\0\0\x18"
	       "ftypheic\0\0\0\0mif1heic"),
		NULL, 0, 0},
	{BYTES("\0\0\0\x18"
	       "ftypmif1\0\0\0\0mif1avif\0\0\0\0"),
		NULL, 0, 0},
	{SVG("width='10' height=\"20\""), "SVG", 10, 20},
	{SVG("width='10px' height='20.6px'"), "SVG", 10, 21},
	{SVG("width='1in' height='72pt'"), "SVG", 96, 96},
	{SVG("width='2.54cm' height='25.4mm'"), "SVG", 96, 96},
	{SVG("width='100%' height='5em' viewBox='0 0 30 40'"), "SVG", 30, 40},
	{SVG("viewBox='-5,-5 , 30.2  40'"), "SVG", 30, 40},
	{SVG("width='60' viewBox='0 0 30 40'"), "SVG", 60, 80},
	{SVG("height='20' viewBox='0 0 30 40'"), "SVG", 15, 20},
	{SVG("width='60'"), "SVG", 0, 0},
	{SVG("width='-1' height='1'"), "SVG", 0, 0},
	{SVG("width='1e3' height='1'"), "SVG", 0, 0},
	{SVG("width='99999999999999999999999999999999999' height='1'"), "SVG",
		0, 0},
	{SVG("viewBox='0 0 x'"), "SVG", 0, 0},
	{SVG("data-width='1' width='2' height='3'"), "SVG", 2, 3},
	{BYTES("\xEF\xBB\xBF<?xml version='1.0'?>\n<!DOCTYPE svg [<!ENTITY a "
	       "'>'>]>\n<!-- <svg width='1' height='1'> --> <svg:svg width='2' "
	       "height='3'/>"),
		"SVG", 2, 3},
	{BYTES("<html><svg width='2' height='3'/></html>"), NULL, 0, 0},
	{BYTES("<svgx width='2' height='3'/>"), NULL, 0, 0},
	{BYTES("text <svg/>"), NULL, 0, 0},
	{BYTES("<!-- <svg/>"), NULL, 0, 0},
	{BYTES(""), NULL, 0, 0},
	{BYTES("%PDF-1.4"), NULL, 0, 0},
};

static void test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		struct image_info info;
		const uint8_t *bytes = (const uint8_t *)headers[i].bytes;
		bool found = image_probe(bytes, headers[i].n, &info);

		if (found != (headers[i].format != NULL) ||
			info.width != headers[i].width ||
			info.height != headers[i].height)
			fail_msg("header %zu: %s %ldx%ld", i, info.format,
				info.width, info.height);
		assert_string_equal(info.format,
			headers[i].format != NULL ? headers[i].format : "");
	}
}

static void test_no_files(void **state)
{
	struct image_info info;
	int fds[2];
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_false(image_probe_fd(fd, &info));
	close(fd);
	assert_false(image_probe_fd(-1, &info));
	assert_int_equal(pipe(fds), 0);
	assert_false(image_probe_fd(fds[0], &info));
	close(fds[0]);
	close(fds[1]);
	assert_false(image_probe(NULL, 0, &info));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_no_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
