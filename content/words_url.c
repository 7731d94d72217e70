/*
 * words_url - the parts of an absolute URL.
 *
 * Only what is written as scheme://host counts; a browser reads a backslash
 * as a slash there, so the host ends at one too.
 */
#include "content/words.h"

#include "content/ascii.h"

static bool is_scheme_char(char c, bool first)
{
	if (ascii_letter(c))
		return true;
	return !first && (ascii_digit(c) || c == '+' || c == '-' || c == '.');
}

/* Part url behind its "//" into authority and rest; false if relative. */
static bool split(struct str url, struct str *authority, struct str *rest)
{
	size_t n = 0;

	url = words_trim(url);
	while (n < url.n && is_scheme_char(url.p[n], n == 0))
		n++;
	if (n == 0 || !str_starts(str_skip(url, n), STR("://")))
		return false;
	url = str_skip(url, n + 3);
	n = ascii_until(url, "/?#\\");
	*authority = (struct str){url.p, n};
	*rest = str_skip(url, n);
	return true;
}

struct str words_url_host(struct arena *a, struct str url)
{
	struct str host;
	struct str rest;

	if (url.p == NULL || !split(url, &host, &rest))
		return STR_NONE;
	for (size_t i = host.n; i > 0; i--)
		if (host.p[i - 1] == '@') {
			host = str_skip(host, i);
			break;
		}
	if (host.n > 0 && host.p[0] == '[') {
		size_t n = ascii_until(host, "]");

		host.n = n < host.n ? n + 1 : 0;
	} else {
		host.n = ascii_until(host, ":");
	}
	return host.n > 0 ? words_lower(a, host) : STR_NONE;
}

struct str words_url_path(struct arena *a, struct str url)
{
	struct str authority;
	struct str path;

	if (url.p == NULL || !split(url, &authority, &path))
		return STR_NONE;
	path.n = ascii_until(path, "?#");
	return arena_str(a, path);
}

struct str words_strip_www(struct str host)
{
	if (str_starts(host, STR("www.")) && host.n > 4)
		return str_skip(host, 4);
	return host;
}

struct str words_strip_tld(struct str host)
{
	size_t n = host.n;

	if (n > 0 && host.p[n - 1] == '.')
		n--;
	for (size_t i = n; i > 1; i--)
		if (host.p[i - 1] == '.')
			return (struct str){host.p, i - 1};
	return (struct str){host.p, n};
}
