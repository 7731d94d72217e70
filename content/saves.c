/*
 * saves - which attachments a document saves, where, and how it links them.
 *
 * Claims are made in two rounds, picks and then other files.  In each, the
 * lower id has a path that two want; the other gets its id into the name.  All
 * that is saved must be fetched first, so each claim is noted as a need,
 * unless nothing is kept.
 */
#include "content/saves.h"

#include <stdlib.h>

#include "content/filters.h"
#include "content/model.h"
#include "content/paths.h"
#include "content/places.h"
#include "content/words.h"

#define MAX_TRIES 8 /* of other names for one file */

/* One attachment that wants a path, in the course of a round. */
struct claim {
	const struct saving *saving;
	const struct attachment *attachment;
	struct str path;
	struct str folded; /* as file systems compare it */
	struct str address;
	bool settled;
	bool nowhere; /* its path depends on contents that are not here yet */
};

struct claims {
	struct claim *items; /* owned */
	size_t n;
	size_t cap;
};

static void claim_push(struct claims *claims, const struct saving *saving,
	const struct attachment *a)
{
	claims->items = grow(
		claims->items, claims->n, &claims->cap, sizeof(*claims->items));
	claims->items[claims->n++] =
		(struct claim){.saving = saving, .attachment = a};
}

struct str saves_address(const struct saves *saves,
	const struct work_package *wp, const struct attachment *a)
{
	size_t n = a != NULL && saves->of != NULL
			   ? saves->of[a - wp->attachments]
			   : 0;

	return n > 0 ? saves->items[n - 1].address : STR_NONE;
}

/* Where two picks save it, the first is where it is. */
static void add_save(
	struct evaluation *with, struct saves *saves, struct save save)
{
	const struct work_package *wp = with->wp;
	size_t *of;

	if (saves->of == NULL)
		saves->of = ARENA_ARRAY(with->arena, size_t, wp->n_attachments);
	saves->items = grow(
		saves->items, saves->n, &saves->cap, sizeof(*saves->items));
	saves->items[saves->n++] = save;
	of = &saves->of[save.attachment - wp->attachments];
	if (*of == 0)
		*of = saves->n;
}

/* Two picks may choose one attachment for one path. */
static bool settles(struct places *p, const struct claim *c)
{
	const struct claim *by = places_take(p, c->folded, c);

	return by != NULL && by->attachment == c->attachment &&
	       str_eq(by->path, c->path);
}

/* A form's text, with attachment bound; false in *there if it is null. */
static int evaluate_form(struct evaluation *with, const struct claim *c,
	const struct form *form, struct str *out, struct err *e)
{
	const struct value *a = model_attachment(with, c->attachment);
	struct value v;
	int rc;

	with->locals[c->saving->slot] = a != NULL ? *a : (struct value){0};
	rc = evaluate_scalar(with, form->key, &form->expression, &v, e);
	*out = STR_NONE;
	if (rc != 0 || (v.type == VALUE_NULL && with->n_needs > 0))
		return rc;
	if (v.type == VALUE_STRING || v.type == VALUE_NUMBER) {
		*out = v.text;
		return 0;
	}
	return err_set(e, ERR_DATA, "%.*s must be text, but is %s",
		STR_ARGS(form->key), value_type_name(&v));
}

static struct str folder_of(struct str path)
{
	while (path.n > 0 && path.p[path.n - 1] != '/')
		path.n--;
	return path;
}

static int set_path(
	struct arena *a, struct claim *c, struct str path, struct err *e)
{
	int rc = paths_check(a, path, &c->path, e);

	if (rc == 0)
		c->folded = words_fold(a, c->path);
	return rc;
}

/* The path that the mapping wishes, before others are asked. */
static int wish(struct evaluation *with, const struct saves *saves,
	struct claim *c, struct err *e)
{
	struct arena *a = with->arena;
	struct str name = paths_clean_name(a, c->attachment->file_name);
	struct str folder = folder_of(saves->document);
	int rc = 0;

