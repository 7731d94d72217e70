/*
 * decode - the text of a JSON string.
 *
 * Most strings are plain ASCII and are copied as they are; the others go
 * through the decoder, whose result is never longer than its input.  What
 * comes out is valid UTF-8 without NUL, or it is refused.
 */
#include "api/scan.h"

#include <stdint.h>

#include "base/word.h"

struct decoder {
	const unsigned char *p;
	const unsigned char *end;
	char *out;
	const char *fault;
};

/*
 * Copy what is printable ASCII and no backslash, a word at a time: what a word
 * holds beyond that is written over, and there is room for all that is left.
 */
static void copy_plain(struct decoder *d)
{
	while (d->end - d->p >= WORD_SIZE) {
		uint64_t w = word_load((const char *)d->p);
		uint64_t other = word_unprintable(w) | word_equal(w, '\\');
		size_t n = other != 0 ? word_first(other) : WORD_SIZE;

		memcpy(d->out, d->p, WORD_SIZE);
		d->p += n;
		d->out += n;
		if (other != 0)
			return;
	}
	while (d->p < d->end && *d->p >= 0x20 && *d->p < 0x80 && *d->p != '\\')
		*d->out++ = (char)*d->p++;
}

static bool hex4(struct decoder *d, uint32_t *code)
{
	*code = 0;
	if (d->end - d->p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		unsigned c = *d->p++;
		unsigned digit = c - '0';

		if (digit > 9) {
			digit = (c | 0x20) - 'a' + 10;
			if (digit < 10 || digit > 15)
				return false;
		}
		*code = *code << 4 | digit;
	}
	return true;
}

static void put_utf8(struct decoder *d, uint32_t c)
{
	if (c < 0x80) {
		*d->out++ = (char)c;
		return;
	}
	if (c < 0x800) {
		*d->out++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*d->out++ = (char)(0xe0 | c >> 12);
		} else {
			*d->out++ = (char)(0xf0 | c >> 18);
			*d->out++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*d->out++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*d->out++ = (char)(0x80 | (c & 0x3f));
}

/* Behind "\u". */
static bool unicode_escape(struct decoder *d)
{
	uint32_t c;
	uint32_t low;

	d->fault = "invalid \\u escape";
	if (!hex4(d, &c))
		return false;
	if (c == 0) {
		d->fault = "invalid \\u escape (a NUL character)";
		return false;
	}
	if (c >= 0xd800 && c < 0xe000) {
		d->fault = "invalid \\u escape (half of a surrogate pair)";
		if (c >= 0xdc00 || d->end - d->p < 2 || d->p[0] != '\\' ||
			d->p[1] != 'u')
			return false;
		d->p += 2;
		if (!hex4(d, &low) || low < 0xdc00 || low >= 0xe000)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	d->fault = NULL;
	put_utf8(d, c);
	return true;
}

/* What a letter behind a backslash stands for; NUL if for nothing. */
static char escaped(unsigned char letter)
{
	switch (letter) {
	case '"':
	case '\\':
	case '/':
		return (char)letter;
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	default:
		return '\0';
	}
}

/* At a backslash. */
static bool escape(struct decoder *d)
{
	unsigned char letter;
	char c;

	d->p++;
	letter = d->p < d->end ? *d->p : 0;
	if (letter == 'u') {
		d->p++;
		return unicode_escape(d);
	}
	c = escaped(letter);
	if (c == '\0') {
		d->fault = "invalid escape";
		return false;
	}
	d->p++;
	*d->out++ = c;
	return true;
}

/*
 * The bytes that may follow the first of a character: how many, and the
 * range of the first of them, which rules out surrogates and long forms.
 */
static size_t tail_of(unsigned char first, unsigned char range[2])
{
	range[0] = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	range[1] = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (first >= 0xc2 && first <= 0xdf)
		return 1;
	if (first >= 0xe0 && first <= 0xef)
		return 2;
	return first >= 0xf0 && first <= 0xf4 ? 3 : 0;
}

static bool character(struct decoder *d)
{
	unsigned char range[2];
	size_t n = tail_of(*d->p, range);

	d->fault = *d->p < 0x20 ? "a control character" : "invalid UTF-8";
	if (n == 0 || (size_t)(d->end - d->p) <= n)
		return false;
	*d->out++ = (char)*d->p++;
	for (size_t i = 0; i < n; i++) {
		if (*d->p < range[0] || *d->p > range[1])
			return false;
		*d->out++ = (char)*d->p++;
		range[0] = 0x80;
		range[1] = 0xbf;
	}
	d->fault = NULL;
	return true;
}

bool scan_decode(
	struct arena *a, struct str value, struct str *out, const char **fault)
{
	struct decoder d = {0};
	char *begin;

	if (scan_type(value) != SCAN_STRING || value.n < 2) {
		*fault = "no text";
		return false;
	}
	d.p = (const unsigned char *)value.p + 1;
	d.end = d.p + value.n - 2;
	begin = arena_bytes(a, value.n - 1);
	d.out = begin;
	for (;;) {
		copy_plain(&d);
		if (d.p == d.end)
			break;
		if (*d.p == '\\' ? !escape(&d) : !character(&d)) {
			*fault = d.fault;
			return false;
		}
	}
	*d.out = '\0';
	*out = (struct str){begin, (size_t)(d.out - begin)};
	return true;
}
