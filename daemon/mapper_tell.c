/*
 * mapper_tell - a document that was staged: it counts, and is said.
 *
 * One that is made a second time in a pass counts, and is said, once: as it is
 * at last.
 */
#include "daemon/mapper_parts.h"

#include <stdio.h>

#include "base/stamp.h"

static const struct {
	const char *kind;
	const char *text;
} change_words[] = {
	[STORE_SAME] = {"same", "unchanged"},
	[STORE_ADDED] = {"added", "added"},
	[STORE_CHANGED] = {"changed", "changed"},
	[STORE_MOVED] = {"moved", "moved here"},
};

void mapper_note_staged(struct mapper *m)
{
	if (m->staged.since == 0)
		m->staged.since = stamp_monotonic();
}

void mapper_count(struct mapper *m, enum store_change change, int by)
{
	if (change == STORE_ADDED)
		m->counts.added += by;
	else if (change != STORE_SAME)
		m->counts.changed += by;
}

/*
 * One that is rendered for another's sake has no editor of its own; who is
 * shown by an e-mail address has no name.
 */
static void note_editor(struct mapper *m, const struct mapper_item *item)
{
	bool shown = item->editor != 0 && item->editor_name.n > 0 &&
		     !name_is_address(item->editor_name);

	if (!item->editor_known || (shown && item->editor == m->staged.editor))
		return;
	if (!shown || m->staged.editor != 0) {
		m->staged.editor = MAPPER_EDITORS;
		return;
	}
	m->staged.editor = item->editor;
	snprintf(m->staged.editor_name, sizeof(m->staged.editor_name), "%.*s",
		STR_ARGS(item->editor_name));
}

static void count(struct mapper *m, const struct mapper_change *c)
{
	mapper_count(m, c->was, -1);
	mapper_count(m, c->now, 1);
	if (c->now == STORE_SAME)
		return;
	mapper_note_staged(m);
	if (c->item->updated_at > m->staged.newest)
		m->staged.newest = c->item->updated_at;
	note_editor(m, c->item);
}

/* What such a document would have shown, or does no more. */
static void tell_quarantined(struct mapper *m, const struct mapper_change *c)
{
	for (size_t i = 0; i < c->wp->n_quarantined; i++) {
		const struct attachment *a = &c->wp->quarantined[i];

		mapper_event(m, LOG_LEVEL_NOTICE, "quarantined", c->item->id,
			str_of(c->document->path),
			"attachment %lld (%.*s) is in the server's quarantine: "
			"it is left out",
			(long long)a->id, STR_ARGS(a->file_name));
	}
}

static void tell(struct mapper *m, const struct mapper_change *c)
{
	const struct document *d = c->document;

	if (d->unknown_attachment != 0)
		mapper_event(m, LOG_LEVEL_INFO, "unresolved", c->item->id,
			str_of(d->path),
			"leads to attachment %lld, which it does not have: "
			"the address stays as it is",
			(long long)d->unknown_attachment);
	mapper_event(m, LOG_LEVEL_INFO, change_words[c->now].kind, c->item->id,
		str_of(d->path), "%s by %s", change_words[c->now].text,
		d->entry);
	tell_quarantined(m, c);
}

int mapper_tell_change(
	struct mapper *m, const struct mapper_change *c, struct err *e)
{
	const struct document *d = c->document;
	bool told = c->was != STORE_SAME;
	bool stands = told && c->now == c->was && str_is(c->before, d->path);
	int r = 0;

	mapper_event(m, LOG_LEVEL_DEBUG, "rendered", c->item->id,
		str_of(d->path),
		"rendered by %s: %s, %zu bytes, %zu file%s beside it", d->entry,
		c->now == STORE_SAME ? "the same" : "new", d->text.n,
		d->n_files, d->n_files == 1 ? "" : "s");
	if (told && !stands)
		r = store_untell_at(m->store, c->item->id, c->before, e);
	count(m, c);
	if (c->now != STORE_SAME && !stands)
		tell(m, c);
	return r;
}
