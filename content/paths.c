/*
 * paths - paths inside the store, and names from the server made safe.
 *
 * Two rules meet here.  A path that a mapping made is checked, and an error
 * says what is wrong with it; a file name that the server gave is cleaned,
 * which cannot fail, and what comes out always passes the check.
 */
#include "content/paths.h"

#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "base/util.h"
#include "base/word.h"
#include "content/paths_hurt.h"
#include "content/utf8.h"

#define MAX_PART 255
#define MAX_PATH 4096
#define MAX_NAME 200
#define MAX_EXT 32 /* of a name; what is longer is no extension */

static bool is_control(int32_t cp)
{
	return (cp >= 0 && cp < 0x20) || (cp >= 0x7F && cp < 0xA0);
}

static int refuse(struct err *e, struct str path, const char *why)
{
	size_t n = utf8_cut(path, 200);

	return err_set(e, ERR_DATA, "path '%.*s'%s %s", (int)n, path.p,
		n < path.n ? " …" : "", why);
}

/* Where the next character may be that is looked at. */
static size_t skip_harmless(struct str s, size_t at)
{
	for (; at + WORD_SIZE <= s.n; at += WORD_SIZE) {
		uint64_t w = word_load(s.p + at);

		if ((word_unprintable(w) | word_equal(w, 0x7F) |
			    word_equal(w, '\\')) != 0)
			break;
	}
	return at;
}

/* What is wrong with one part of a path, or NULL. */
static const char *fault_of(struct str part)
{
	if (part.n == 0)
		return "has an empty part";
	if (part.n > MAX_PART)
		return "has a part of more than 255 bytes: cut it, as with "
		       "truncate(60)";
	if (str_is(part, ".") || str_is(part, ".."))
		return "must not contain '.' or '..'";
	if (hurts_git(part))
		return "contains a name that belongs to git";
	if (hurts_windows(part))
		return "contains a name that Windows reserves";
	if (part.p[part.n - 1] == '.' || part.p[part.n - 1] == ' ')
		return "has a part that ends in a dot or space";
	for (size_t at = 0; (at = skip_harmless(part, at)) < part.n;) {
		int32_t cp = utf8_next(part, &at);

		if (is_control(cp))
			return "contains a control character";
		if (cp == '\\')
			return "contains a backslash";
	}
	return NULL;
}

int paths_check(
	struct arena *a, struct str path, struct str *out, struct err *e)
{
	struct str normal;

	if (path.n == 0)
		return err_set(e, ERR_DATA, "the path is empty");
	if (path.n > MAX_PATH)
		return refuse(e, path, "is longer than 4096 bytes");
	if (!utf8_valid(path))
		return err_set(e, ERR_DATA, "the path is not valid UTF-8");
	if (path.p[0] == '/')
		return refuse(e, path, "must be relative");
	normal = utf8_nfc(a, path);
	if (normal.n > MAX_PATH)
		return refuse(e, path, "is longer than 4096 bytes");
	for (size_t at = 0; at <= normal.n;) {
		struct str rest = str_skip(normal, at);
		struct str part = {rest.p, str_find(rest, STR("/"))};
		const char *fault = fault_of(part);

		if (fault != NULL)
			return refuse(e, normal, fault);
		at += part.n + 1;
	}
	*out = normal;
	return 0;
}

/* What a file system, a URL or a terminal takes for something else. */
static bool is_hostile(int32_t cp)
{
	return cp < 0 || cp == 0xFFFD || utf8_steers(cp) ||
	       (cp < 0x80 && strchr("/\\:*?\"<>|%#", (char)cp) != NULL);
}

static struct str trim_end(struct str name)
{
	while (name.n > 0 &&
		(name.p[name.n - 1] == '.' || name.p[name.n - 1] == ' '))
		name.n--;
	return name;
}

static struct str trim_name(struct str name)
{
	while (name.n > 0 && strchr(".- ", name.p[0]) != NULL)
		name = str_skip(name, 1);
	return trim_end(name);
}

/* Cut a name to n bytes, keeping its extension if it has a short one. */
static struct str shorten(struct arena *a, struct str name, size_t n)
{
	size_t dot = name.n;
	struct str ext;
	struct str stem;

