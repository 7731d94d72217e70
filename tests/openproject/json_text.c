/*
 * json_text - between the text of a JSON string and what it says.
 *
 * A lone surrogate, which says nothing, is decoded to U+FFFD.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/openproject/json.h"

void json_escape(struct str s, struct buf *out)
{
	static const char named[] = "\"\\\b\f\n\r\t";
	static const char letter[] = "\"\\bfnrt";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		const char *at = c != 0 ? strchr(named, c) : NULL;

		if (at != NULL)
			buf_printf(out, "\\%c", letter[at - named]);
		else if (c < 0x20)
			buf_printf(out, "\\u%04x", c);
		else
			buf_putc(out, (char)c);
	}
}

static unsigned long hex4(const char *p)
{
	char digits[5] = {0};

	strncpy(digits, p, 4);
	return strtoul(digits, NULL, 16);
}

static void add_utf8(struct buf *out, unsigned long c)
{
	if (c < 0x80) {
		buf_putc(out, (char)c);
	} else if (c < 0x800) {
		buf_putc(out, (char)(0xc0 | c >> 6));
		buf_putc(out, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_putc(out, (char)(0xe0 | c >> 12));
		buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_putc(out, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_putc(out, (char)(0xf0 | c >> 18));
		buf_putc(out, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_putc(out, (char)(0x80 | (c & 0x3f)));
	}
}

/* The character of \uXXXX at p; gives where its text ends. */
static const char *add_unicode(struct buf *out, const char *p)
{
	unsigned long c = hex4(p);

	p += strnlen(p, 4);
	if (c >= 0xd800 && c < 0xdc00 && p[0] == '\\' && p[1] == 'u') {
		unsigned long low = hex4(p + 2);

		if (low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			p += 2 + strnlen(p + 2, 4);
		}
	}
	add_utf8(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
	return p;
}

char *json_dup_text(const struct json *string)
{
	static const char letter[] = "bfnrt";
	static const char named[] = "\b\f\n\r\t";
	struct buf out = {0};
	const char *p;

	if (string == NULL || string->type != JSON_STRING)
		return NULL;
	for (p = string->text; *p != '\0';) {
		const char *at;

		if (*p != '\\' || p[1] == '\0') {
			buf_putc(&out, *p++);
			continue;
		}
		p += 2;
		at = strchr(letter, p[-1]);
		if (p[-1] == 'u')
			p = add_unicode(&out, p);
		else if (at != NULL)
			buf_putc(&out, named[at - letter]);
		else
			buf_putc(&out, p[-1]);
	}
	return buf_take(&out);
}

const char *json_raw(const struct json *j)
{
	return j != NULL && j->text != NULL ? j->text : "";
}

bool json_is(const struct json *string, const char *text)
{
	char *s = json_dup_text(string);
	bool same = s != NULL && strcmp(s, text) == 0;

	free(s);
	return same;
}

int64_t json_to_int(const struct json *number, int64_t fallback)
{
	if (number == NULL || number->type != JSON_NUMBER)
		return fallback;
	return strtoll(number->text, NULL, 10);
}

int64_t json_to_id(const struct json *j, int64_t fallback)
{
	long long v;

	if (j == NULL || (j->type != JSON_NUMBER && j->type != JSON_STRING))
		return fallback;
	return str_to_int64(str_of(j->text), &v) ? v : fallback;
}

bool json_to_bool(const struct json *j)
{
	return j != NULL && j->type == JSON_TRUE;
}
