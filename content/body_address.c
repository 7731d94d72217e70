/*
 * body_address - which attachment or work package an address means.
 *
 * By id, under /api/v3/attachments/, /attachments/ or one of the addresses of
 * a work package's page, with or without the server in front; attachments
 * also by file name, compared as the server cleans names.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <unicode/uchar.h>

#include "base/utf8.h"
#include "content/ascii.h"
#include "content/body_scan.h"
#include "content/utf8.h"

#define MAX_NAME 1024 /* bytes of an address that may be a file name */

static bool starts_fold(struct str s, struct str head)
{
	return s.n >= head.n && strncasecmp(s.p, head.p, head.n) == 0;
}

/* A server: its host, and its port, or "" where that is the scheme's own. */
struct server {
	struct str host;
	struct str port;
};

/* Take "http://host:port" or "//host:port" off the front of an address. */
static bool take_server(struct str *address, struct server *out)
{
	struct str s = *address;
	bool tls = starts_fold(s, STR("https:"));
	struct str authority;

	if (tls || starts_fold(s, STR("http:")))
		s = str_skip(s, tls ? 6 : 5);
	if (!str_starts(s, STR("//")))
		return false;
	s = str_skip(s, 2);
	authority = (struct str){s.p, ascii_until(s, "/?#\\")};
	*address = str_skip(s, authority.n);
	*out = (struct server){authority, STR("")};
	if (authority.n == 0 || authority.p[0] != '[')
		out->host.n = ascii_until(authority, ":");
	else if (ascii_until(authority, "]") < authority.n)
		out->host.n = ascii_until(authority, "]") + 1;
	if (out->host.n + 1 < authority.n)
		out->port = str_skip(authority, out->host.n + 1);
	if (str_is(out->port, tls ? "443" : "80"))
		out->port = STR("");
	return out->host.n > 0;
}

/* The path of an address on our server, or the address if it is relative. */
static bool strip_server(const struct addresses *a, struct str *address)
{
	struct str origin = a->base;
	struct server ours;
	struct server theirs;

	if (!str_starts(*address, STR("//")) &&
		str_find(*address, STR("://")) == address->n)
		return true;
	if (!take_server(address, &theirs))
		return false;
	if (origin.p == NULL || origin.n == 0)
		return true;
	return take_server(&origin, &ours) && ours.host.n == theirs.host.n &&
	       strncasecmp(ours.host.p, theirs.host.p, ours.host.n) == 0 &&
	       str_eq(ours.port, theirs.port);
}

/* Off with the path under which the server's own paths start. */
static struct str strip_prefix(const struct addresses *a, struct str path)
{
	struct str prefix = a->base;
	struct server ignored;

	if (prefix.p == NULL || !take_server(&prefix, &ignored))
		return path;
	return str_starts(path, prefix) ? str_skip(path, prefix.n) : path;
}

int64_t address_number(struct str s, size_t *n)
{
	int64_t id = 0;

	for (*n = 0; *n < s.n && *n < 18 && s.p[*n] >= '0' && s.p[*n] <= '9';
		(*n)++)
		id = id * 10 + (s.p[*n] - '0');
	return id;
}

struct str address_identifier(struct str s)
{
	size_t hashes = 0;
	size_t dash = 0;
	size_t n;

	while (hashes < s.n && s.p[hashes] == '#')
		hashes++;
	s = str_skip(s, hashes);
	while (dash < s.n && ascii_name(s.p[dash]))
		dash++;
	if (hashes == 0 || hashes > 3 || !ascii_letter(ascii_at(s, 0)) ||
		ascii_at(s, dash) != '-' ||
		address_number(str_skip(s, dash + 1), &n) == 0 ||
		dash + 1 + n != s.n)
		return STR_NONE;
	return s;
}

/* "4", "4/name.png": 4; else 0. */
static int64_t id_of(struct str s)
{
	size_t n;
	int64_t id = address_number(s, &n);

	return n == s.n || s.p[n] == '/' ? id : 0;
}

/* Take text off the front; false if it is not there. */
static bool take(struct str *s, struct str text)
{
	if (!str_starts(*s, text))
		return false;
	*s = str_skip(*s, text.n);
	return true;
}

/* "/attachments/4", "/attachments/4/name.png": 4; else 0. */
static int64_t attachment_of(const struct addresses *a, struct str path)
{
	path = strip_prefix(a, path);
	if (str_starts(path, STR("/api/v3/")))
		path = str_skip(path, 7);
	return take(&path, STR("/attachments/")) ? id_of(path) : 0;
}

/* One byte of an address, and how many it is written with. */
static size_t decode_byte(struct str s, char *out)
{
	int high = s.n > 2 && s.p[0] == '%' ? hex_value(s.p[1]) : -1;
	int low = high >= 0 ? hex_value(s.p[2]) : -1;

	*out = s.p[0];
	if (low >= 0) {
		*out = (char)(high << 4 | low);
		return 3;
	}
	if (str_starts(s, STR("&amp;")))
		return 5;
	/* Markdown's backslash; a file's name has none. */
	if (s.p[0] == '\\' && s.n > 1) {
		*out = s.p[1];
		return 2;
	}
	return 1;
}

static bool is_word(int32_t cp)
{
	return cp >= 0 &&
	       (u_isalnum(cp) || u_charType(cp) == U_ENCLOSING_MARK ||
		       u_charType(cp) == U_NON_SPACING_MARK ||
		       u_charType(cp) == U_COMBINING_SPACING_MARK ||
		       cp == '_' || cp == '.' || cp == '-' || cp == '+');
}

