/*
 * report_show - all that the state knows of one work package: what it made,
 * of what, and what happened to it.
 */

#include "api/resources.h"
#include "base/arena.h"
#include "daemon/report.h"
#include "store/state_guard.h"

#define MAX_EVENTS 20

struct show {
	struct state *state;
	int64_t id;
	struct str path; /* that was asked for, or none */
	struct buf *out;
	struct arena arena;
	struct work_package wp;
	bool withdrawn;
	size_t n_events;
};

/* --- The work package --------------------------------------------------- */

static const char *const outcomes[] = {
	[OUTCOME_MADE] = "made",
	[OUTCOME_UNMATCHED] = "left out",
	[OUTCOME_FAILED] = "failed",
	[OUTCOME_GONE] = "gone",
};

static int put_work_package(
	void *arg, const struct state_work_package *row, struct err *e)
{
	struct show *s = arg;
	struct work_package *wp = &s->wp;
	struct err bad = {0}; /* one that is in error may have a bad source */

	(void)e;
	if (row->source.n > 0)
		api_work_package_parse(&s->arena, row->source, wp, &bad);
	if (row->attachments.n > 0)
		api_attachments_parse(&s->arena, row->attachments, wp, &bad);
	report_text(s->out, "subject", wp->subject);
	report_text(s->out, "type", wp->type.title);
	report_text(s->out, "status", wp->status.title);
	report_text(s->out, "project", wp->project.title);
	report_stamp(s->out, "updated", row->updated_at);
	report_text(s->out, "outcome", str_of(outcomes[row->outcome]));
	report_text(s->out, "reason", row->reason);
	return 0;
}

static void put_file(struct show *s, const struct state_file *file)
{
	const struct attachment *a =
		work_package_attachment(&s->wp, file->attachment_id);

	report_open(s->out, NULL, '{');
	report_text(s->out, "path", file->path);
	report_text(s->out, "oid", file->oid);
	if (file->attachment_id != 0) {
		report_int(s->out, "attachment", file->attachment_id);
		report_text(
			s->out, "name", a != NULL ? a->file_name : STR_NONE);
	}
	buf_putc(s->out, '}');
}

static int put_document(
	void *arg, const struct state_document *d, struct err *e)
{
	struct show *s = arg;

	(void)e;
	report_open(s->out, NULL, '{');
	report_text(s->out, "entry", d->entry);
	report_text(s->out, "natural_path", d->natural_path);
	report_open(s->out, "files", '[');
	for (size_t i = 0; i < d->n_files; i++)
		put_file(s, &d->files[i]);
	buf_puts(s->out, "]}");
	return 0;
}

/* --- What people and the guard say of it -------------------------------- */

static int put_held(void *arg, const struct state_held *held, struct err *e)
{
	struct show *s = arg;

	(void)e;
	if (held->work_package != s->id)
		return 0;
	report_open(s->out, NULL, '{');
	report_text(s->out, "kind",
		held->kind == HELD_REMOVAL ? STR("removal") : STR("change"));
	report_text(s->out, "path", held->path);
	report_text(s->out, "reason", held->reason);
	buf_putc(s->out, '}');
	return 0;
}

static int put_withdrawn(void *arg, int64_t id, struct err *e)
{
	struct show *s = arg;

	(void)e;
	s->withdrawn |= id == s->id;
	return 0;
}

static int put_guard(struct show *s, struct err *e)
{
	int r;

	report_open(s->out, "held", '[');
	r = state_held(s->state, HELD_REMOVAL, put_held, s, e);
	if (r == 0)
		r = state_held(s->state, HELD_CHANGE, put_held, s, e);
	buf_putc(s->out, ']');
	if (r == 0)
		r = state_withdrawn(s->state, put_withdrawn, s, e);
	report_bool(s->out, "withdrawn", s->withdrawn);
	return r;
}

/* --- Its history -------------------------------------------------------- */