	if (name.n <= n)
		return name;
	while (dot > 0 && name.p[dot - 1] != '.' && name.n - dot < MAX_EXT)
		dot--;
	if (dot == 0 || name.p[dot - 1] != '.')
		return trim_end((struct str){name.p, utf8_cut(name, n)});
	ext = str_skip(name, dot - 1);
	stem = (struct str){name.p, dot - 1};
	stem = trim_end((struct str){stem.p, utf8_cut(stem, n - ext.n)});
	return arena_printf(a, "%.*s%.*s", STR_ARGS(stem), STR_ARGS(ext));
}

struct str paths_clean_name(struct arena *a, struct str name)
{
	struct str in = utf8_nfc(a, name);
	char *p = arena_alloc(a, in.n + 1);
	struct str out = {p, 0};

	for (size_t at = 0; at < in.n;) {
		size_t here = at;
		int32_t cp = utf8_next(in, &at);

		if (is_hostile(cp)) {
			p[out.n++] = '_';
			continue;
		}
		memcpy(p + out.n, in.p + here, at - here);
		out.n += at - here;
	}
	out = shorten(a, trim_name(out), MAX_NAME);
	if (out.n == 0)
		return STR("file");
	if (hurts_git(out) || hurts_windows(out)) {
		out = shorten(a, out, MAX_NAME - 1);
		out = arena_printf(a, "_%.*s", STR_ARGS(out));
	}
	return out;
}

/* Where the last part of a path starts. */
static size_t last_part(struct str path)
{
	size_t at = path.n;

	while (at > 0 && path.p[at - 1] != '/')
		at--;
	return at;
}

/*
 * path with -ID at the place at, which lies in its last part; what is in
 * front of it gives way if the part becomes too long.
 */
static struct str insert_id(
	struct arena *a, struct str path, size_t at, long long id)
{
	size_t start = last_part(path);
	struct str stem = {path.p + start, at - start};
	struct str rest = str_skip(path, at);
	char suffix[24];
	size_t n = (size_t)snprintf(suffix, sizeof(suffix), "-%lld", id);

	if (rest.n + n > MAX_PART)
		rest.n = utf8_cut(rest, MAX_PART - n);
	if (stem.n + n + rest.n > MAX_PART)
		stem.n = utf8_cut(stem, MAX_PART - n - rest.n);
	return arena_printf(a, "%.*s%.*s%s%.*s", (int)start, path.p,
		STR_ARGS(stem), suffix, STR_ARGS(rest));
}

struct str paths_with_id(struct arena *a, struct str path, long long id)
{
	size_t start = last_part(path);
	size_t dot = start + 1; /* a dot at the start begins no extension */

	while (dot < path.n && path.p[dot] != '.')
		dot++;
	return insert_id(a, path, dot < path.n ? dot : path.n, id);
}

struct str paths_document_with_id(
	struct arena *a, struct str path, long long id)
{
	size_t start = last_part(path);
	struct str name = str_skip(path, start);
	struct str folder;

	if (start == 0 || !(str_starts(name, STR("index.")) ||
				  str_starts(name, STR("_index."))))
		return paths_with_id(a, path, id);
	folder = (struct str){path.p, start - 1};
	folder = insert_id(a, folder, folder.n, id);
	return arena_printf(a, "%.*s/%.*s", STR_ARGS(folder), STR_ARGS(name));
}

struct str paths_relative(struct arena *a, struct str from, struct str to)
{
	size_t common = 0; /* bytes of the folders that both are in */
	size_t ups = 0;
	char *p;

	for (size_t i = 0; i < from.n && i < to.n && from.p[i] == to.p[i]; i++)
		if (from.p[i] == '/')
			common = i + 1;
	for (size_t i = common; i < from.n; i++)
		ups += from.p[i] == '/';
	to = str_skip(to, common);
	p = arena_alloc(a, ups * 3 + to.n + 1);
	for (size_t i = 0; i < ups * 3; i++)
		p[i] = "../"[i % 3];
	if (to.n > 0)
		memcpy(p + ups * 3, to.p, to.n);
	return (struct str){p, ups * 3 + to.n};
}

struct str paths_address(struct arena *a, struct str path)
{
	struct str first = {path.p, str_find(path, STR("/"))};
	struct buf b = {0};

	if (str_find(first, STR(":")) < first.n)
		buf_puts(&b, "./");
	for (size_t i = 0; i < path.n; i++) {
		char c = path.p[i];

		if (c == '%' || c == '#' || c == '?')
			buf_printf(&b, "%%%02X", (unsigned)c);
		else
			buf_putc(&b, c);
	}
	return arena_take(a, &b);
}
