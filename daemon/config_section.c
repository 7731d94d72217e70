/*
 * config_section - a section by its table of keys: the key, how its value is
 * read and where in the configuration it goes.
 */
#include "daemon/config_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/git_names.h"

/* Of git_names_check_*(), with the place. */
static int refuse(const struct config_key *key, const struct node *at,
	const struct err *why, struct err *e)
{
	if (why->code != ERR_CONFIG)
		return err_set(e, why->code, "%s", why->text);
	return node_err(at, e, "%s: %s", key->name, why->text);
}

const char *config_absolute(struct config *c, const char *path)
{
	char *here = path[0] != '/' ? getcwd(NULL, 0) : NULL;

	if (here != NULL)
		path = arena_printf(&c->arena, "%s/%s", here, path).p;
	free(here);
	return path;
}

int config_check_home(
	const struct node *at, const char *name, struct str path, struct err *e)
{
	if (!str_starts(path, STR("~/")))
		return 0;
	return node_err(at, e,
		"%s: ~ is nobody's home here (the daemon may run as another "
		"user): write the whole path",
		name);
}

static int read_text(struct config *c, const struct config_key *key,
	const struct node *at, const char **to, struct err *e)
{
	struct err why = {0};
	struct str text;
	int r = node_string(at, key->name, &text, e);

	if (r != 0)
		return r;
	if ((key->kind == KIND_STRING || key->kind == KIND_PATH) && text.n == 0)
		return node_err(at, e, "%s: is empty: leave it out, or fill it",
			key->name);
	if (config_check_home(at, key->name, text, e) != 0)
		return ERR_CONFIG;
	*to = arena_str(&c->arena, text).p;
	if (key->kind == KIND_PATH)
		*to = config_absolute(c, *to);
	if (key->kind == KIND_BRANCH)
		r = git_names_check_branch(*to, &why);
	if (key->kind == KIND_AUTHOR)
		r = git_names_check_author(*to, &why);
	return r == 0 ? 0 : refuse(key, at, &why, e);
}

static int read_choice(const struct config_key *key, const struct node *at,
	bool *yes, struct err *e)
{
	struct str text;
	int r = node_string(at, key->name, &text, e);

	if (r != 0)
		return r;
	*yes = str_is(text, key->yes);
	if (!*yes && !str_is(text, key->no))
		return node_err(
			at, e, "%s: is %s or %s", key->name, key->no, key->yes);
	return 0;
}

static int read_share(const struct node *at, double *out, struct err *e)
{
	char *text = str_dup(at->text);
	char *end = text;
	bool good = at->type == NODE_SCALAR && at->text.n > 1;

	if (good)
		*out = strtod(text, &end) / 100;
	good = good && strcmp(end, "%") == 0 && *out >= 0 && *out <= 1;
	free(text);
	if (good)
		return 0;
	return node_err(at, e, "share: is a percentage, as 10%%");
}

int config_read_key(struct config *c, const struct config_key *key,
	const struct node *at, struct err *e)
{
	void *to = (char *)c + key->offset;
	int64_t number;
	int r;

	switch (key->kind) {
	case KIND_STRING:
	case KIND_PATH:
	case KIND_BRANCH:
	case KIND_AUTHOR:
		return read_text(c, key, at, to, e);
	case KIND_BOOL:
		return node_bool(at, key->name, to, e);
	case KIND_CHOICE:
		return read_choice(key, at, to, e);
	case KIND_DURATION:
		return node_duration(at, key->name, to, e);
	case KIND_SIZE:
		return node_size(at, key->name, to, e);
	case KIND_REQUESTS:
		r = node_int(at, key->name, 1, 64, &number, e);
		if (r == 0)
			*(int *)to = (int)number;
		return r;
	case KIND_COUNT:
		return node_int(at, key->name, 0, INT64_MAX, to, e);
	case KIND_SHARE:
		return read_share(at, to, e);
	case KIND_SECTION:
		return config_read_section(
			c, at, key->name, key->keys, key->n_keys, e);
	case KIND_OWN:
		return key->read(c, at, e);
	}
	abort();
}

int config_read_section(struct config *c, const struct node *at,
	const char *name, const struct config_key *keys, size_t n,
	struct err *e)
{
	const char *names[CONFIG_MAX_KEYS] = {0};
	int r;

	for (size_t i = 0; i < n; i++)
		names[i] = keys[i].name;
	r = node_keys(at, name, names, n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct node *value = node_get(at, keys[i].name);

		if (value != NULL)
			r = config_read_key(c, &keys[i], value, e);
	}
	return r;
}

int config_read_texts(struct arena *arena, const struct node *at,
	const char *what, const char ***out, size_t *n, struct err *e)
{
	struct str text;
	int r = 0;

	*out = ARENA_ARRAY(arena, const char *, at->n + 1);
	for (size_t i = 0; r == 0 && i < at->n; i++) {
		r = node_string(&at->items[i], what, &text, e);
		if (r == 0)
			(*out)[(*n)++] = arena_str(arena, text).p;
	}
	return r;
}
