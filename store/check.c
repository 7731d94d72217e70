/*
 * check - all that is ours read, and told what is not as recorded.
 *
 *   the state by itself -> its rows against each other -> the branch and the
 *   work tree against the rows -> contents against their digests, and what
 *   is known of pictures -> files on the branch that are ours, by its
 *   history, and nobody's, by the rows
 *
 * And what is staged against what is recorded, which is how the server is
 * compared (a pass that is not committed).  Nothing is changed here, but by
 * store_repair_state().
 */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/stamp.h"
#include "store/content.h"
#include "store/history.h"
#include "store/intent.h"
#include "store/look.h"
#include "store/match.h"
#include "store/rows.h"
#include "store/state_guard.h"

static int tell(struct sight *g, enum store_place place, int64_t work_package,
	struct str path, const char *text)
{
	g->tell(g->arg, place, work_package, path, text);
	return 0;
}

static int on_mismatch(void *arg, const struct mismatch *m, struct err *e)
{
	(void)e;
	if (!m->recorded || m->work_package == 0)
		return 0;
	return tell(arg, STORE_BRANCH, m->work_package, m->path,
		m->in_commit ? "has another content on the branch than recorded"
			     : "is not on the branch");
}

/* What the rows say of the branch. */
static int check_branch(struct sight *g, struct err *e)
{
	git_oid tip;
	int code = store_tip(g->store, &tip, e);

	return code == 0 ? match_branch(g->store, &tip, on_mismatch, g, NULL, e)
			 : code;
}

/* Files without a document, documents without their file. */
static struct query rows_not_whole(struct state *s)
{
	return query_open(s,
		"SELECT path, work_package FROM file f WHERE NOT EXISTS"
		" (SELECT 1 FROM document d WHERE d.work_package ="
		" f.work_package AND d.entry = f.entry) UNION ALL"
		" SELECT natural_path, work_package FROM document d"
		" WHERE NOT EXISTS (SELECT 1 FROM file f WHERE f.work_package"
		" = d.work_package AND f.entry = d.entry"
		" AND f.attachment_id = 0) UNION ALL"
		" SELECT f.path, f.work_package FROM file f WHERE"
		" f.work_package <> 0 AND NOT EXISTS (SELECT 1 FROM"
		" work_package w WHERE w.id = f.work_package) UNION ALL"
		" SELECT f.path, f.work_package FROM file f WHERE"
		" f.attachment_id <> 0 AND NOT EXISTS (SELECT 1 FROM"
		" attachment a WHERE a.id = f.attachment_id"
		" AND a.oid = f.oid) UNION ALL"
		" SELECT NULL, work_package FROM unique_value u WHERE NOT"
		" EXISTS (SELECT 1 FROM document d WHERE d.work_package ="
		" u.work_package AND d.entry = u.entry)");
}

static int check_rows(struct sight *g, struct err *e)
{
	struct query q = rows_not_whole(g->store->state);

	while (query_next(&q)) {
		struct str path = column_text(&q);

		tell(g, STORE_STATE, column_int(&q), path,
			"its record in the state is not whole");
	}
	return query_close(&q, e);
}

static int check_text(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	struct sight *g = arg;

	if (wp->damaged)
		tell(g, STORE_STATE, wp->id, STR_NONE,
			"what it has of the server is damaged");
	return look_goes_on(g, e);
}

/* What the server gave, which documents are made of again. */
static int check_texts(struct sight *g, struct err *e)
{
	struct query q = query_open(g->store->state,
		"SELECT " WORK_PACKAGE_COLUMNS " FROM work_package");
	bool found;

	return query_work_packages(&q, &found, check_text, g, e);
}

/* A content that is read, and as much of it as shows a picture. */
struct reading {
	struct digest *digest;
	struct buf head;
	size_t most;
	struct image_info image; /* what it shows */
	char md5[2 * MD5_SIZE + 1];
};

static int read_on(void *arg, const void *bytes, size_t n, struct err *e)
{
	struct reading *r = arg;
	size_t left = r->most - r->head.n;

	buf_add(&r->head, bytes, n < left ? n : left);
	return file_to_digest(r->digest, bytes, n, e);
}

static bool read_content(struct store *s, const git_oid *oid, struct reading *r)
{
	uint8_t md5[MD5_SIZE];
	bool read;

	r->digest = digest_md5();
	read = objects_read(s->objects, oid, read_on, r, NULL) == 0;
	digest_end(r->digest, md5);
	hash_hex(md5, sizeof(md5), r->md5);
	if (s->probe != NULL)
		s->probe(r->head.p != NULL ? r->head.p : "", r->head.n, -1,
			&r->image);
	buf_fini(&r->head);
	return read;
}

