/*
 * guard_orders - what people say to the guard, and what it tells them.
 *
 * A set has a number, and gets another one when it grows: so who names a set
 * has seen all of it.
 */
#include "daemon/guard_orders.h"

#include <string.h>

#include "daemon/instance.h"
#include "daemon/names.h"
#include "daemon/report.h"
#include "store/state_guard.h"

static const char *const kind_words[] = {
	[HELD_REMOVAL] = "removals",
	[HELD_CHANGE] = "changes",
};

static int64_t integer(const json_t *what, const char *key)
{
	return json_integer_value(json_object_get(what, key));
}

/* --- The sets ----------------------------------------------------------- */

struct set {
	enum state_held_kind kind;
	int64_t number;
	int64_t n;        /* not released yet */
	int64_t released; /* and not carried out yet */
	int64_t since;
};

static int count_held(void *arg, const struct state_held *held, struct err *e)
{
	struct set *set = arg;

	(void)e;
	if (held->released)
		set->released++;
	else
		set->n++;
	if (set->since == 0 || held->since < set->since)
		set->since = held->since;
	return 0;
}

static int read_set(struct state *s, enum state_held_kind kind, struct set *set,
	struct err *e)
{
	int r = state_held_set(s, kind, &set->number, e);

	set->kind = kind;
	return r == 0 ? state_held(s, kind, count_held, set, e) : r;
}

static int read_sets(struct state *s, struct set sets[2], struct err *e)
{
	int r = read_set(s, HELD_REMOVAL, &sets[0], e);

	return r == 0 ? read_set(s, HELD_CHANGE, &sets[1], e) : r;
}

/* The set with that number; ERR_USAGE says what became of it. */
static int find_set(
	struct state *s, int64_t number, struct set *out, struct err *e)
{
	struct set sets[2] = {{0}};
	int r = read_sets(s, sets, e);

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(sets); i++) {
		if (sets[i].number != number || sets[i].n == 0)
			continue;
		*out = sets[i];
		return 0;
	}
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(sets); i++)
		if (sets[i].n > 0 && number < sets[i].number)
			return err_set(e, ERR_USAGE,
				"set %lld is no more: what is held has grown "
				"since, and is set %lld now (opsync held %lld "
				"lists it)",
				(long long)number, (long long)sets[i].number,
				(long long)sets[i].number);
	if (r != 0)
		return r;
	return err_set(
		e, ERR_USAGE, "nothing is held as set %lld", (long long)number);
}

static void put_set(const struct set *set, struct buf *out)
{
	report_open(out, NULL, '{');
	report_int(out, "set", set->number);
	report_text(out, "kind", str_of(kind_words[set->kind]));
	report_int(out, "documents", set->n);
	report_int(out, "released", set->released);
	report_stamp(out, "since", set->since);
	buf_putc(out, '}');
}

/* --- Its documents ------------------------------------------------------ */

struct listing {
	const struct names *names;
	const json_t *ids;  /* only these work packages; NULL: all */
	int64_t project_id; /* only this one; 0: all */
	int64_t n;
	struct buf *out;
};

static bool is_meant(const struct listing *l, const struct state_held *held)
{
	if (held->released)
		return false;
	if (l->project_id != 0 && held->project_id != l->project_id)
		return false;
	for (size_t i = 0; i < json_array_size(l->ids); i++)
		if (json_integer_value(json_array_get(l->ids, i)) ==
			held->work_package)
			return true;
	return json_array_size(l->ids) == 0;
}

static int put_document(void *arg, const struct state_held *held, struct err *e)
{
	struct listing *l = arg;
	const struct project *p = names_project(l->names, held->project_id);

	(void)e;
	if (!is_meant(l, held))
		return 0;
	l->n++;
	report_open(l->out, NULL, '{');
	report_int(l->out, "work_package", held->work_package);
	report_text(l->out, "entry", held->entry);
	report_text(l->out, "project", p != NULL ? p->identifier : STR_NONE);
	report_text(l->out, "path", held->path);
	report_text(l->out, "reason", held->reason);
	report_stamp(l->out, "since", held->since);
	buf_puts(l->out, "}\n");
	return 0;
}

/* The numeric id of a project, by identifier or id; 0 for none asked for. */
static int find_project(const struct names *names, const char *text,
	int64_t *out, struct err *e)
{
	long long id = 0;

	*out = 0;
	if (text == NULL)
		return 0;
	for (size_t i = 0; i < names->n_projects; i++)
		if (str_is(names->projects[i].identifier, text))
			*out = names->projects[i].id;
	if (*out == 0 && str_to_int64(str_of(text), &id))
		*out = id;
	if (*out == 0)
		return err_set(e, ERR_USAGE, "no project '%s' is known", text);
	return 0;
}

static int list_set(struct state *s, const struct set *set, const json_t *what,
	struct listing *l, struct err *e)
{
	struct names names = {0};
	const char *project =
		json_string_value(json_object_get(what, "project"));
	int r = names_load(&names, s, e);

	if (r == 0 && project != NULL)
		r = names_whole(&names, e);
	l->names = &names;
	l->ids = json_object_get(what, "work_packages");
	if (r == 0)
		r = find_project(&names, project, &l->project_id, e);
	if (r == 0)
		r = state_held(s, set->kind, put_document, l, e);
	l->names = NULL;
	names_fini(&names);
	return r;
}

int guard_ask_held(
	struct state *s, const json_t *what, struct buf *out, struct err *e)
{
	struct set sets[2] = {{0}};
	struct listing l = {.out = out};
	int64_t number = integer(what, "set");
	int r;

