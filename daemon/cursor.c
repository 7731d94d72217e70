/*
 * cursor - how far we have read, and where the next poll begins.
 *
 * A commit on the server may become visible late, behind newer ones, so
 * polls ask again from the overlap before the newest stamp, until a poll
 * that began long enough after that stamp was first seen has read
 * everything; from then on an idle poll gets nothing at all.
 */
#include "daemon/cursor.h"

#include <stdio.h>
#include <string.h>

#include "base/stamp.h"

#define MILLISECOND (STAMP_SECOND / 1000)

int64_t cursor_after(int64_t shown)
{
	return shown + (shown % STAMP_SECOND == 0 ? STAMP_SECOND : MILLISECOND);
}

bool cursor_is_ahead(const struct cursor *c, int64_t newest)
{
	int64_t now = stamp_now();
	int64_t most = newest > now ? newest : now;

	return c->known && newest != 0 &&
	       (c->newest > most || c->low > cursor_after(most));
}

static int get_stamp(struct state *state, const char *key, bool *found,
	int64_t *out, struct err *e)
{
	struct buf text = {0};
	int r = state_get(state, key, &text, found, e);

	if (r == 0 && *found)
		*found = stamp_parse(buf_str(&text), out);
	buf_fini(&text);
	return r;
}

/*
 * The monotonic clock goes on from process to process until the machine is
 * booted again: with the boot's id, a time of an earlier process holds, and
 * single passes (--once) settle as a daemon's polls do.
 */
static void write_seen(int64_t seen_at, struct buf *out)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	char boot[64] = "";

	if (f != NULL && fgets(boot, sizeof(boot), f) != NULL)
		boot[strcspn(boot, "\n")] = '\0';
	if (f != NULL)
		fclose(f);
	buf_printf(out, "%s %lld", boot, (long long)seen_at);
}

static int load_seen(struct cursor *c, struct state *state, struct err *e)
{
	struct buf known = {0};
	struct buf now = {0};
	bool found = false;
	long long seen_at = 0;
	size_t boot;
	int r = state_get(state, "seen", &known, &found, e);

	c->seen_at = stamp_monotonic();
	write_seen(c->seen_at, &now);
	boot = str_find(buf_str(&now), STR(" ")) + 1;
	if (r == 0 && found && boot > 1 && known.n > boot &&
		memcmp(known.p, now.p, boot) == 0 &&
		str_to_int64(str_skip(buf_str(&known), boot), &seen_at) &&
		seen_at < c->seen_at)
		c->seen_at = seen_at;
	buf_fini(&known);
	buf_fini(&now);
	return r;
}

int cursor_load(struct cursor *c, struct state *state, struct err *e)
{
	struct buf open = {0};
	bool low = false;
	bool found = false;
	int r = get_stamp(state, "cursor", &c->known, &c->newest, e);

	if (r == 0)
		r = get_stamp(state, "low", &low, &c->low, e);
	if (r == 0)
		r = state_get(state, "full.open", &open, &found, e);
	c->full_open = found && open.n > 0;
	buf_fini(&open);
	if (!low)
		c->low = c->newest;
	return r == 0 ? load_seen(c, state, e) : r;
}

void cursor_put(const struct cursor *c, struct store *store)
{
	char text[STAMP_TEXT];
	struct buf seen = {0};

	stamp_format(c->newest, 6, text);
	store_put_value(store, "cursor", str_of(text));
	stamp_format(c->low, 6, text);
	store_put_value(store, "low", str_of(text));
	write_seen(c->seen_at, &seen);
	store_put_value(store, "seen", buf_str(&seen));
	buf_fini(&seen);
}

struct cursor cursor_next(
	const struct cursor *c, int64_t newest, bool settled, int64_t overlap)
{
	struct cursor next = *c;

	if (!c->known || newest > c->newest) {
		int64_t low = newest - overlap;

		if (!c->known || low > c->low)
			next.low = low > 0 ? low : 0;
		next.newest = newest;
		next.seen_at = stamp_monotonic();
		next.known = true;
	} else if (settled) {
		next.low = cursor_after(c->newest);
	}
	return next;
}
