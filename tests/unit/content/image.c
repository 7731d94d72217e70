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
#include <sys/mman.h>
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

/* Of an AVIF: boxes, and what one is made of that is well. */
#define BOX(size, type, content) "\0\0\0" size type content
#define FTYP BOX("\x14", "ftyp", "mif1\0\0\0\0avif")
#define PITM BOX("\x0E", "pitm", "\0\0\0\0\0\1")
#define ISPE(width, height) BOX("\x14", "ispe", "\0\0\0\0" width height)
#define THREE "\0\0\0\3"
#define TWO "\0\0\0\2"
#define IPCO BOX("\x1C", "ipco", ISPE(THREE, TWO))
#define IPMA BOX("\x14", "ipma", "\0\0\0\0\0\0\0\1\0\1\1\1")
#define NO_FLAGS "\0\0\0\0"
#define META(size, content) BYTES(FTYP BOX(size, "meta", NO_FLAGS content))
#define AVIF(boxes)                                                            \
	BYTES(boxes BOX(                                                       \
		"\x52", "meta", NO_FLAGS PITM BOX("\x38", "iprp", IPCO IPMA)))
#define AVIF_ISPE(ispe)                                                        \
	META("\x52", PITM BOX("\x38", "iprp", BOX("\x1C", "ipco", ispe) IPMA))
#define AVIF_IPMA(meta, iprp, ipma)                                            \
	META(meta, PITM BOX(iprp, "iprp", IPCO ipma))
