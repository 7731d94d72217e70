/*
 * status_print - status for people: first whether all is well and, if not,
 * why, then what there is, last what writers have to mend.
 */
#include "cli/status_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"

/* What is printed, and how. */
struct page {
	const struct term *t;
	const struct config *config;
	const json_t *status;
	const json_t *daemon; /* NULL: none answered */
	const struct err *down;
};

/* "2026-11-25 13:55:42 (12 min ago)" */
#define WHEN_TEXT (STAMP_CLOCK + STAMP_SPAN + 8)

static const char *when(const char *stamp, char out[WHEN_TEXT])
{
	char clock[STAMP_CLOCK];
	char span[STAMP_SPAN];
	int64_t at;

	if (stamp == NULL || !stamp_parse(str_of(stamp), &at)) {
		snprintf(out, WHEN_TEXT, "never");
		return out;
	}
	stamp_span(stamp_now() > at ? stamp_now() - at : 0, span);
	snprintf(out, WHEN_TEXT, "%s (%s ago)",
		stamp_clock(str_of(stamp), clock), span);
	return out;
}

static void label(const struct page *p, const char *name, enum colour colour)
{
	printf("%s%-10s%s %s", term_on(p->t, BOLD), name, term_off(p->t),
		term_on(p->t, colour));
}

static void end(const struct page *p)
{
	printf("%s\n", term_off(p->t));
}

static void more(const struct page *p, const char *text, enum colour colour)
{
	printf("%11s%s%s", "", term_on(p->t, colour), text);
	end(p);
}

/* --- The daemon --------------------------------------------------------- */

/* When the last that is known of it was. */
static const char *last_sign(const struct page *p)
{
	const json_t *run =
		json_array_get(json_object_get(p->status, "runs"), 0);
	const char *const signs[] = {
		cli_text(p->status, "started", NULL),
		cli_text(p->status, "last_good", NULL),
		cli_text(run, "started", NULL),
		cli_text(run, "finished", NULL),
	};
	const char *newest = NULL;
	int64_t newest_at = 0;
	int64_t at;

	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (signs[i] != NULL && stamp_parse(str_of(signs[i]), &at) &&
			at > newest_at) {
			newest = signs[i];
			newest_at = at;
		}
	return newest;
}

static void print_unheard(const struct page *p, int64_t pid)
{
	label(p, "daemon", RED);
	printf("runs as process %lld, but does not answer", (long long)pid);
	end(p);
	more(p, p->down->text, PLAIN);
	more(p, "if the socket is gone, a restart of the daemon makes it again",
		PLAIN);
}

static void print_stopped(const struct page *p)
{
	const json_t *stopped = json_object_get(p->status, "stopped");
	char *start = cli_start_words(p->config);
	char text[WHEN_TEXT];

	label(p, "daemon", RED);
	if (json_is_object(stopped))
		printf("stopped at %s: %s",
			when(cli_text(stopped, "at", NULL), text),
			cli_text(stopped, "why", "?"));
	else if (cli_text(p->status, "started", NULL) != NULL)
		printf("stopped without a word (killed, the machine went "
		       "down, or the disk was full); last sign of life %s",
			when(last_sign(p), text));
	else
		printf("stopped: it has made single passes only; the last %s",
			when(last_sign(p), text));
	end(p);
	if (strncmp(p->down->text, "no daemon", strlen("no daemon")) == 0)
		printf("%11s%s starts it\n", "", start);
	else
		more(p, p->down->text, PLAIN);
	free(start);
}

static void print_daemon(const struct page *p)
{
	int64_t pid = p->daemon == NULL ? cli_unheard(p->config) : 0;
	char text[WHEN_TEXT];

	if (p->daemon == NULL) {
		if (pid != 0)
			print_unheard(p, pid);
		else
			print_stopped(p);
		return;
	}
	label(p, "daemon", PLAIN);
	printf("running since %s, process %lld",
		when(cli_text(p->daemon, "since", NULL), text),
		cli_int(p->daemon, "pid"));
	end(p);
}

static void print_server(const struct page *p)
{
	const char *user = cli_text(p->status, "user", NULL);

	label(p, "server", PLAIN);
	printf("%s%s%s", p->config->url, user != NULL ? ", as " : "",
		user != NULL ? user : "");
	end(p);
}