static bool is_same_picture(
	const struct image_info *a, const struct image_info *b)
{
	return a->width == b->width && a->height == b->height &&
	       strcmp(a->format, b->format) == 0;
}

/*
 * SHA-1 names a content; it must be the one that came, by MD5, too, and the
 * picture that documents were told of.
 */
static int check_content(
	void *arg, const struct state_attachment *a, struct err *e)
{
	struct sight *g = arg;
	struct store *s = g->store;
	struct reading r = {.most = contents_looked_at(a->size)};
	git_oid oid;
	bool same;
	char what[80];

	if (look_goes_on(g, e) != 0)
		return ERR_CANCELED;
	if (git_oid_fromstrn(&oid, a->oid.p, a->oid.n) != 0 ||
		!read_content(s, &oid, &r))
		return 0; /* told where a document has it */
	same = str_is(a->digest, r.md5);
	if (same && (s->probe == NULL || is_same_picture(&a->image, &r.image)))
		return 0;
	if (g->tell == NULL)
		return look_forget(s, a->id, e);
	snprintf(what, sizeof(what), "attachment %lld %s", (long long)a->id,
		same ? "is not the picture that was recorded"
		     : "has not the MD5 that was recorded");
	return tell(g, same ? STORE_STATE : STORE_OBJECTS, a->work_package,
		STR_NONE, what);
}

int look_at_contents(struct sight *g, struct err *e)
{
	struct query q = query_open(g->store->state,
		"SELECT " ATTACHMENT_COLUMNS " FROM attachment");
	bool found;

	return query_attachments(&q, &found, check_content, g, e);
}

static void on_orphan(void *arg, struct str path)
{
	tell(arg, STORE_BRANCH, 0, path,
		"no document has it, though a commit of this instance brought "
		"it: it stays until a person removes it (one who commits a "
		"change of it makes it theirs)");
}

static int check_state(struct sight *g, bool *sound, struct err *e)
{
	struct query q =
		query_open(g->store->state, "PRAGMA integrity_check(20)");

	*sound = true;
	while (query_next(&q)) {
		struct str text = column_text(&q);

		if (str_is(text, "ok"))
			continue;
		tell(g, STORE_STATE, 0, STR_NONE, text.p);
		*sound = false;
	}
	return query_close(&q, e);
}

int store_check(struct store *s, const atomic_bool *stop, store_finding_fn *fn,
	void *arg, struct err *e)
{
	struct sight g = {.store = s,
		.stop = stop,
		.contents = true,
		.deep = true,
		.tell = fn,
		.arg = arg};
	struct err fault = {0};
	bool sound;
	int code;

	intent_catch_up(s);
	code = check_state(&g, &sound, &fault);
	if (code == 0 && sound)
		code = check_rows(&g, &fault);
	if (code == 0 && sound)
		code = check_texts(&g, &fault);
	if (code == 0)
		code = check_branch(&g, &fault);
	if (code == 0)
		code = look_around(&g, LOOK_ALL, &fault);
	if (code == 0)
		code = look_at_contents(&g, &fault);
	if (code == 0 && sound)
		code = history_orphans(s, stop, on_orphan, &g, &fault);
	if (code == 0 || s->repo == NULL)
		return 0;
	if (code == ERR_CANCELED) {
		if (e != NULL)
			*e = fault;
		return code;
	}
	/* What cannot be read is a finding itself. */
	tell(&g, state_is_damaged(s->state) ? STORE_STATE : STORE_BRANCH, 0,
		STR_NONE, fault.text);
	return 0;
}

uint64_t store_n_looked(const struct store *s)
{
	return atomic_load(&s->n_looked);
}

/* --- Repairing ------------------------------------------------------------ */

static int is_sound(struct state *s, bool *sound, struct err *e)
{
	struct query q = query_open(s, "PRAGMA integrity_check(1)");

	*sound = query_next(&q) && str_is(column_text(&q), "ok");
	return query_close(&q, e);
}

/* Of two rows with one key, an index does not tell which is the right one. */
static int make_indexes(struct state *s, struct err *e)
{
	int code = state_exec(s, "REINDEX", e);

	if (code != 0 && (sqlite3_errcode(s->db) & 0xff) == SQLITE_CONSTRAINT)
		s->damaged = true;
	return code;
}

/*
 * Of rows that do not fit each other, nobody knows which are right: what is
 * ours is asked of the history, and all else of the server.
 */
