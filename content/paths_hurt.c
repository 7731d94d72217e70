/*
 * paths_hurt - names that file systems take for something else.
 *
 * A store is cloned to machines of any kind, so all of their rules count, as
 * in git's own verify_path() with core.protectHFS and core.protectNTFS.
 */
#include "content/paths_hurt.h"

#include <stdint.h>

#include "base/utf8.h"
#include "base/util.h"
#include "content/utf8.h"

#define LONGEST_DEVICE 7
#define KEY 12 /* the longest name that matters has fewer */

/* Characters that HFS+ leaves out when it compares names. */
static bool is_ignorable(int32_t cp)
{
	return (cp >= 0x200C && cp <= 0x200F) ||
	       (cp >= 0x202A && cp <= 0x202E) ||
	       (cp >= 0x2060 && cp <= 0x2064) ||
	       (cp >= 0x206A && cp <= 0x206F) || cp == 0xFEFF || cp == 0xAD;
}

static char lower(int32_t cp)
{
	if (cp == 0x0131 || cp == 0x0130) /* dotless, dotted: i to some */
		return 'i';
	if (cp < 0 || cp >= 0x80)
		return '\x7F';
	return (char)(cp >= 'A' && cp <= 'Z' ? cp - 'A' + 'a' : cp);
}

/* The first few characters in lower case, without the ignorable ones. */
static struct str key_of(struct str name, char key[KEY])
{
	size_t n = 0;

	for (size_t at = 0; at < name.n && n < KEY;) {
		int32_t cp = utf8_next(name, &at);

		if (!is_ignorable(cp))
			key[n++] = lower(cp);
	}
	return (struct str){key, n};
}

/*
 * GIT~1, GITMOD~1 and, once those are taken, GI7EBA~1: a short name is that
 * of a long one that starts with a dot left out.
 */
static bool is_short_git(struct str key)
{
	size_t tilde = str_find(key, STR("~"));

	if (tilde + 1 >= key.n || key.p[tilde + 1] < '0' ||
		key.p[tilde + 1] > '9')
		return false;
	if (str_starts(key, STR("git")))
		return true;
	if (tilde != 6 || !str_starts(key, STR("gi")))
		return false;
	for (size_t i = 2; i < tilde; i++)
		if (strchr("0123456789abcdef", key.p[i]) == NULL)
			return false;
	return true;
}

/* May a name that begins so be one of those?  Most may not. */
static bool may_begin(struct str name, const char *letters)
{
	unsigned char c = name.n > 0 ? (unsigned char)name.p[0] : 0;

	return c >= 0x80 || strchr(letters, c) != NULL;
}

bool hurts_git(struct str name)
{
	char bytes[KEY];
	struct str key;

	if (!may_begin(name, ".gG"))
		return false;
	key = key_of(name, bytes);
	return str_starts(key, STR(".git")) || is_short_git(key);
}

/* The digits of COM1 and LPT1; superscript ones count as well. */
static bool is_port_digit(struct str s)
{
	size_t at = 0;
	int32_t cp = s.n > 0 ? utf8_next(s, &at) : 0;

	return at == s.n && ((cp >= '0' && cp <= '9') || cp == 0xB9 ||
				    cp == 0xB2 || cp == 0xB3);
}

bool hurts_windows(struct str name)
{
	static const char *const devices[] = {
		"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"};
	char bytes[KEY];
	struct str stem = name;
	struct str key;

	if (!may_begin(name, "aclnpACLNP"))
		return false;
	for (stem.n = 0; stem.n < name.n; stem.n++)
		if (name.p[stem.n] == '.' || name.p[stem.n] == ':')
			break;
	while (stem.n > 0 && stem.p[stem.n - 1] == ' ')
		stem.n--;
	if (stem.n > LONGEST_DEVICE && utf8_ascii(stem))
		return false;
	key = key_of(stem, bytes);
	for (size_t i = 0; i < ARRAY_LEN(devices); i++)
		if (str_is(key, devices[i]))
			return true;
	if (!str_starts(key, STR("com")) && !str_starts(key, STR("lpt")))
		return false;
	return is_port_digit(str_skip(stem, 3));
}