	if (number != 0) {
		r = find_set(s, number, &sets[0], e);
		return r == 0 ? list_set(s, &sets[0], what, &l, e) : r;
	}
	r = read_sets(s, sets, e);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(sets); i++) {
		if (sets[i].n + sets[i].released == 0)
			continue;
		put_set(&sets[i], out);
		buf_putc(out, '\n');
	}
	return r;
}

static int put_id(void *arg, int64_t id, struct err *e)
{
	(void)e;
	report_int(arg, NULL, id);
	return 0;
}

int guard_status(struct state *s, struct buf *out, struct err *e)
{
	struct set sets[2] = {{0}};
	int r = read_sets(s, sets, e);

	report_open(out, "held", '[');
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(sets); i++)
		if (sets[i].n + sets[i].released > 0)
			put_set(&sets[i], out);
	buf_putc(out, ']');
	report_open(out, "withdrawn", '[');
	if (r == 0)
		r = state_withdrawn(s, put_id, out, e);
	buf_putc(out, ']');
	return r;
}

/* --- Orders ------------------------------------------------------------- */

static int release_removals(
	struct state *s, const struct listing *l, struct err *e)
{
	size_t n = json_array_size(l->ids);
	int r = n == 0 ? state_held_release(
				 s, HELD_REMOVAL, l->project_id, 0, e)
		       : 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = state_held_release(s, HELD_REMOVAL, l->project_id,
			json_integer_value(json_array_get(l->ids, i)), e);
	return r;
}

/* Changes hang together: they are let go as a whole, with their mapping. */
static int release_changes(
	struct state *s, const struct listing *l, struct err *e)
{
	struct buf mapping = {0};
	bool found = false;
	int r;

	if (l->project_id != 0 || json_array_size(l->ids) > 0)
		return err_set(e, ERR_USAGE,
			"a set of changes is released as a whole");
	r = state_get(s, "held.mapping", &mapping, &found, e);
	if (r == 0)
		r = state_put(s, "held.released", buf_str(&mapping), e);
	if (r == 0)
		r = state_held_release(s, HELD_CHANGE, 0, 0, e);
	buf_fini(&mapping);
	return r;
}

static int release(
	struct state *s, const json_t *what, struct buf *out, struct err *e)
{
	bool dry = json_is_true(json_object_get(what, "dry_run"));
	struct listing l = {.out = out};
	struct set set = {0};
	int r = find_set(s, integer(what, "set"), &set, e);

	if (r == 0)
		r = list_set(s, &set, what, &l, e);
	if (r == 0 && l.n == 0)
		return err_set(e, ERR_USAGE, "nothing of set %lld is that",
			(long long)set.number);
	if (r == 0 && !dry)
		r = set.kind == HELD_REMOVAL ? release_removals(s, &l, e)
					     : release_changes(s, &l, e);
	return r;
}

static int nothing(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	(void)arg;
	(void)wp;
	(void)e;
	return 0;
}

/*
 * What is not known may be about to come, or be mistyped: it is told.  So is
 * that what it made may be among files of which nobody knows whose they are.
 */
static int withdraw_one(
	struct state *s, int64_t id, struct buf *out, struct err *e)
{
	bool known = false;
	int64_t unclaimed = 0;
	int r = state_work_package(s, id, &known, nothing, NULL, e);

	if (r == 0)
		r = state_unclaimed(s, id, &unclaimed, e);
	if (r == 0 && (!known || unclaimed > 0)) {
		report_open(out, NULL, '{');
		report_int(out, "work_package", id);
		report_bool(out, "known", known);
		if (unclaimed > 0)
			report_int(out, "unclaimed", unclaimed);
		buf_puts(out, "}\n");
	}
	return r == 0 ? state_withdraw(s, id, e) : r;
}

static int publish_one(
	struct state *s, int64_t id, struct buf *out, struct err *e)
{
	bool was = false;
	int r = state_publish(s, id, &was, e);

	(void)out;
	if (r == 0 && !was)
		return err_set(e, ERR_USAGE,
			"work package %lld was not withdrawn", (long long)id);
	return r;
}

typedef int order_fn(
	struct state *s, int64_t id, struct buf *out, struct err *e);

static int each_id(struct state *s, const json_t *what, order_fn *fn,
	struct buf *out, struct err *e)
{
	const json_t *ids = json_object_get(what, "work_packages");
	int r = 0;

	if (json_array_size(ids) == 0)
		return err_set(e, ERR_USAGE,
			"work_packages: is a list of work package ids");
	for (size_t i = 0; r == 0 && i < json_array_size(ids); i++) {
		int64_t id = json_integer_value(json_array_get(ids, i));

		if (id <= 0)
			return err_set(e, ERR_USAGE,
				"work_packages: is a list of ids above 0");
		r = fn(s, id, out, e);
	}
	return r;
}

static int carry_out(
	struct state *s, const json_t *what, struct buf *out, struct err *e)
{
	const char *name = json_string_value(json_object_get(what, "command"));

	if (strcmp(name, "release") == 0)
		return release(s, what, out, e);
	if (strcmp(name, "withdraw") == 0)
		return each_id(s, what, withdraw_one, out, e);
	if (strcmp(name, "publish") == 0)
		return each_id(s, what, publish_one, out, e);
	return instance_accept(s, e);
}

int guard_order(
	struct state *s, const json_t *what, struct buf *out, struct err *e)
{
	int r = state_begin(s, e);

	if (r != 0)
		return r;
	r = state_end(s, carry_out(s, what, out, e), e);
	if (r != 0)
		buf_clear(out);
	return r;
}
