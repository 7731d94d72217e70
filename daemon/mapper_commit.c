/*
 * mapper_commit - what is staged becomes a commit.
 *
 * During a long pass every 1,000 documents or 60 s, without the cursor; towards
 * its end likewise the removals that the guard lets through (guard.c); at its
 * end all that is left, with the cursor.
 *
 * A commit rewrites the index, and trees that grow with what there is.  So a
 * pass that has made many documents takes a fourth of them at a time, up to
 * 4,000 or what takes 13 MiB: the cost of all commits grows little faster than
 * the number of documents does.  Where it is known how many are to come, a
 * third of them: large ones while others are mapped beside the writing of the
 * files, and a small one last, which nothing is beside.
 */
#include <stdio.h>
#include <string.h>

#include "base/stamp.h"
#include "daemon/log.h"
#include "daemon/mapper_parts.h"

#define COMMIT_FEWEST 1000 /* documents */
#define COMMIT_MOST 4000
#define COMMIT_BYTES ((size_t)13 << 20) /* of sources */
#define COMMIT_SECONDS 60

/* --- Commits ------------------------------------------------------------ */

/* A commit that is being made.  What it says is known when it is settled. */
struct committing {
	struct mapper *m;
	struct store_commit c; /* with a body it is of one work package; not
				* partial, the pass ends with it */
	char subject[200];
	int64_t n_restored; /* documents; of that of the file told last, */
	int64_t restored;   /* the work package, */
	struct buf entry;   /* and the entry */
};

/* "Add 12, change 3, remove 1 document". */
static void put_subject(struct committing *as)
{
	const struct mapper *m = as->m;
	char *out = as->subject;
	const size_t size = sizeof(as->subject);
	const struct {
		const char *verb;
		int64_t n;
	} parts[] = {
		{"add", m->counts.added - m->committed.added},
		{"change", m->counts.changed - m->committed.changed},
		{"remove", m->counts.removed - m->committed.removed},
		{"restore", as->n_restored},
	};
	size_t used = 0;
	int64_t last = 0;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (parts[i].n == 0)
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s%s %lld",
			last > 0 ? ", " : "", parts[i].verb,
			(long long)parts[i].n);
		last = parts[i].n;
	}
	if (last == 0)
		snprintf(out, size, "note what no document says");
	else
		snprintf(out + used, size - used, " document%s",
			last == 1 ? "" : "s");
	if (out[0] >= 'a' && out[0] <= 'z')
		out[0] = (char)(out[0] - 'a' + 'A');
}

/*
 * A path of it is another's, and nothing more comes that makes room.  What
 * failed before, and is only found in the store as it was then, is no news; nor
 * is what only compares, where those that go are in the way yet.
 */
static void on_refused(
	void *arg, int64_t work_package, struct str entry, const char *why)
{
	const struct committing *as = arg;
	struct mapper *m = as->m;
	struct err e = {0};

	mapper_try_later(m);
	if (mapper_fails_still(m, work_package))
		return;
	if (!m->dry)
		mapper_failed(m, work_package, why);
	if (mapper_refuse(m, work_package, entry, &e) != 0)
		log_error("%s", e.text);
}

static int on_go_on(void *arg, struct err *e)
{
	const struct committing *as = arg;

	return mapper_place_again(as->m, e);
}

static void on_restored(void *arg, int64_t work_package, struct str entry,
	struct str path, bool lost)
{
	struct committing *as = arg;
	struct mapper *m = as->m;

	if (as->restored != work_package || !str_eq(buf_str(&as->entry), entry))
		as->n_restored++;
	as->restored = work_package;
	buf_clear(&as->entry);
	buf_add_str(&as->entry, entry);
	mapper_event(m, LOG_LEVEL_WARNING, "restored", work_package, path,
		lost ? "its contents were gone from the store: it is made "
		       "again"
		     : "was not in the store as written here: it is restored");
	if (mapper_fails_still(m, work_package))
		ids_add(&m->lost, work_package); /* for it may fail no more */
}

/* What is staged by now becomes the commit. */
static void on_settled(void *arg)
{
	struct committing *as = arg;
	struct err e = {0};

	mapper_tell_verdicts(as->m, !as->c.partial);
	if (store_restored(as->m->store, on_restored, as, &e) != 0)
		log_error("%s", e.text);
	as->c.run = as->m->run.id;
	if (as->c.body == NULL)
		put_subject(as);
}

static void on_kept(
	void *arg, int64_t work_package, struct str path, const char *branch)
{
	const struct committing *as = arg;

	mapper_event(as->m, LOG_LEVEL_WARNING, "kept", work_package, path,
		"was edited in the store: what was written is kept on the "
		"branch %s",
		branch);
}

/* An address that nobody has: theirs are not known, and would not be told. */
static void editor_email(const struct mapper *m, char *out, size_t size)
{
	struct str host = str_of(m->config->url);
	size_t scheme = str_find(host, STR("://"));

	if (scheme < host.n)
		host = str_skip(host, scheme + 3);
	if (str_starts(host, STR("["))) /* an address, with colons */
		host.n = str_find(host, STR("]")) + 1;
	else
		host.n = strcspn(host.p, ":/");
	snprintf(out, size, "user-%lld@noreply.%.*s",
		(long long)m->staged.editor, STR_ARGS(host));
}