/* True if the server, which makes '_' of what is no word, made cleaned. */
static bool cleans_to(struct str name, struct str cleaned)
{
	size_t i = 0;
	size_t j = 0;

	while (i < name.n && j < cleaned.n) {
		int32_t cp = utf8_next(name, &i);
		int32_t other = utf8_next(cleaned, &j);

		if (cp != other && (other != '_' || is_word(cp)))
			return false;
	}
	return i == name.n && j == cleaned.n;
}

/* In NFC, as addresses are compared in it. */
struct attachment_name {
	struct str name;
	const struct attachment *attachment; /* later ones are newer */
};

static int by_name_and_age(const void *a, const void *b)
{
	const struct attachment_name *x = a;
	const struct attachment_name *y = b;
	int c = str_cmp(x->name, y->name);

	return c != 0 ? c
		      : (x->attachment > y->attachment) -
				(x->attachment < y->attachment);
}

static const struct attachment_name *names_of(struct addresses *a)
{
	size_t n = a->wp->n_attachments;

	if (a->names != NULL || n == 0)
		return a->names;
	a->names = ARENA_ARRAY(a->arena, struct attachment_name, n);
	for (size_t i = 0; i < n; i++) {
		const struct attachment *one = &a->wp->attachments[i];

		a->names[i] = (struct attachment_name){
			utf8_nfc(a->arena, one->file_name), one};
	}
	qsort(a->names, n, sizeof(*a->names), by_name_and_age);
	return a->names;
}

/* How many of n names are not behind this one. */
static size_t n_until(
	const struct attachment_name *names, size_t n, struct str name)
{
	size_t low = 0;

	while (low < n) {
		size_t middle = low + (n - low) / 2;

		if (str_cmp(names[middle].name, name) <= 0)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

/* The newest attachment of that very name, or else of the cleaned one. */
static const struct attachment *by_name(struct addresses *a, struct str written)
{
	const struct attachment *best = NULL;
	const size_t n = a->wp->n_attachments;
	char bytes[MAX_NAME];
	struct str name = {bytes, 0};
	const struct attachment_name *names;
	size_t end;

	if (written.n > MAX_NAME)
		return NULL;
	while (written.n > 0)
		written = str_skip(
			written, decode_byte(written, &bytes[name.n++]));
	name = utf8_nfc(a->arena, name);
	names = names_of(a);
	end = n_until(names, n, name);
	if (end > 0 && str_eq(names[end - 1].name, name))
		return names[end - 1].attachment;
	for (size_t i = 0; i < n; i++) {
		const struct attachment *one = names[i].attachment;

		if ((best == NULL || one->id > best->id) &&
			cleans_to(name, names[i].name))
			best = one;
	}
	return best;
}

/* Take what may name an attachment: a path on our server, or a file's name. */
static bool take_name(
	const struct addresses *a, struct str address, struct str *out)
{
	struct str path = address;

	if (path.n == 0 || !strip_server(a, &path))
		return false;
	path.n = ascii_until(path, "?");
	*out = path;
	if (path.n > 0 && path.p[0] == '/')
		return true;
	return path.n > 0 && path.p == address.p &&
	       memchr(path.p, '/', path.n) == NULL;
}

bool address_may_mean(const struct addresses *a, struct str address)
{
	struct str mark = STR("/attachments/");
	struct str name;

	address.n = ascii_until(address, "#");
	if (!take_name(a, address, &name))
		return false;
	return name.p[0] != '/' || str_find(name, mark) < name.n;
}

const struct attachment *address_resolve(
	struct addresses *a, struct str address, size_t *n)
{
	struct str name;

	*n = ascii_until(address, "#");
	address.n = *n;
	if (!take_name(a, address, &name))
		return NULL;
	if (name.p[0] == '/')
		return work_package_attachment(a->wp, attachment_of(a, name));
	return by_name(a, name);
}

int64_t address_attachment(const struct addresses *a, struct str address)
{
	struct str name;

	address.n = ascii_until(address, "#");
	return take_name(a, address, &name) && name.p[0] == '/'
		       ? attachment_of(a, name)
		       : 0;
}

/*
 * Pages that show a work package at their side, by what is known of
 * OpenProject's routes: "/notifications/details/12/activity",
 * "/boards/1/details/12", where the 1 may be any word.
 */
static bool take_side(struct str *path)
{
	static const struct str views[] = {STR_INIT("/boards/"),
		STR_INIT("/calendars/"), STR_INIT("/gantt/"),
		STR_INIT("/notifications/"), STR_INIT("/team_planners/")};

	for (size_t i = 0; i < ARRAY_LEN(views); i++) {
		if (!take(path, views[i]))
			continue;
		if (take(path, STR("details/")))
			return true;
		*path = str_skip(*path, ascii_until(*path, "/"));
		return take(path, STR("/details/"));
	}
	return false;
}

int64_t address_work_package(const struct addresses *a, struct str address)
{
	struct str path = address;

	if (!strip_server(a, &path) ||
		(a->base.p == NULL && path.p != address.p))
		return 0;
	path.n = ascii_until(path, "?#");
	path = strip_prefix(a, path);
	if (take(&path, STR("/wp/")))
		return id_of(path);
	if (take(&path, STR("/projects/")))
		path = str_skip(path, ascii_until(path, "/"));
	else if (str_starts(path, STR("/api/v3/")))
		path = str_skip(path, 7);
	if (take_side(&path))
		return id_of(path);
	if (!take(&path, STR("/work_packages/")))
		return 0;
	take(&path, STR("details/"));
	return id_of(path);
}
