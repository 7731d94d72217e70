/*
 * mapper_commit - what is staged becomes a commit.
 *
 * During a long pass every 1,000 documents or 60 s, without the cursor; at
 * its end whole, with the cursor.  Removals wait for the end, when all of
 * them are known, so that the guard sees their number: too many at once look
 * like a mistake, and then all of them are held.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "daemon/log.h"
#include "daemon/mapper.h"

#define COMMIT_DOCUMENTS 1000
#define COMMIT_SECONDS 60
#define HOUR (3600 * STAMP_SECOND)
#define GUARD_FLOOR 5 /* fewer removals are never held */

static void add_removal(
	struct mapper *m, int64_t work_package, char *entry, const char *why)
{
	m->removals = grow(m->removals, m->n_removals, &m->cap_removals,
		sizeof(*m->removals));
	m->removals[m->n_removals++] = (struct mapper_removal){
		.work_package = work_package, .entry = entry, .why = why};
}

void mapper_gone(struct mapper *m, int64_t id)
{
	add_removal(m, id, NULL,
		id != 0 ? "OpenProject does not show it any more"
			: "no work package makes it any more");
}

void mapper_remove(struct mapper *m, int64_t work_package, struct str entry,
	const char *why)
{
	add_removal(m, work_package, str_dup(entry), why);
}

/* --- The guard ---------------------------------------------------------- */

struct recent {
	int64_t since;
	int64_t removed;
};

static int add_recent(void *arg, const struct state_run *run, struct err *e)
{
	struct recent *recent = arg;

	(void)e;
	if (run->started < recent->since)
		return ERR_CANCELED; /* older ones follow: enough */
	recent->removed += run->removed;
	return 0;
}

/* May this pass remove n documents? */
static int guard(struct mapper *m, int64_t n, bool *allowed, struct err *e)
{
	const struct config *c = m->config;
	struct recent recent = {.since = stamp_now() - c->guard_within};
	struct state *state = store_state(m->store);
	struct state_counts counts;
	struct err ended = {0};
	int r = state_count(state, &counts, e);
	int64_t all;

	if (r != 0)
		return r;
	r = state_runs(state, INT64_MAX, add_recent, &recent, &ended);
	if (r != 0 && r != ERR_CANCELED) {
		*e = ended;
		return r;
	}
	n += recent.removed + m->counts.removed;
	all = counts.documents + recent.removed;
	*allowed = n < GUARD_FLOOR ||
		   (n <= c->guard_count &&
			   (double)n <= c->guard_share * (double)all);
	return 0;
}

/* --- Removals ----------------------------------------------------------- */

/* What a removal concerns: the documents of a work package. */
struct victims {
	struct mapper *m;
	const struct mapper_removal *removal;
	int64_t n;
	int64_t kept; /* when_gone: keep */
	bool drop;    /* else only count */
	size_t n_entries, cap_entries;
	struct victim {
		char *entry;
		char *claim;
		char *path;
	} * entries;
};

static int on_victim(void *arg, const struct state_document *d, struct err *e)
{
	struct victims *v = arg;
	const struct mapper_removal *removal = v->removal;

	(void)e;
	if (removal->entry != NULL && !str_is(d->entry, removal->entry))
		return 0;
	if (removal->entry == NULL && d->keep_when_gone) {
		v->kept++;
		return 0;
	}
	v->n++;
	if (!v->drop)
		return 0;
	v->entries = grow(
		v->entries, v->n_entries, &v->cap_entries, sizeof(*v->entries));
	v->entries[v->n_entries++] = (struct victim){
		.entry = str_dup(d->entry),
		.claim = str_dup(d->claim),
		.path = str_dup(d->n_files > 0 ? d->files[0].path : STR("")),
	};
	return 0;
}

static int count_victims(struct mapper *m, int64_t *n, struct err *e)
{
	struct victims v = {.m = m};
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->n_removals; i++) {
		v.removal = &m->removals[i];
		r = store_documents(
			m->store, v.removal->work_package, on_victim, &v, e);
	}
	*n = v.n;
	return r;
}

static int drop_victim(struct mapper *m, const struct mapper_removal *removal,
	const struct victim *victim, struct err *e)
{
	int r = store_drop(
		m->store, removal->work_package, str_of(victim->entry), e);

	if (r == 0)
		r = mapper_left(
			m, removal->work_package, str_of(victim->claim), e);
	if (r == 0) {
		m->counts.removed++;
		mapper_event(m, LOG_LEVEL_NOTICE, "removed",
			removal->work_package, str_of(victim->path),
			"removed: %s", removal->why);
	}
	return r;
}

static int carry_out(
	struct mapper *m, const struct mapper_removal *removal, struct err *e)
{
	struct victims v = {.m = m, .removal = removal, .drop = true};
	int r = store_documents(
		m->store, removal->work_package, on_victim, &v, e);