static int mend_rows(struct store *s, bool *again, struct err *e)
{
	struct query q = rows_not_whole(s->state);
	bool whole = !query_next(&q);
	int code = query_close(&q, e);

	if (code != 0 || whole)
		return code;
	code = history_distrust(s, "do not fit each other", e);
	return code == 0 ? history_check(s, again, e) : code;
}

int store_repair_state(struct store *s, bool *again, struct err *e)
{
	struct err fault = {0};
	bool sound = false;
	bool was_sound;
	int code;

	*again = false;
	intent_catch_up(s);
	code = is_sound(s->state, &sound, &fault);
	was_sound = sound;
	if (code == 0 && !sound)
		code = make_indexes(s->state, &fault);
	if (code == 0 && !sound)
		code = is_sound(s->state, &sound, &fault);
	if (code == 0 && !sound)
		s->state->damaged = true;
	if (state_is_damaged(s->state))
		return store_mend_state(s, again, e);
	if (code == 0)
		code = mend_rows(s, again, &fault);
	if (code != 0 && e != NULL)
		*e = fault;
	if (code == 0 && !was_sound)
		store_tell(s, LOG_LEVEL_WARNING,
			"indexes of the state were damaged: they are made "
			"again");
	return code;
}

/* A fault of ours leads here, too, and is to cost no more than a look does. */
int check_doubt(struct store *s, bool *again, struct err *e)
{
	int64_t began = stamp_monotonic();
	int code;

	*again = false;
	if (!s->state->doubted || began < s->doubt_at)
		return 0;
	s->state->doubted = false;
	code = store_repair_state(s, again, e);
	s->doubt_at = began + LOOK_SHARE * (stamp_monotonic() - began);
	return code;
}

/* --- Against the server --------------------------------------------------- */

static const char *difference(int64_t change, bool dropped, bool known)
{
	if (dropped)
		return "no entry makes it any more";
	if (!known)
		return "is not recorded";
	if (change == STORE_MOVED)
		return "belongs to another path";
	return change == STORE_SAME ? "its record is not whole"
				    : "differs from what the server shows";
}

/*
 * What the guard holds is no fault.  Nor is, while it does, what another
 * mapping makes of a work package beside that.
 */
static int tell_documents(
	struct store *s, store_finding_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(s->state,
		"WITH changes AS (SELECT work_package, entry FROM held"
		" WHERE kind = ? AND NOT released)"
		"SELECT m.work_package, coalesce(f.path, m.natural_path),"
		" m.change, m.dropped, EXISTS (SELECT 1 FROM document d WHERE"
		" d.work_package = m.work_package AND d.entry = m.was)"
		" FROM staged_document m LEFT JOIN staged_file f"
		" ON f.work_package = m.work_package AND f.entry = m.entry"
		" AND f.attachment_id = 0"
		" WHERE m.successor IS NULL AND (m.work_package, m.was) NOT IN"
		" changes AND NOT (m.change = ? AND EXISTS (SELECT 1 FROM"
		" changes) AND m.work_package IN (SELECT id FROM"
		" work_package)) ORDER BY 1");

	bind_int(&q, HELD_CHANGE);
	bind_int(&q, STORE_ADDED);
	while (query_next(&q)) {
		int64_t work_package = column_int(&q);
		struct str path = column_text(&q);
		int64_t change = column_int(&q);
		bool dropped = column_int(&q) != 0;

		fn(arg, STORE_SERVER, work_package, path,
			difference(change, dropped, column_int(&q) != 0));
	}
	return query_close(&q, e);
}

static int tell_others(struct store *s, const char *sql, const char *text,
	store_finding_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(s->state, sql);

	while (query_next(&q)) {
		int64_t work_package = column_int(&q);

		fn(arg, STORE_SERVER, work_package, column_text(&q), text);
	}
	return query_close(&q, e);
}

int store_differences(
	struct store *s, store_finding_fn *fn, void *arg, struct err *e)
{
	int code = tell_documents(s, fn, arg, e);

	if (code == 0)
		code = tell_others(s,
			"SELECT a.work_package, NULL FROM staged_attachment a"
			" WHERE NOT EXISTS (SELECT 1 FROM staged_document d"
			" WHERE d.work_package = a.work_package)",
			"an attachment of it was not recorded", fn, arg, e);
	if (code == 0)
		code = tell_others(s,
			"SELECT id, NULL FROM staged_work_package w WHERE"
			" NOT dropped AND id NOT IN (SELECT id FROM"
			" work_package) AND NOT EXISTS (SELECT 1 FROM"
			" staged_document d WHERE d.work_package = w.id)",
			"is not recorded", fn, arg, e);
	return code;
}