static void describe(struct committing *as, char *email, size_t size)
{
	struct mapper *m = as->m;
	struct store_commit *c = &as->c;

	c->run = m->run.id;
	c->subject = as->subject;
	c->author_time = m->staged.newest;
	c->mapping = program_hash(m->config->program);
	c->refused = on_refused;
	c->go_on = on_go_on;
	c->settled = on_settled;
	c->kept = on_kept;
	c->arg = as;
	if (m->staged.editor <= 0 || m->counts.removed != m->committed.removed)
		return;
	editor_email(m, email, size);
	c->author_name = m->staged.editor_name;
	c->author_email = email;
}

/*
 * Says what is staged, and is told of what becomes of it: what is on the branch
 * is told, also where the work tree is not in step with it yet.  In status a
 * kept branch stays until it is deleted.
 */
static int commit_as(struct committing *as, struct err *e)
{
	struct mapper *m = as->m;
	const struct store_commit *c = &as->c;
	char email[300];
	int told = 0;
	int r = c->partial ? 0 : mapper_place_again(m, e);

	if (r == 0)
		r = guard_settle_made(m, e);
	if (r == 0) {
		describe(as, email, sizeof(email));
		r = store_commit(m->store, &as->c, e);
	}
	buf_fini(&as->entry);
	if (r != 0 && !c->promised)
		return r;
	m->staged = (struct mapper_staged){0};
	m->adrift = m->adrift && c->partial; /* some of them may wait */
	m->committed = m->counts;
	if (c->id[0] != '\0') {
		memcpy(m->commit, c->id, sizeof(m->commit));
		mapper_committed(m, c->id, as->subject);
	}
	if (c->n_kept > 0)
		told = state_put(store_state(m->store), "kept",
			str_of(c->kept_branch), r == 0 ? e : NULL);
	return r != 0 ? r : told;
}

int mapper_settle(struct mapper *m, struct err *e)
{
	struct committing as = {
		.m = m,
		.c = {.refused = on_refused, .go_on = on_go_on},
	};
	int r = mapper_place_again(m, e);

	as.c.arg = &as;
	return r == 0 ? store_settle(m->store, &as.c, e) : r;
}

/* last: the pass ends with it. */
static int commit(
	struct mapper *m, const char *cursor, bool last, struct err *e)
{
	struct committing as = {
		.m = m,
		.c = {.cursor = cursor, .partial = !last},
	};

	return commit_as(&as, e);
}

static int64_t sum(const struct mapper_counts *n)
{
	return n->added + n->changed + n->removed;
}

/* Counted here: the store would have to look at all that is staged. */
static int64_t staged(const struct mapper *m)
{
	return sum(&m->counts) - sum(&m->committed);
}

/* So many documents are worth a commit. */
static int64_t batch(const struct mapper *m)
{
	int64_t part = sum(&m->committed) / 4;

	if (m->to_come > 0)
		part = (staged(m) + m->to_come) / 3;
	if (part < COMMIT_FEWEST)
		return COMMIT_FEWEST;
	return part < COMMIT_MOST ? part : COMMIT_MOST;
}

int mapper_commit_one(
	struct mapper *m, const struct mapper_item *item, struct err *e)
{
	char body[600];
	struct committing as = {
		.m = m,
		.c = {.body = body, .partial = true},
	};

	if (!m->config->commit_each || m->dry || m->guard.weighing ||
		staged(m) == 0)
		return 0;
	snprintf(as.subject, sizeof(as.subject), "%lld: %s",
		(long long)item->id, m->subject);
	snprintf(body, sizeof(body), "%.500s/work_packages/%lld",
		m->config->url, (long long)item->id);
	return commit_as(&as, e);
}

/* Documents that were changed wait for a commit, the first for so long. */
static bool is_due(const struct mapper *m)
{
	int64_t waited = stamp_monotonic() - m->staged.since;

	return m->staged.since != 0 &&
	       (staged(m) >= batch(m) ||
		       waited >= COMMIT_SECONDS * STAMP_SECOND);
}

/* Where no document changes, there are rows nevertheless. */
int mapper_commit_some(struct mapper *m, struct err *e)
{
	if (m->dry || m->guard.weighing ||
		(!is_due(m) && store_staged_bytes(m->store) < COMMIT_BYTES))
		return 0;
	return commit(m, NULL, false, e);
}

int mapper_obey(struct mapper *m, struct err *e)
{
	int64_t removed = m->counts.removed;
	int r;

	if (!m->begun || m->guard.weighing)
		return 0;
	r = guard_withdraw(m, e);
	if (r != 0 || m->counts.removed == removed)
		return r;
	r = state_hold(store_state(m->store), e);
	if (r == 0)
		r = mapper_map_again(m, e); /* who takes its place */
	return r == 0 ? commit(m, NULL, false, e) : r;
}

/* Who takes the place of what goes is rendered when all is weighed. */
int mapper_commit_unweighed(struct mapper *m, struct err *e)
{
	if (!m->guard.weighing || m->dry || (staged(m) == 0 && !m->adrift))
		return 0;
	mapper_put_off(m);
	return commit(m, NULL, false, e);
}

int mapper_commit_all(struct mapper *m, const char *cursor, struct err *e)
{
	return commit(m, cursor, true, e);
}

void mapper_discard(struct mapper *m)
{
	store_discard(m->store);
	mapper_forget_verdicts(m);
	mapper_forget_denied(m);
	m->staged = (struct mapper_staged){0};
	m->adrift = false;
	m->again.n = 0;
	m->counts.added = m->committed.added;
	m->counts.changed = m->committed.changed;
	m->counts.removed = m->committed.removed;
}
