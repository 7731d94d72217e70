/*
 * config_section - a section by its table of keys: the key, how its value is
 * read and where in the configuration it goes.
 */
#include "daemon/config_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/names.h"

/* Of names_check_*(), with the place. */
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
	*to = arena_str(&c->arena, text).p;
	if (key->kind == KIND_PATH)
		*to = config_absolute(c, *to);
	if (key->kind == KIND_BRANCH)
		r = names_check_branch(*to, &why);
	if (key->kind == KIND_AUTHOR)
		r = names_check_author(*to, &why);
	return r == 0 ? 0 : refuse(key, at, &why, e);
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
	case KIND_DURATION:
		return node_duration(at, key->name, to, e);
	case KIND_SIZE:
		return node_size(at, key->name, to, e);
	case KIND_REQUESTS:
		r = node_int(at, key->name, 1, 64, &number, e);
		if (r == 0)
			*(int *)to = (int)number;
		return r;
	}
	abort();
}

int config_read_section(struct config *c, const struct node *at,
	const struct config_section *section, struct err *e)
{
	const char *names[CONFIG_MAX_KEYS];
	size_t n = 0;
	int r;

	for (size_t i = 0; i < section->n_keys; i++)
		names[n++] = section->keys[i].name;
	for (size_t i = 0; i < section->n_more; i++)
		names[n++] = section->more[i];
	r = node_keys(at, section->name, names, n, e);
	for (size_t i = 0; r == 0 && i < section->n_keys; i++) {
		const struct config_key *key = &section->keys[i];
		const struct node *value = node_get(at, key->name);

		if (value != NULL)
			r = config_read_key(c, key, value, e);
	}
	return r;
}

int config_read_share(const struct node *at, double *out, struct err *e)
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