/* What the server renamed or does not show any more. */
static void print_frozen(const struct page *p)
{
	const json_t *frozen = json_object_get(p->status, "frozen");

	for (size_t i = 0; i < json_array_size(frozen); i++) {
		const char *text = cli_string(json_array_get(frozen, i), "?");

		if (i > 0) {
			more(p, text, YELLOW);
			continue;
		}
		label(p, "frozen", YELLOW);
		printf("%s", text);
		end(p);
	}
}

/* --- Is it in step? ----------------------------------------------------- */

static void print_paused(const struct page *p)
{
	const json_t *paused = json_object_get(p->status, "paused");
	const char *why = cli_text(paused, "why", "");
	char text[WHEN_TEXT];

	if (!json_is_object(paused))
		return;
	label(p, "paused", YELLOW);
	printf("since %s%s%s (opsync resume lets it go on)",
		when(cli_text(paused, "since", NULL), text),
		why[0] != '\0' ? ": " : "", why);
	end(p);
}

static void print_running(const struct page *p)
{
	const json_t *running = json_object_get(p->daemon, "running");
	long long total = cli_int(running, "total");

	if (!json_is_object(running))
		return;
	label(p, "now", CYAN);
	printf("%s: %s", cli_text(running, "kind", "?"),
		cli_text(running, "phase", "?"));
	if (total > 0)
		printf(", %lld of %lld (%lld %%)", cli_int(running, "done"),
			total, 100 * cli_int(running, "done") / total);
	printf("; %lld read, %lld added, %lld changed, %lld failed",
		cli_int(running, "seen"), cli_int(running, "added"),
		cli_int(running, "changed"), cli_int(running, "failed"));
	end(p);
}

static void print_next(const struct page *p)
{
	char span[STAMP_SPAN];

	if (json_is_object(json_object_get(p->daemon, "running")) ||
		json_is_object(json_object_get(p->status, "paused")))
		return;
	stamp_span(cli_int(p->daemon, "next") * STAMP_SECOND, span);
	label(p, "next", PLAIN);
	printf("poll in %s", span);
	end(p);
}

static void print_step(const struct page *p)
{
	const char *error = cli_text(p->daemon, "error", NULL);
	const char *good = cli_text(
		p->daemon != NULL ? p->daemon : p->status, "last_good", NULL);
	const char *cursor = cli_text(p->status, "cursor", NULL);
	char text[WHEN_TEXT];

	if (error != NULL) {
		label(p, "in step", RED);
		printf("no: %s", error);
		end(p);
		printf("%11slast good pass %s\n", "", when(good, text));
	} else if (p->daemon != NULL) {
		label(p, "in step", good != NULL ? GREEN : PLAIN);
		printf("%s %s", good != NULL ? "as of" : "not yet;",
			good != NULL ? when(good, text)
				     : "the first pass runs");
		end(p);
	} else if (good != NULL) {
		label(p, "in step", PLAIN);
		printf("as of %s", when(good, text));
		end(p);
	}
	label(p, "cursor", PLAIN);
	if (cursor != NULL)
		printf("the newest change that was read is of %s",
			when(cursor, text));
	else
		printf("none yet");
	end(p);
}

static void print_push(const struct page *p)
{
	const json_t *push = json_object_get(p->daemon, "push");
	const char *error = cli_text(push, "error", NULL);
	long long n = cli_int(push, "pending");

	if (!json_is_object(push))
		return;
	label(p, "push", error != NULL ? RED : PLAIN);
	printf("%s, branch %s: ", cli_text(push, "remote", "?"),
		cli_text(push, "branch", "?"));
	if (n == 0)
		printf(error == NULL ? "all is there" : "nothing waits");
	else
		printf("%lld commit%s", n, n == 1 ? " waits" : "s wait");
	end(p);
	if (error != NULL)
		more(p, error, RED);
}

bool status_is_pushed(const struct config *config, const json_t *status)
{
	const json_t *pushed = json_object_get(status, "pushed");
	const char *tip = cli_text(status, "tip", NULL);

	return config->push.remote == NULL || tip == NULL ||
	       (strcmp(cli_text(pushed, "remote", ""), config->push.remote) ==
			       0 &&
		       strcmp(cli_text(pushed, "branch", ""),
			       config->push.branch) == 0 &&
		       strcmp(cli_text(pushed, "commit", ""), tip) == 0);
}

