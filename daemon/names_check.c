/*
 * names_check - the names that the configuration has, held against those that
 * the server gives: its projects, and what the mapping reads.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "daemon/frozen.h"
#include "daemon/names.h"
#include "daemon/names_renamed.h"
#include "store/ids.h"

#define LISTED 8 /* names of the server, where none is near */

/* --- Projects ------------------------------------------------------------- */

static const struct project *find_project(
	const struct names *n, struct str name)
{
	long long id;
	bool is_id = str_to_int64(name, &id);

	for (size_t i = 0; i < n->n_projects; i++)
		if (str_eq(n->projects[i].identifier, name) ||
			(is_id && n->projects[i].id == id))
			return &n->projects[i];
	return NULL;
}

/* What a thing is called that had a name before, or STR_NONE. */
static struct str name_now(
	const struct names *n, enum named kind, struct str was)
{
	static const enum read_kind kinds[] = {
		[NAMED_PROJECT] = READ_PROJECT,
		[NAMED_TYPE] = READ_TYPE,
		[NAMED_STATUS] = READ_STATUS,
	};
	const struct frozen *f = n->frozen;

	if (kind == NAMED_FIELD)
		return names_field_now(n, was);
	for (size_t i = 0; f != NULL && i < f->n; i++)
		if (f->items[i].kind == kinds[kind] &&
			str_is(was, f->items[i].was) &&
			f->items[i].now[0] != '\0')
			return str_of(f->items[i].now);
	return STR_NONE;
}