	model_set_file(with, c->attachment, value_string(name));
	if (c->saving->save_as != NULL)
		rc = evaluate_form(with, c, c->saving->save_as, &name, e);
	c->nowhere = name.p == NULL;
	if (rc != 0 || c->nowhere)
		return rc;
	if (name.n > 0 && name.p[0] == '/')
		name = str_skip(name, 1);
	else
		name = arena_printf(
			a, "%.*s%.*s", STR_ARGS(folder), STR_ARGS(name));
	rc = set_path(a, c, name, e);
	if (rc != 0)
		err_prefix(e, "%.*s.save_as", STR_ARGS(c->saving->key));
	return rc;
}

static int by_id(const void *a, const void *b)
{
	const struct claim *x = *(const struct claim *const *)a;
	const struct claim *y = *(const struct claim *const *)b;

	if (x->attachment->id != y->attachment->id)
		return x->attachment->id < y->attachment->id ? -1 : 1;
	return (x > y) - (x < y);
}

/* Give a claim that lost its path another, with its id in it. */
static int settle_with_id(
	struct arena *a, struct places *places, struct claim *c, struct err *e)
{
	for (int i = 0; i < MAX_TRIES; i++) {
		struct str other = paths_with_id(a, c->path, c->attachment->id);
		int rc = set_path(a, c, other, e);

		if (rc != 0)
			return rc;
		c->settled = settles(places, c);
		if (c->settled)
			return 0;
	}
	return err_set(e, ERR_DATA,
		"attachment %lld (%.*s) finds no free path: %.*s is taken",
		(long long)c->attachment->id,
		STR_ARGS(c->attachment->file_name), STR_ARGS(c->path));
}

/* Natural paths by id first, then those with an id in them. */
static int settle_all(struct evaluation *with, struct places *places,
	struct claims *claims, struct err *e)
{
	struct claim **order =
		ARENA_ARRAY(with->arena, struct claim *, claims->n);
	int rc = evaluate_spend(with, claims->n, e);

	for (size_t i = 0; i < claims->n; i++)
		order[i] = &claims->items[i];
	if (claims->n > 1)
		qsort(order, claims->n, sizeof(struct claim *), by_id);
	for (size_t i = 0; rc == 0 && i < claims->n; i++)
		order[i]->settled =
			!order[i]->nowhere && settles(places, order[i]);
	for (size_t i = 0; rc == 0 && i < claims->n; i++)
		if (!order[i]->settled && !order[i]->nowhere)
			rc = settle_with_id(with->arena, places, order[i], e);
	return rc;
}

static int settle(struct evaluation *with, const struct saves *saves,
	struct claims *claims, struct err *e)
{
	struct arena *a = with->arena;
	struct places places = {.arena = a};
	int rc;

	places_take(&places, words_fold(a, saves->document), NULL);
	for (size_t i = 0; i < saves->n; i++)
		places_take(&places, saves->items[i].folded, NULL);
	rc = settle_all(with, &places, claims, e);
	places_fini(&places);
	return rc;
}

static int make_address(struct evaluation *with, const struct saves *saves,
	struct claim *c, struct err *e)
{
	int rc = 0;

	if (c->nowhere)
		return 0;
	c->address = paths_relative(with->arena, saves->document, c->path);
	model_set_file(with, c->attachment, value_string(c->address));
	if (c->saving->link_as != NULL)
		rc = evaluate_form(with, c, c->saving->link_as, &c->address, e);
	if (rc == 0)
		model_set_file(with, c->attachment, value_text(c->address));
	return rc;
}

/* What link_as gives is an address already. */
static struct str body_address(struct arena *a, const struct claim *c)
{
	return c->saving->link_as != NULL ? c->address
					  : paths_address(a, c->address);
}