static int put_event(void *arg, const struct state_event *event, struct err *e)
{
	struct show *s = arg;
	char commit[41];
	int r = state_event_commit(s->state, event, commit, e);

	s->n_events++;
	report_event(s->out, event);
	report_text(s->out, "commit",
		commit[0] != '\0' ? str_of(commit) : STR_NONE);
	buf_putc(s->out, '}');
	return r;
}

/* --- Which one ---------------------------------------------------------- */

static int note_id(void *arg, const struct state_event *event, struct err *e)
{
	const struct show *s = arg;

	(void)e;
	if (str_eq(event->path, s->path) && event->work_package != 0)
		((struct show *)arg)->id = event->work_package;
	return 0;
}

/* Documents are many in a folder, and one is asked for. */
static int refuse_folder(struct show *s, struct err *e)
{
	struct buf first = {0};
	int64_t n = 0;
	int r = state_folder(s->state, s->path, &n, &first, e);

	if (r == 0 && n > 0)
		r = err_set(e, ERR_USAGE,
			"%.*s is a folder with %lld file%s of opsync's: name "
			"one of them, as %s, or a work package by its number",
			STR_ARGS(s->path.n > 0 ? s->path : STR("the store")),
			(long long)n, n == 1 ? "" : "s", buf_str(&first).p);
	buf_fini(&first);
	return r;
}

/* docs/ is the folder docs; . and / are the store's root. */
static struct str trim(struct str path)
{
	while (str_ends(path, STR("/")))
		path.n--;
	return str_is(path, ".") ? (struct str){path.p, 0} : path;
}

/* The owner of the path, or who was the last to be told of with it. */
static int find(struct show *s, struct err *e)
{
	const struct state_event_query told = {.text = s->path};
	bool found = false;
	int r = state_owner(s->state, s->path, &found, &s->id, e);

	if (r == 0 && !found && s->path.n > 0)
		r = state_events(s->state, &told, note_id, s, e);
	return r == 0 && s->id == 0 ? refuse_folder(s, e) : r;
}

/* Nobody's that we know of. */
static void show_nothing(struct show *s)
{
	buf_puts(s->out,
		"{\"work_package\":null,\"known\":false,\"held\":[],"
		"\"withdrawn\":false,\"documents\":[],\"events\":[]}\n");
}

static int show(struct show *s, struct err *e)
{
	const struct state_event_query its = {.work_package = s->id,
		.max_level = LOG_LEVEL_INFO,
		.limit = MAX_EVENTS};
	bool known = false;
	int r;

	report_open(s->out, NULL, '{');
	report_int(s->out, "work_package", s->id);
	r = state_work_package(s->state, s->id, &known, put_work_package, s, e);
	report_bool(s->out, "known", known);
	if (r == 0)
		r = put_guard(s, e);
	report_open(s->out, "documents", '[');
	if (r == 0)
		r = state_documents(s->state, s->id, put_document, s, e);
	buf_putc(s->out, ']');
	report_open(s->out, "events", '[');
	if (r == 0)
		r = state_events(s->state, &its, put_event, s, e);
	buf_puts(s->out, "]}\n");
	if (r == 0 && !known && s->n_events == 0)
		r = err_set(e, ERR_USAGE,
			"work package %lld is not known here: not in the "
			"projects that are synced, or never shown by the "
			"server",
			(long long)s->id);
	return r;
}

int report_show(struct state *state, int64_t work_package, struct str path,
	struct buf *out, struct err *e)
{
	struct show s = {
		.state = state, .id = work_package, .path = path, .out = out};
	int r = 0;

	if (work_package <= 0 && path.n == 0)
		return err_set(e, ERR_USAGE, "show: which work package?");
	s.path = trim(path);
	if (work_package <= 0)
		r = find(&s, e);
	if (r == 0 && s.id == 0)
		show_nothing(&s);
	else if (r == 0)
		r = show(&s, e);
	if (r != 0)
		buf_clear(out);
	arena_fini(&s.arena);
	return r;
}
