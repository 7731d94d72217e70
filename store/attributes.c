/*
 * attributes - what .gitattributes would make of our files.
 *
 * They are committed, and lie in the work tree, as they were made, byte for
 * byte.  Where an attribute has git convert them (line ends, an encoding, a
 * filter such as that of LFS), git status calls them changed, and a checkout
 * has other bytes: a person should know.  One path of each kind, which is its
 * extension and upper folders, speaks for the others.
 */
#include "store/attributes.h"

#include <git2/sys/repository.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"
#include "store/parts.h"

enum { TEXT, EOL, FILTER, IDENT, ENCODING, N_NAMES };

static const char *const names[N_NAMES] = {
	"text", "eol", "filter", "ident", "working-tree-encoding"};

static unsigned long add(unsigned long hash, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ (unsigned char)text.p[i]) * 1099511628211UL;
	return hash;
}

/* Where there are more than it takes, they are as good as seen. */
static bool is_new(struct kinds *k, unsigned long hash)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->hashes[i] == hash)
			return false;
	if (k->n == ARRAY_LEN(k->hashes))
		return false;
	k->hashes[k->n++] = hash;
	return true;
}

/*
 * What is behind its last point, with its top folder, and with the one in
 * that: of those a mapping may make one for each document.
 */
static bool is_new_kind(struct attributes *a, const char *path)
{
	const char *slash = strchr(path, '/');
	const char *second = slash != NULL ? strchr(slash + 1, '/') : NULL;
	const char *point = strrchr(path, '.');
	unsigned long hash = 14695981039346656037UL;
	bool new;

	if (point != NULL)
		hash = add(hash, str_of(point));
	if (slash != NULL)
		hash = add(hash, (struct str){path, (size_t)(slash - path)});
	new = is_new(&a->wide, hash);
	if (second == NULL)
		return new;
	hash = add(hash, (struct str){slash, (size_t)(second - slash)});
	return is_new(&a->narrow, hash) || new;
}

static int find_cr(void *arg, const void *bytes, size_t n, struct err *e)
{
	bool *has = arg;

	(void)e;
	*has = memchr(bytes, '\r', n) != NULL;
	return *has ? ERR_CANCELED : 0;
}

static bool has_cr(struct objects *o, const git_oid *oid)
{
	bool has = false;

	objects_read(o, oid, find_cr, &has, NULL);
	return has;
}

static bool is(const char *value, const char *text)
{
	return value != NULL && strcmp(value, text) == 0;
}

/* The attribute that would change the file, or -1. */
static int meant(struct objects *o, const char *const *v, const git_oid *oid)
{
	static const int strings[] = {FILTER, ENCODING};

	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		if (git_attr_value(v[strings[i]]) == GIT_ATTR_VALUE_STRING)
			return strings[i];
	if (GIT_ATTR_IS_TRUE(v[IDENT]))
		return IDENT;
	if (GIT_ATTR_IS_FALSE(v[TEXT]))
		return -1;
	if (is(v[EOL], "crlf"))
		return EOL;
	if ((GIT_ATTR_IS_TRUE(v[TEXT]) || is(v[EOL], "lf")) &&
		!is(v[TEXT], "auto") && has_cr(o, oid))
		return TEXT;
	return -1;
}

static void tell(struct store *s, const char *path, int which)
{
	const char *slash = strchr(path, '/');
	int n = slash != NULL ? (int)(slash - path) + 1 : 0;

	s->attributes.told = true; /* once will do */
	store_tell(s, LOG_LEVEL_WARNING,
		"the attribute '%s' is set for %s (.gitattributes), which "
		"would change it: files are committed as they are, so that git "
		"status calls it modified: exempt what is written here, with "
		"the last line \"%.*s** -text !filter !ident "
		"!working-tree-encoding\"",
		names[which], path, n, path);
}

/* A pipe would be waited for, for ever. */
static bool may_be_read(const char *root, const char *path)
{
	const char *name = path;
	bool fine = true;

	for (;;) {
		char *file = xasprintf(
			"%s%.*s.gitattributes", root, (int)(name - path), path);
		struct stat st;

		fine = lstat(file, &st) != 0 || S_ISREG(st.st_mode);
		free(file);
		name = strchr(name, '/');
		if (!fine || name == NULL)
			return fine;
		name++;
	}
}

/*
 * What lies in the work tree counts, or is at HEAD.  libgit2 would read all of
 * the index, too, for one that is in neither: it is shown an empty one.
 */
static int look_up(struct store *s, const char *path, const char **values)
{
	uint32_t flags = GIT_ATTR_CHECK_NO_SYSTEM;
	const char *root = git_repository_workdir(s->repo);
	git_index *none = NULL;
	int rc = root == NULL || may_be_read(root, path) ? git_index_new(&none)
							 : GIT_EINVALID;

	flags |= git_repository_is_bare(s->repo)
			 ? GIT_ATTR_CHECK_INDEX_ONLY |
				   GIT_ATTR_CHECK_INCLUDE_HEAD
			 : GIT_ATTR_CHECK_FILE_THEN_INDEX;
	if (rc == 0)
		rc = git_repository_set_index(s->repo, none);
	if (rc == 0)
		rc = git_attr_get_many(values, s->repo, flags, path, N_NAMES,
			(const char **)names);
	git_repository_set_index(s->repo, NULL);
	git_index_free(none);
	return rc;
}

void attributes_look(struct store *s, const char *path, const git_oid *oid)
{
	const char *values[N_NAMES];
	int which;

	if (s->attributes.told || !is_new_kind(&s->attributes, path))
		return;
	s->laden = true; /* with one more tree */
	if (look_up(s, path, values) != 0)
		return;
	which = meant(s->objects, values, oid);
	if (which >= 0)
		tell(s, path, which);
}