/* Put more words behind the text. */
PRINTF_LIKE(2, 3)
static void say_more(struct err *e, const char *fmt, ...)
{
	size_t used = e != NULL ? strlen(e->text) : 0;
	va_list ap;

	if (e == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(e->text + used, sizeof(e->text) - used, fmt, ap);
	va_end(ap);
}

/* What has that name now, or may have been meant. */
static void suggest(struct err *e, struct str now, const char *nearest)
{
	if (now.p != NULL)
		say_more(e, " (it is called '%.*s' now)", STR_ARGS(now));
	else
		err_nearest(e, 0, nearest);
}

/* Of what cannot be read nobody knows whether it is the one. */
static void mention_left_out(
	const struct names *n, enum names_kind kind, struct err *e)
{
	if (n->unreadable[kind].code != 0)
		say_more(e, ", but one that cannot be read: %s",
			n->unreadable[kind].text);
}

const char *names_nearest_project(const struct names *n, struct str name)
{
	const char **all = xcalloc(n->n_projects + 1, sizeof(*all));
	const char *nearest;

	for (size_t i = 0; i < n->n_projects; i++)
		all[i] = n->projects[i].identifier.p;
	nearest = str_nearest(name, all, n->n_projects);
	free(all);
	return nearest;
}

/* Nobody meant one that is configured as well. */
static const char *nearest_other(
	const struct names *n, const struct config *c, struct str name)
{
	const char *nearest = names_nearest_project(n, name);

	for (size_t i = 0; nearest != NULL && i < c->n_projects; i++)
		if (str_is(c->projects[i].name, nearest))
			return NULL;
	return nearest;
}

int names_unknown_project(const struct names *n, const struct config *c,
	const struct config_project *want, struct err *e)
{
	struct str now = name_now(n, NAMED_PROJECT, want->name);
	int r = node_err(&want->at, e,
		"the server shows no project '%.*s' to this key%s",
		STR_ARGS(want->name),
		now.n > 0 ? ""
			  : ": it is not there, or the key's user may not "
			    "see it");

	suggest(e, now, nearest_other(n, c, want->name));
	mention_left_out(n, NAMES_PROJECTS, e);
	return r;
}

bool names_in_scope(const int64_t *ids, size_t n_ids, int64_t id)
{
	return n_ids == 0 || ids_contain(ids, n_ids, id);
}

/* Is it the project that is asked for, or below it where that is? */
static bool is_meant(const struct config_project *want,
	const struct project *found, const struct project *p)
{
	return p == found ||
	       (want->subprojects &&
		       ids_contain(p->ancestors, p->n_ancestors, found->id));
}

/* Add a project, and those below it where asked for. */
static size_t add_to_scope(const struct names *n,
	const struct config_project *want, const struct project *found,
	int64_t *ids, size_t count)
{
	for (size_t k = 0; k < n->n_projects; k++) {
		const struct project *p = &n->projects[k];

		if (is_meant(want, found, p) && !ids_contain(ids, count, p->id))
			ids[count++] = p->id;
	}
	return count;
}

/* One that is called otherwise now is still what was meant. */
static const struct project *find_renamed(
	const struct names *n, struct str name)
{
	const struct frozen *f = n->frozen;

	for (size_t i = 0; f != NULL && i < f->n; i++)
		if (f->items[i].kind == READ_PROJECT &&
			str_is(name, f->items[i].was))
			return names_project(n, f->items[i].id);
	return NULL;
}

int names_find_scope(const struct names *n, const struct config *c, bool strict,
	struct names_scope *out, struct err *e)
{
	struct names_scope scope = {
		.ids = xcalloc(n->n_projects + 1, sizeof(*scope.ids))};

	for (size_t i = 0; i < c->n_projects; i++) {
		const struct config_project *want = &c->projects[i];
		const struct project *found = find_project(n, want->name);

		if (found == NULL && scope.missing.code == 0)
			names_unknown_project(n, c, want, &scope.missing);
		if (found == NULL)
			found = find_renamed(n, want->name);
		if (found != NULL)
			scope.n = add_to_scope(
				n, want, found, scope.ids, scope.n);
	}
	if (scope.missing.code != 0 && (strict || scope.n == 0)) {
		free(scope.ids);
		*e = scope.missing;
		return e->code;
	}
	*out = scope;
	return 0;
}

bool names_may_be_below(
	const struct names *n, const struct config *c, int64_t id)
{
	const struct project *p = names_project(n, id);
	bool hidden = false;

	for (size_t i = 0; p != NULL && i < c->n_projects; i++) {
		const struct config_project *want = &c->projects[i];
		const struct project *found = find_project(n, want->name);

		if (found == NULL)
			found = find_renamed(n, want->name);
		if (found != NULL && is_meant(want, found, p))
			return false;
		hidden |= found == NULL && want->subprojects;
	}
	return hidden;
}

/* --- The mapping's names against the server's --------------------------- */

/* Collects what the server has of one kind; *n of them, the caller frees. */
static const char **server_names(
	const struct names *n, enum named kind, size_t *out_n)
{
	size_t count = 0;
	size_t max = n->n_projects * 2 + n->n_types + n->n_statuses;
	const char **out;

	for (size_t i = 0; i < n->n_schemas; i++)
		max += n->schemas[i].n_fields * 2;
	out = xcalloc(max + 1, sizeof(*out));
	for (size_t i = 0; kind == NAMED_PROJECT && i < n->n_projects; i++) {
		out[count++] = n->projects[i].identifier.p;
		out[count++] = n->projects[i].name.p;
	}
	for (size_t i = 0; kind == NAMED_TYPE && i < n->n_types; i++)
		out[count++] = n->types[i].name.p;
	for (size_t i = 0; kind == NAMED_STATUS && i < n->n_statuses; i++)
		out[count++] = n->statuses[i].name.p;
	for (size_t i = 0; kind == NAMED_FIELD && i < n->n_schemas; i++)
		for (size_t k = 0; k < n->schemas[i].n_fields; k++) {
			const struct schema_field *f = &n->schemas[i].fields[k];

			if (f->name.p != NULL)
				out[count++] = f->name.p;
			out[count++] = f->key.p;
		}
	*out_n = count;
	return out;
}

static void mention_unreadable(const struct names *n, struct err *e)
{
	const struct schema_field *f = NULL;

	for (size_t i = 0; f == NULL && i < n->n_schemas; i++)
		f = schema_unreadable(&n->schemas[i]);
	if (f != NULL)
		say_more(e,
			", but one of which it does not say what it is: "
			"%.*s",
			STR_ARGS(f->key));
}

static bool has_name(const struct names *n, const struct program_name *name)
{
	size_t count;
	const char **have = server_names(n, name->kind, &count);
	size_t i = 0;

	while (i < count && !str_is(name->name, have[i]))
		i++;
	free(have);
	return i < count;
}

/* Where nothing is near, some of those that there are. */
static void list_some(struct err *e, const char *const *have, size_t count)
{
	for (size_t i = 0; i < count && i < LISTED; i++)
		say_more(e, "%s'%s'", i == 0 ? " (it has " : ", ", have[i]);
	if (count > 0)
		say_more(e, "%s)", count > LISTED ? ", …" : "");
}

static int check_name(
	const struct names *n, const struct program_name *name, struct err *e)
{
	static const char *const words[] = {
		[NAMED_PROJECT] = "project",
		[NAMED_TYPE] = "type",
		[NAMED_STATUS] = "status",
		[NAMED_FIELD] = "custom field",
	};
	static const enum names_kind lists[] = {
		[NAMED_PROJECT] = NAMES_PROJECTS,
		[NAMED_TYPE] = NAMES_TYPES,
		[NAMED_STATUS] = NAMES_STATUSES,
	};
	struct str now = name_now(n, name->kind, name->name);
	size_t count;
	const char **have;
	const char *nearest;
	int r;

	if (has_name(n, name))
		return 0;
	r = node_err(&name->at, e, "the server has no %s '%.*s'",
		words[name->kind], STR_ARGS(name->name));
	have = server_names(n, name->kind, &count);
	nearest = str_nearest(name->name, have, count);
	suggest(e, now, nearest);
	if (name->kind == NAMED_FIELD)
		mention_unreadable(n, e);
	else if (now.p == NULL && nearest == NULL)
		list_some(e, have, count);
	if (name->kind != NAMED_FIELD)
		mention_left_out(n, lists[name->kind], e);
	free(have);
	return r;
}

struct api_pair *names_pairs(
	const struct names *n, const struct names_scope *scope, size_t *n_pairs)
{
	size_t projects = scope->n > 0 ? scope->n : n->n_projects;
	size_t types = n->n_types + n->n_nameless[NAMES_TYPES];
	struct api_pair *pairs = xcalloc(projects * types, sizeof(*pairs));

	*n_pairs = 0;
	for (size_t i = 0; i < projects; i++)
		for (size_t k = 0; k < types; k++)
			pairs[(*n_pairs)++] = (struct api_pair){
				scope->n > 0 ? scope->ids[i]
					     : n->projects[i].id,
				n->types[k].id};
	return pairs;
}

bool names_have_schemas(const struct names *n, const struct names_scope *scope)
{
	size_t count;
	struct api_pair *pairs = names_pairs(n, scope, &count);
	size_t i = 0;

	while (i < count &&
		names_schema(n, pairs[i].project_id, pairs[i].type_id) != NULL)
		i++;
	free(pairs);
	return i == count;
}

bool names_have_fields(const struct names *n, const struct program *program)
{
	size_t count;
	const struct program_name *names = program_names(program, &count);
	bool all = true;

	for (size_t i = 0; all && i < count; i++)
		all = names[i].kind != NAMED_FIELD || has_name(n, &names[i]);
	return all;
}

static bool asks_for(const struct config *c, const struct program_name *name)
{
	for (size_t i = 0; c != NULL && i < c->n_projects; i++)
		if (name->kind == NAMED_PROJECT &&
			str_eq(name->name, c->projects[i].name))
			return true;
	return false;
}

int names_check_each(const struct names *n, const struct program *program,
	bool fields, const struct config *asked, size_t *i, struct err *e)
{
	size_t count;
	const struct program_name *names = program_names(program, &count);
	int r = 0;

	for (; r == 0 && *i < count; ++*i)
		if ((names[*i].kind != NAMED_FIELD || fields) &&
			!asks_for(asked, &names[*i]))
			r = check_name(n, &names[*i], e);
	return r;
}

int names_check(const struct names *n, const struct program *program,
	bool fields, const struct config *asked, struct err *e)
{
	size_t from = 0;

	return names_check_each(n, program, fields, asked, &from, e);
}