/* While no daemon runs: what the state knows. */
static void print_pushed(const struct page *p)
{
	bool there = status_is_pushed(p->config, p->status);
	const char *fault = cli_text(p->status, "push_fault", NULL);

	if (p->config->push.remote == NULL)
		return;
	label(p, "push", there ? PLAIN : YELLOW);
	printf("%s, branch %s: %s%s%s", p->config->push.remote,
		p->config->push.branch,
		there ? "all is there"
		      : "commits wait for the next daemon, or pass",
		there || fault == NULL ? "" : ": ",
		there || fault == NULL ? "" : fault);
	end(p);
}

static void print_worktree(const struct page *p)
{
	const char *why = cli_text(p->status, "worktree", NULL);

	if (why == NULL)
		return;
	label(p, "work tree", YELLOW);
	printf("is left alone: %s", why);
	end(p);
}

static void print_kept(const struct page *p)
{
	const char *branch = cli_text(p->status, "kept", NULL);

	if (branch == NULL || strchr(branch, '/') == NULL)
		return;
	label(p, "kept", YELLOW);
	printf("what somebody wrote in our files last is on the branch %s "
	       "(delete it when done; git branch --list '%.*s/*' lists all)",
		branch, (int)(strrchr(branch, '/') - branch), branch);
	end(p);
}

static void print_hooks(const struct page *p)
{
	const json_t *hooks = json_object_get(p->daemon, "hooks");
	const char *error = cli_text(hooks, "error", NULL);
	long long n = cli_int(hooks, "waiting");

	if (error == NULL)
		return;
	label(p, "hooks", RED);
	printf("%lld call%s", n, n == 1 ? " waits" : "s wait");
	end(p);
	more(p, error, RED);
}

/* --- What there is ------------------------------------------------------ */

static void print_counts(const struct page *p)
{
	const json_t *n = json_object_get(p->status, "counts");
	long long all = cli_int(n, "work_packages");
	long long files = cli_int(n, "files");

	label(p, "store", PLAIN);
	printf("%s", p->config->store_path);
	end(p);
	label(p, "documents", PLAIN);
	printf("%lld, with %lld file%s in all", cli_int(n, "documents"), files,
		files == 1 ? "" : "s");
	end(p);
	printf("%11sof %lld work package%s: %lld with a document, %lld left "
	       "out, %lld withdrawn, %lld failed\n",
		"", all, all == 1 ? "" : "s", cli_int(n, "made"),
		cli_int(n, "left_out"), cli_int(n, "withdrawn"),
		cli_int(n, "failed"));
}

static void print_set(const struct page *p, const json_t *set)
{
	const char *kind = cli_text(set, "kind", "?");
	long long n = cli_int(set, "documents");
	long long released = cli_int(set, "released");

	if (n > 0) {
		label(p, "held", YELLOW);
		printf("%lld %s, by the guard (opsync held %lld lists them)", n,
			kind, cli_int(set, "set"));
		end(p);
	}
	if (released > 0) {
		label(p, "released", PLAIN);
		printf("%lld %s, for the next pass", released, kind);
		end(p);
	}
}

static void print_held(const struct page *p)
{
	const json_t *sets = json_object_get(p->status, "held");
	const json_t *ids = json_object_get(p->status, "withdrawn");

	for (size_t i = 0; i < json_array_size(sets); i++)
		print_set(p, json_array_get(sets, i));
	if (json_array_size(ids) == 0)
		return;
	label(p, "withdrawn", PLAIN);
	printf("%zu work package%s", json_array_size(ids),
		json_array_size(ids) == 1 ? "" : "s");
	end(p);
}

