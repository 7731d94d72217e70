/*
 * news - what happened, for hooks, and how far each was told.
 *
 *   since the last event told --> what happened (news_events.c)
 *   the branch's commit       --> the file head
 */
#include "daemon/news.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/files.h"

#define SEEN "hooks.seen" /* all hooks have been told so far */
#define TOLD "hooks.told" /* each has, in a line "HOOK EVENT" */

static void name_hook(const struct config_hook *hook, char out[SHA256_HEX])
{
	struct buf text = {0};
	uint8_t hash[SHA256_SIZE];

	buf_printf(&text, "%u", hook->on);
	for (size_t i = 0; i < hook->n_argv; i++) {
		buf_putc(&text, '\0');
		buf_puts(&text, hook->argv[i]);
	}
	hash_sha256(text.p, text.n, hash);
	hash_hex(hash, sizeof(hash), out);
	buf_fini(&text);
}

void news_init(struct news *n, const struct config *config)
{
	n->n_marks = config->hooks.n;
	n->marks = xcalloc(n->n_marks, sizeof(*n->marks));
	for (size_t i = 0; i < n->n_marks; i++) {
		name_hook(&config->hooks.items[i], n->marks[i].hook);
		n->marks[i].at = -1;
	}
	n->url = xstrdup(config->url);
	n->instance = xstrdup(config->instance);
	n->head_file = config_head(config);
	n->noted = n->after = -1;
}

void news_clear(struct news *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->items[i].text);
	n->n = 0;
}

void news_fini(struct news *n)
{
	news_clear(n);
	free(n->items);
	free(n->marks);
	free(n->url);
	free(n->instance);
	free(n->head_file);
}

/* --- How far all have been told ------------------------------------------ */

/* -1: it is not there, as at the very first, and where the state is another. */
static int load_seen(struct store *store, int64_t *out, struct err *e)
{
	struct buf text = {0};
	bool found = false;
	long long seen = 0;
	int r = state_get(store_state(store), SEEN, &text, &found, e);

	if (found && !str_to_int64(buf_str(&text), &seen))
		seen = 0;
	*out = found ? seen : -1;
	buf_fini(&text);
	return r;
}

/* -1: it is a new one.  Of two that are the same, the one that is behind. */
static int64_t find_mark(struct str text, const char *hook)
{
	struct str line;
	long long at;
	int64_t found = -1;

	while (str_line(&text, &line)) {
		size_t blank = str_find(line, STR(" "));

		if (blank < line.n &&
			str_is((struct str){line.p, blank}, hook) &&
			str_to_int64(str_skip(line, blank + 1), &at) &&
			(found < 0 || at < found))
			found = at;
	}
	return found;
}

/* Each goes on at its own; a new one where all have been told. */
static int load_marks(struct news *n, struct store *store, struct err *e)
{
	struct buf text = {0};
	bool found = false;
	int r = state_get(store_state(store), TOLD, &text, &found, e);

	for (size_t i = 0; r == 0 && i < n->n_marks; i++) {
		struct news_mark *mark = &n->marks[i];

		mark->at = find_mark(buf_str(&text), mark->hook);
		if (mark->at < n->after)
			mark->at = n->after;
	}
	buf_fini(&text);
	return r;
}

static int load_after(struct news *n, struct store *store, struct err *e)
{
	int64_t seen;
	int r = load_seen(store, &seen, e);

	if (r != 0)
		return r;
	if (n->after < 0 || (n->noted >= 0 && seen != n->noted)) {
		n->after = seen > 0 ? seen : 0;
		r = load_marks(n, store, e);
		if (r != 0)
			return r;
		n->anew = true;
	}
	n->first = n->first && seen < 0;
	n->noted = seen;
	return 0;
}

/* --- The file head ------------------------------------------------------ */

/* What an earlier process has left there; what is no commit is put again. */
static void read_head(struct news *n)
{
	char text[sizeof(n->head)];
	int fd = open(n->head_file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text)) == sizeof(text) && text[40] == '\n') {
		text[40] = '\0';
		memcpy(n->head, text, sizeof(text));
	}
	close(fd);
}

static int put_head(struct news *n, struct store *store, struct err *e)
{
	char head[42] = "";
	int r = store_head(store, head, e);

	if (r != 0 || head[0] == '\0')
		return r;
	if (n->head_file == NULL)
		n->head_file = store_file(store, "head");
	if (n->head[0] == '\0')
		read_head(n);
	if (strcmp(head, n->head) == 0)
		return 0;
	memcpy(n->head, head, sizeof(n->head));
	head[40] = '\n';
	if (file_replace(n->head_file, str_of(head), false) == 0)
		return 0;
	n->head[0] = '\0';
	return err_errno(e, ERR_IO, errno, "cannot write %s", n->head_file);
}

/* --- Both --------------------------------------------------------------- */

static int put_marks(struct news *n, struct state *state, int64_t all)
{
	struct buf told = {0};
	int r;

	for (size_t i = 0; i < n->n_marks; i++)
		buf_printf(&told, "%s %lld\n", n->marks[i].hook,
			(long long)n->marks[i].at);
	r = state_put(state, TOLD, buf_str(&told), &n->err);
	if (r == 0)
		r = state_put_int(state, SEEN, all, &n->err);
	buf_fini(&told);
	return r;
}

/* at: where there is no hook. */
static void note(struct news *n, struct store *store, int64_t at)
{
	struct state *state = store_state(store);
	int64_t all = n->n_marks > 0 ? INT64_MAX : at;
	int r = state_begin(state, &n->err);

	if (r != 0)
		return;
	for (size_t i = 0; i < n->n_marks; i++)
		if (n->marks[i].at < all)
			all = n->marks[i].at;
	r = put_marks(n, state, all);
	if (state_end(state, r, &n->err) == 0)
		n->noted = all;
}

/* The very first time: nothing of before is told. */
static void begin_here(struct news *n)
{
	n->after = n->seen;
	for (size_t i = 0; i < n->n_marks; i++)
		n->marks[i].at = n->after;
}

void news_collect(struct news *n, struct store *store)
{
	struct err late = {0};
	int r;

	n->err = (struct err){0};
	n->anew = n->more = false;
	n->seen = n->after;
	r = load_after(n, store, &n->err);
	if (r == 0)
		r = news_gather(n, store, &n->err);
	if (r == 0 && n->first)
		begin_here(n);
	if (r == 0 && n->noted < 0)
		note(n, store, n->after);
	n->first = n->first && n->err.code != 0;
	if (put_head(n, store, &late) != 0 && n->err.code == 0)
		n->err = late;
}

void news_note(struct news *n, struct store *store)
{
	int64_t seen;

	n->err = (struct err){0};
	if (load_seen(store, &seen, &n->err) == 0 && seen == n->noted)
		note(n, store, n->seen);
}
