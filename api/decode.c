/*
 * decode - the text of a JSON string.
 *
 * Most strings are plain ASCII and are copied as they are; the others go
 * through the decoder, whose result is never longer than its input.  What
 * comes out is valid UTF-8 without NUL, or it is refused.
 */
#include "api/scan.h"

#include <stdint.h>

#include "base/utf8.h"
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
		int digit = hex_value((char)*d->p++);

		if (digit < 0)
			return false;
		*code = *code << 4 | (uint32_t)digit;
	}
	return true;
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
	d->out += utf8_put(d->out, (int32_t)c);
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

static bool character(struct decoder *d)
{
	struct str rest = {(const char *)d->p, (size_t)(d->end - d->p)};
	size_t n = 0;

	if (*d->p < 0x20) {
		d->fault = "a control character";
		return false;
	}
	if (utf8_next(rest, &n) < 0) {
		d->fault = "invalid UTF-8";
		return false;
	}
	memcpy(d->out, d->p, n);
	d->p += n;
	d->out += n;
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