/* A whole round: every claim gets its path and its address. */
static int grant(struct evaluation *with, struct claims *claims,
	struct saves *saves, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < claims->n; i++) {
		if (!claims->items[i].attachment->fetched && !with->wp->unsaved)
			evaluate_need(with, claims->items[i].attachment);
		rc = wish(with, saves, &claims->items[i], e);
	}
	if (rc == 0)
		rc = settle(with, saves, claims, e);
	for (size_t i = 0; rc == 0 && i < claims->n; i++)
		rc = make_address(with, saves, &claims->items[i], e);
	for (size_t i = 0; rc == 0 && i < claims->n; i++) {
		const struct claim *c = &claims->items[i];

		if (c->nowhere)
			continue;
		add_save(with, saves,
			(struct save){c->attachment, c->path, c->folded,
				body_address(with->arena, c)});
	}
	return rc;
}

static bool within_limits(const struct entry *entry, const struct attachment *a)
{
	if (entry->max_size > 0 && a->size > entry->max_size)
		return false;
	for (size_t i = 0; i < entry->types.n; i++)
		if (words_glob(entry->types.items[i], a->content_type))
			return true;
	return entry->types.n == 0;
}

int saves_files(struct evaluation *with, const struct entry *entry,
	const struct attachment *const *files, size_t n, struct saves *saves,
	struct err *e)
{
	struct claims claims = {0};
	int rc;

	for (size_t i = 0; i < n; i++)
		if (within_limits(entry, files[i]) &&
			saves_address(saves, with->wp, files[i]).p == NULL)
			claim_push(&claims, &entry->saving, files[i]);
	rc = grant(with, &claims, saves, e);
	free(claims.items);
	return rc;
}

/* What one pick chose: where its claims begin, and whether it is a list. */
struct chosen {
	size_t first;
	size_t n;
	bool list;
};

static int choose(struct evaluation *with, const struct entry *entry,
	const struct pick *pick, struct claims *claims, struct chosen *out,
	struct err *e)
{
	const struct form *form = &pick->pick;
	struct value v;
	const struct value *items = &v;
	size_t n = 1;
	int rc = evaluate_scalar(with, form->key, &form->expression, &v, e);

	*out = (struct chosen){claims->n, 0, v.type == VALUE_LIST};
	if (rc != 0 || v.type == VALUE_NULL)
		return rc;
	if (out->list) {
		items = v.items;
		n = v.n;
	}
	for (size_t i = 0; i < n; i++) {
		if (items[i].attachment == NULL)
			return err_set(e, ERR_DATA,
				"%.*s: a pick must be an attachment or a list "
				"of them, but this is %s",
				STR_ARGS(form->key),
				value_type_name(&items[i]));
		if (within_limits(entry, items[i].attachment))
			claim_push(claims, &pick->saving, items[i].attachment);
	}
	out->n = claims->n - out->first;
	return 0;
}

/* What the name of a pick stands for: an address, a list of them, or null. */
static struct value bound_value(struct evaluation *with,
	const struct claims *claims, const struct chosen *chosen)
{
	struct value list = {.type = VALUE_LIST};

	list.items = ARENA_ARRAY(with->arena, struct value, chosen->n);
	for (size_t i = 0; i < chosen->n; i++) {
		const struct claim *c = &claims->items[chosen->first + i];

		if (c->address.p != NULL)
			list.items[list.n++] = value_string(c->address);
	}
	if (chosen->list)
		return list;
	return list.n > 0 ? list.items[0] : (struct value){0};
}

int saves_picks(struct evaluation *with, const struct entry *entry,
	struct saves *saves, struct err *e)
{
	struct chosen *chosen =
		ARENA_ARRAY(with->arena, struct chosen, entry->n_picks);
	struct claims claims = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < entry->n_picks; i++)
		rc = choose(
			with, entry, &entry->picks[i], &claims, &chosen[i], e);
	if (rc == 0)
		rc = grant(with, &claims, saves, e);
	for (size_t i = 0; rc == 0 && i < entry->n_picks; i++)
		if (entry->picks[i].bound)
			with->locals[entry->picks[i].slot] =
				bound_value(with, &claims, &chosen[i]);
	free(claims.items);
	return rc;
}