static void print_run(const struct page *p)
{
	const json_t *run =
		json_array_get(json_object_get(p->status, "runs"), 0);
	const char *finished = cli_text(run, "finished", NULL);
	const char *error = cli_text(run, "error", NULL);
	long long repeated = cli_int(run, "repeated");
	char text[WHEN_TEXT];

	label(p, "last run", PLAIN);
	if (run == NULL) {
		printf("none yet");
		end(p);
		return;
	}
	printf("%lld, %s, ", cli_int(run, "run"), cli_text(run, "kind", "?"));
	if (finished == NULL)
		printf("began %s, and has not ended",
			when(cli_text(run, "started", NULL), text));
	else
		printf("ended %s: %lld added, %lld changed, %lld removed, "
		       "%lld failed",
			when(finished, text), cli_int(run, "added"),
			cli_int(run, "changed"), cli_int(run, "removed"),
			cli_int(run, "failed"));
	end(p);
	if (error != NULL)
		more(p, error, RED);
	if (repeated > 0)
		printf("%11sand so failed %lld more\n", "", repeated);
}

static void print_errors(const struct page *p)
{
	const json_t *errors = json_object_get(p->status, "errors");
	long long all = cli_int(json_object_get(p->status, "counts"), "failed");
	size_t n = json_array_size(errors);

	if (n == 0)
		return;
	printf("\n%sin error%s   %lld work package%s\n", term_on(p->t, RED),
		term_off(p->t), all,
		all == 1 ? "; its document, if there is one, stays as it was"
			 : "s; their documents, if there are any, stay as "
			   "they were");
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(errors, i);
		long long id = cli_int(one, "work_package");

		printf("  %s/work_packages/%lld\n    %s%s%s\n", p->config->url,
			id, term_on(p->t, RED), cli_text(one, "reason", "?"),
			term_off(p->t));
	}
	if ((long long)n < all)
		printf("  and %lld more\n", all - (long long)n);
}

static void print_unrelated(const struct page *p)
{
	const json_t *all = json_object_get(p->status, "relations");
	size_t n = json_array_size(all);

	if (n == 0)
		return;
	printf("\n%srelations%s  the server fails at those of %zu work "
	       "package%s; they stay as they were (the next reconcile asks "
	       "again, at once opsync resync --full)\n",
		term_on(p->t, RED), term_off(p->t), n, n == 1 ? "" : "s");
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(all, i);

		printf("  %s/work_packages/%lld\n    %s%s%s\n", p->config->url,
			cli_int(one, "work_package"), term_on(p->t, RED),
			cli_text(one, "reason", "?"), term_off(p->t));
	}
}

void status_print(const struct term *t, const struct config *config,
	const json_t *status, const struct err *down)
{
	const struct page p = {.t = t,
		.config = config,
		.status = status,
		.daemon = json_object_get(status, "daemon"),
		.down = down};

	print_daemon(&p);
	print_server(&p);
	print_frozen(&p);
	print_paused(&p);
	print_step(&p);
	if (p.daemon != NULL) {
		print_running(&p);
		print_next(&p);
		print_push(&p);
		print_hooks(&p);
	} else {
		print_pushed(&p);
	}
	print_counts(&p);
	print_held(&p);
	print_worktree(&p);
	print_kept(&p);
	print_run(&p);
	print_errors(&p);
	print_unrelated(&p);
}

/* --- One line ----------------------------------------------------------- */

static const char *word(const struct page *p, enum colour *colour)
{
	*colour = RED;
	if (p->daemon == NULL)
		return "stopped";
	if (cli_text(p->daemon, "error", NULL) != NULL)
		return "fails";
	*colour = YELLOW;
	if (json_is_object(json_object_get(p->status, "paused")))
		return "paused";
	*colour = CYAN;
	if (json_is_object(json_object_get(p->daemon, "running")))
		return "syncing";
	*colour = GREEN;
	return "in step";
}

void status_print_line(const struct term *t, const struct config *config,
	const json_t *status, const struct err *down)
{
	const struct page p = {.t = t,
		.config = config,
		.status = status,
		.daemon = json_object_get(status, "daemon"),
		.down = down};
	const json_t *n = json_object_get(status, "counts");
	const json_t *sets = json_object_get(status, "held");
	enum colour colour;
	const char *state = word(&p, &colour);
	long long held = 0;

	for (size_t i = 0; i < json_array_size(sets); i++)
		held += cli_int(json_array_get(sets, i), "documents");
	printf("%s%-16s%s %s%-8s%s %7lld documents  %5lld in error  %5lld "
	       "held  %s\n",
		term_on(t, BOLD), config->instance, term_off(t),
		term_on(t, colour), state, term_off(t), cli_int(n, "documents"),
		cli_int(n, "failed"), held, config->url);
}