#define FREE BOX("\x08", "free", "")
#define EIGHT(x) x x x x x x x x

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
	{BYTES("\xFF\xD8\xFF\xC0\0\7\x08\0\2\0\3\3\0\0"), NULL, 0, 0},
	/* Nor are C8 and CC; a restart has no segment. */
	{BYTES("\xFF\xD8\xFF\xC8\0\2\xFF\xCC\0\2\xFF\xD0\xFF\xC0\0\x11\x08\0\2"
	       "\0\3\3"),
		"JPEG", 3, 2},
	/* No marker; the end, a start and a zero before any frame. */
	{BYTES("\xFF\xD8\xFF\xE0\0\2z\xC0\0\x11\x08\0\2\0\3\3"), NULL, 0, 0},
	{BYTES("\xFF\xD8\xFF\xD9\0\2\xFF\xC0\0\x11\x08\0\2\0\3\3"), NULL, 0, 0},
	{BYTES("\xFF\xD8\xFF\xD8\0\2\xFF\xC0\0\x11\x08\0\2\0\3\3"), NULL, 0, 0},
	{BYTES("\xFF\xD8\xFF\0\0\2\xFF\xC0\0\x11\x08\0\2\0\3\3"), NULL, 0, 0},
	{BYTES("\xFF\xD8\xFF\xC0\0\x11\x08\xFF\xFF\xFF\xFE\3\0\0"), "JPEG",
		65534, 65535},
	{BYTES("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\1\0\0\0\0\2"), "PNG", 256, 2},
	{BYTES("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\xFF\0\1\0\0\0\0\2"), NULL, 0, 0},
	{BYTES("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\0\0\0\0\2"), NULL, 0, 0},
	{BYTES("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\1\xFF\0\0\2"), NULL, 0, 0},
	{BYTES("\x89PNG\n\x1A\n\0\0\0\rIHDR\0\0\0\1\0\0\0\2"), NULL, 0, 0},
	{BYTES("GIF87a\x01\x02\x03\0"), "GIF", 513, 3},
	{BYTES("GIF89a\x01\x02\x03\0"), "GIF", 513, 3},
	{BYTES("GIF89a\0\0\x03\0"), NULL, 0, 0},
	{BYTES("GIF88a\x01\x02\x03\0"), NULL, 0, 0},
	{BYTES("RIFF\0\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0\xFF\xFF\xFF\1\0\0"),
		"WEBP", 16777216, 2},
	{BYTES("RIFF\0\0\0\0WEBPVP8?\x0A\0\0\0\0\0\0\0\xFF\xFF\xFF\1\0\0"),
		NULL, 0, 0},
	{BYTES("RIFF\0\0\0\0WEBPVP8 \x0A\0\0\0\0\0\0\x9D\1\x2A\3\0\2\0"),
		"WEBP", 3, 2},
	{BYTES("RIFF\0\0\0\0WEBPVP8 \x0A\0\0\0\0\0\0\x9D\1\x2B\3\0\2\0"), NULL,
		0, 0},
	{BYTES("RIFF\0\0\0\0WEBPVP8 \x0A\0\0\0\0\0\0\x9D\1\x2A\0\0\2\0"), NULL,
		0, 0},
	{BYTES("RIFF\0\0\0\0WAVEfmt \x0A\0\0\0\0\0\0\0\xFF\xFF\xFF\1\0\0"),
		NULL, 0, 0},
	{BYTES("\0\0\0\x18"
	       "ftypheic\0\0\0\0mif1heic"),
		NULL, 0, 0},
	{BYTES("\0\0\0\x18"
	       "ftypmif1\0\0\0\0mif1avif\0\0\0\0"),
		NULL, 0, 0},
	{AVIF(FTYP), "AVIF", 3, 2},
	{AVIF(FTYP EIGHT(FREE)), "AVIF", 3, 2},
	{AVIF(FTYP EIGHT(EIGHT(FREE)) FREE), NULL, 0, 0},
	{AVIF(BOX("\x14", "ftyp", "avis\0\0\0\0mif1")), "AVIF", 3, 2},
	{AVIF(BOX("\x14", "ftyp", "mif1avifmif1")), NULL, 0, 0},
	{AVIF(FREE FTYP), NULL, 0, 0},
	/* Of many brands it is not the last one. */
	{AVIF("\0\0\1\x0C"
	      "ftyp" EIGHT(EIGHT("mif1")) "avif"),
		NULL, 0, 0},
	/* A size of eight bytes, behind the name; sizes that are too small. */
	{AVIF(BOX("\1", "ftyp",
		 "\0\0\0\0\0\0\0\x1C"
		 "avif\0\0\0\0mif1")),
		"AVIF", 3, 2},
	{AVIF(BOX("\1", "ftyp",
		 "\0\0\0\0\0\0\0\x0F"
		 "avif\0\0\0\0mif1")),
		NULL, 0, 0},
	{AVIF(BOX("\7", "ftyp", "avif\0\0\0\0mif1")), NULL, 0, 0},
	{BYTES(BOX("\1", "ftyp", "\0\0\0\0")), NULL, 0, 0},
	/* Items of four bytes and places of two. */
	{META("\x57",
		 BOX("\x10", "pitm", "\1\0\0\0\0\0\0\1") BOX("\x3B", "iprp",
			 IPCO BOX("\x17", "ipma",
				 "\1\0\0\1\0\0\0\1\0\0\0\1\1\x80\1"))),
		"AVIF", 3, 2},
	{AVIF_ISPE(ISPE(NO_FLAGS, TWO)), NULL, 0, 0},
	{AVIF_ISPE(ISPE(TWO, NO_FLAGS)), NULL, 0, 0},
	{AVIF_ISPE(ISPE("\x80\0\0\0", TWO)), NULL, 0, 0},
	{AVIF_ISPE(ISPE(TWO, "\x80\0\0\0")), NULL, 0, 0},
	{AVIF_ISPE(BOX("\x10", "ispe", "\0\0\0\0\0\0\0\3") "\0\0\0\0"), NULL, 0,
		0},
	/* Boxes that are missing, or too short for what is to be in them. */
	{BYTES(FTYP BOX("\x0A", "meta", "\0\0")), NULL, 0, 0},
	{META("\x0C", ""), NULL, 0, 0},
	{META("\x14", BOX("\7", "pitm", "")), NULL, 0, 0},
	{META("\x1A", PITM), NULL, 0, 0},
	{META("\x4C", BOX("\x08", "pitm", "") BOX("\x38", "iprp", IPCO IPMA)),
		NULL, 0, 0},
	{META("\x50", BOX("\x0C", "pitm", "\0\0\0\0")
			      BOX("\x38", "iprp", IPCO IPMA)),
		NULL, 0, 0},
	{AVIF_IPMA("\x3E", "\x24", ""), NULL, 0, 0},
	{AVIF_IPMA("\x46", "\x2C", BOX("\x08", "ipma", "")), NULL, 0, 0},
	{AVIF_IPMA("\x4A", "\x30", BOX("\x0C", "ipma", "\0\0\0\0")), NULL, 0,
		0},
	{AVIF_IPMA("\x4E", "\x34", BOX("\x10", "ipma", NO_FLAGS NO_FLAGS)),
		NULL, 0, 0},
	{AVIF_IPMA("\x4E", "\x34", BOX("\x10", "ipma", NO_FLAGS "\0\0\0\1")),
		NULL, 0, 0},
	{AVIF_IPMA(
		 "\x50", "\x36", BOX("\x12", "ipma", NO_FLAGS "\0\0\0\1\0\1")),
		NULL, 0, 0},
	{AVIF_IPMA("\x51", "\x37",
		 BOX("\x13", "ipma", NO_FLAGS "\0\0\0\1\0\1\1")),
		NULL, 0, 0},
	{SVG("width='10' height=\"20\""), "SVG", 10, 20},
	{SVG("width='+10' height='2.5'"), "SVG", 10, 3},
	{SVG("width='6' height='8' viewBox='0 0 30 30'"), "SVG", 6, 8},
	{SVG("width='' height='1'"), "SVG", 0, 0},
	{SVG("width=3 height='1'"), "SVG", 0, 0},
	{SVG("viewBox='0'"), "SVG", 0, 0},
	{SVG("viewBox='0 0 3 0'"), "SVG", 0, 0},
	{SVG("width='2000000000' height='1'"), "SVG", 0, 0},
	{SVG("width='0.0000000000000000000000000000001' height='1'"), "SVG", 0,
		0},
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
	fd = memfd_create("empty", MFD_CLOEXEC);
	assert_true(fd >= 0);
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