	for (size_t i = 0; i < v.n_entries; i++) {
		if (r == 0)
			r = drop_victim(m, removal, &v.entries[i], e);
		free(v.entries[i].entry);
		free(v.entries[i].claim);
		free(v.entries[i].path);
	}
	free(v.entries);
	if (r == 0 && removal->entry == NULL && v.kept == 0)
		store_drop_work_package(m->store, removal->work_package);
	return r;
}

static void hold_all(struct mapper *m, int64_t n)
{
	m->counts.held = n;
	for (size_t i = 0; i < m->n_removals; i++)
		mapper_event(m, LOG_LEVEL_INFO, "held",
			m->removals[i].work_package, STR_NONE,
			"not removed, though %s", m->removals[i].why);
	log_warning("%lld document%s would be removed: with those of the "
		    "last %lld h that is more than guard: max_delete lets "
		    "through, so all of them stay (opsync log --run %lld "
		    "names them)",
		(long long)n, n == 1 ? "" : "s",
		(long long)(m->config->guard_within / HOUR),
		(long long)m->run.id);
}

static int decide_removals(struct mapper *m, struct err *e)
{
	int64_t n = 0;
	bool allowed = true;
	int r = count_victims(m, &n, e);

	if (r == 0 && n > 0)
		r = guard(m, n, &allowed, e);
	if (r == 0 && !allowed) {
		hold_all(m, n);
		return 0;
	}
	for (size_t i = 0; r == 0 && i < m->n_removals; i++)
		r = carry_out(m, &m->removals[i], e);
	return r == 0 ? mapper_map_again(m, e) : r;
}

int mapper_decide(struct mapper *m, struct err *e)
{
	char held[24];
	int r = decide_removals(m, e);

	if (r == 0 && m->n_removals > 0) {
		snprintf(held, sizeof(held), "%lld", (long long)m->counts.held);
		store_put_value(m->store, "held", str_of(held));
		m->decided = true;
	}
	for (size_t i = 0; i < m->n_removals; i++)
		free(m->removals[i].entry);
	m->n_removals = 0;
	return r;
}

/* --- Commits ------------------------------------------------------------ */

/* "Add 12, change 3, remove 1 documents". */
static void subject_of(const struct mapper *m, char *out, size_t size)
{
	const struct {
		const char *verb;
		int64_t n;
	} parts[] = {
		{"add", m->counts.added - m->committed.added},
		{"change", m->counts.changed - m->committed.changed},
		{"remove", m->counts.removed - m->committed.removed},
		{"restore", m->restored},
	};
	size_t used = 0;
	int64_t all = 0;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (parts[i].n == 0)
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s%s %lld",
			all > 0 ? ", " : "", parts[i].verb,
			(long long)parts[i].n);
		all += parts[i].n;
	}
	if (all == 0)
		used = (size_t)snprintf(out, size, "update 0");
	snprintf(out + used, size - used, " document%s", all == 1 ? "" : "s");
	if (out[0] >= 'a' && out[0] <= 'z')
		out[0] = (char)(out[0] - 'a' + 'A');
}

/* A path of it is another's, and nothing more comes that makes room. */
static void on_refused(
	void *arg, int64_t work_package, struct str entry, const char *why)
{
	struct mapper *m = arg;

	(void)entry;
	struct err e = {0};

	m->counts.failed++;
	mapper_event(m, LOG_LEVEL_ERROR, "failed", work_package, STR_NONE, "%s",
		why);
	if (mapper_reread(m, READ_WORK_PACKAGE, work_package, &e) != 0)
		log_error("%s", e.text);
}

/* last: the pass ends with it. */
static int commit(
	struct mapper *m, const char *cursor, bool last, struct err *e)
{
	char subject[128];
	struct store_commit c = {
		.run = m->run.id,
		.subject = subject,
		.author_time = m->newest,
		.cursor = cursor,
		.mapping = program_hash(m->config->program),
		.partial = !last,
		.refused = on_refused,
		.arg = m,
	};
	int r;

	subject_of(m, subject, sizeof(subject));
	r = store_commit(m->store, &c, e);
	if (r != 0)
		return r;
	m->staged_since = 0;
	m->committed = m->counts;
	m->restored = 0;
	if (c.id[0] != '\0')
		memcpy(m->commit, c.id, sizeof(m->commit));
	if (c.n_kept > 0)
		log_warning("%zu files were changed by somebody in the store: "
			    "their content is kept on the branch %s",
			c.n_kept, c.kept_branch);
	return 0;
}

/* Counted here: the store would have to look at all that is staged. */
static int64_t staged(const struct mapper *m)
{
	return m->counts.added + m->counts.changed - m->committed.added -
	       m->committed.changed;
}

int mapper_commit_some(struct mapper *m, struct err *e)
{
	int64_t waited = stamp_monotonic() - m->staged_since;

	if (m->staged_since == 0)
		return 0;
	if (staged(m) < COMMIT_DOCUMENTS &&
		waited < COMMIT_SECONDS * STAMP_SECOND)
		return 0;
	return commit(m, NULL, false, e);
}

int mapper_commit_all(struct mapper *m, const char *cursor, struct err *e)
{
	return commit(m, cursor, true, e);
}
