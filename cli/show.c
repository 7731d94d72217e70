/*
 * show - from a work package, or from a file in the store, to all that is
 * known of it: document, attachments, commits, the last error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/event.h"
#include "daemon/foreground.h"
#include "daemon/show_commit.h"

struct show {
	struct cli *cli;
	const struct config *config;
	const char *what; /* that was asked for */
	struct term term;
	bool no_pager;
};

static void print_head(const struct show *s, const json_t *one)
{
	const struct term *t = &s->term;
	const char *subject = cli_text(one, "subject", NULL);
	long long id = cli_int(one, "work_package");
	char clock[STAMP_CLOCK];

	printf("%swork package %lld%s%s%s\n", term_on(t, BOLD), id, term_off(t),
		subject != NULL ? "  " : "", subject != NULL ? subject : "");
	printf("address    %s/work_packages/%lld\n", s->config->url, id);
	if (cli_text(one, "type", NULL) != NULL)
		printf("is         %s, %s, in %s\n", cli_text(one, "type", "?"),
			cli_text(one, "status", "?"),
			cli_text(one, "project", "?"));
	if (cli_text(one, "updated", NULL) != NULL)
		printf("changed    %s\n", cli_clock(one, "updated", clock));
}

static bool is_withdrawn(const json_t *one)
{
	return json_is_true(json_object_get(one, "withdrawn"));
}

static void print_held(const struct show *s, const json_t *one)
{
	const json_t *held = json_object_get(one, "held");

	if (is_withdrawn(one))
		printf("withdrawn  by a person (opsync publish %lld brings it "
		       "back)\n",
			cli_int(one, "work_package"));
	for (size_t i = 0; i < json_array_size(held); i++) {
		const json_t *h = json_array_get(held, i);

		printf("held       %s%s of %s: %s%s (opsync held)\n",
			term_on(&s->term, RED), cli_text(h, "kind", "?"),
			cli_text(h, "path", "?"), cli_text(h, "reason", "?"),
			term_off(&s->term));
	}
}

static void print_outcome(const struct show *s, const json_t *one)
{
	const char *outcome = cli_text(one, "outcome", NULL);
	const char *reason = cli_text(one, "reason", NULL);
	size_t n = json_array_size(json_object_get(one, "documents"));

	if (outcome == NULL)
		printf("state      is not known here any more\n");
	else if (strcmp(outcome, "failed") == 0)
		printf("state      %sin error: %s%s%s\n",
			term_on(&s->term, RED), reason != NULL ? reason : "?",
			term_off(&s->term),
			n > 0 ? " (the document stays as it was)" : "");
	else if (n > 0)
		printf("state      makes %zu document%s\n", n,
			n == 1 ? "" : "s");
	else if (!is_withdrawn(one))
		printf("state      is left out (opsync explain %lld says "
		       "why)\n",
			cli_int(one, "work_package"));
	print_held(s, one);
}

static void print_document(const struct show *s, const json_t *d)
{
	const json_t *files = json_object_get(d, "files");

	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *file = json_array_get(files, i);
		const char *path = cli_text(file, "path", "?");

		if (i == 0)
			printf("document   %s%s%s  (by %s)\n",
				term_on(&s->term, GREEN), path,
				term_off(&s->term), cli_text(d, "entry", "?"));
		else
			printf("  file     %s  (attachment %lld, %s)\n", path,
				cli_int(file, "attachment"),
				cli_text(file, "name", "?"));
	}
}

static void print_event(const struct show *s, const json_t *event)
{
	const char *commit = cli_text(event, "commit", NULL);

	event_print(&s->term, event);
	if (commit != NULL)
		printf("%*scommit %s%s%s\n", 39, "", term_on(&s->term, CYAN),
			commit, term_off(&s->term));
}

static void print_last(const struct show *s, const json_t *one)
{
	const json_t *commit = json_object_get(one, "last_commit");
	const char *instance = cli_text(commit, "instance", NULL);
	char clock[STAMP_CLOCK];

	if (!json_is_object(commit))
		return;
	printf("commit     %s%s%s\n           %s  %s", term_on(&s->term, CYAN),
		cli_text(commit, "id", "?"), term_off(&s->term),
		cli_clock(commit, "at", clock),
		cli_text(commit, "subject", "?"));
	if (instance != NULL)
		printf("  (run %lld of %s)", cli_int(commit, "run"), instance);
	putchar('\n');
}

/* The log has forgotten it, but not git. */
static void print_path(const struct show *s, const json_t *one)
{
	printf("%s%s%s\nstate      is not known here any more: the last commit "
	       "of it is one of ours\n",
		term_on(&s->term, BOLD), s->what, term_off(&s->term));
	print_last(s, one);
}

static void print(void *arg, const json_t *one)
{
	const struct show *s = arg;
	const json_t *documents = json_object_get(one, "documents");
	const json_t *events = json_object_get(one, "events");

	if (!json_is_integer(json_object_get(one, "work_package"))) {
		print_path(s, one);
		return;
	}
	print_head(s, one);
	print_outcome(s, one);
	for (size_t i = 0; i < json_array_size(documents); i++)
		print_document(s, json_array_get(documents, i));
	print_last(s, one);
	if (json_array_size(events) > 0)
		putchar('\n');
	for (size_t i = 0; i < json_array_size(events); i++)
		print_event(s, json_array_get(events, i));
}

/* A path below the store, wherever we are, from the store's root. */
static const char *from_root(
	const char *path, const char *real_store, const char *real_path)
{
	size_t n = real_store != NULL ? strlen(real_store) : 0;

	if (n == 0 || real_path == NULL ||
		strncmp(real_path, real_store, n) != 0)
		return path;
	if (real_path[n] == '\0')
		return "/";
	return real_path[n] == '/' ? real_path + n + 1 : path;
}

/* As git has it: ./docs//x is docs/x. */
static char *tidy(const char *path)
{
	struct str rest = str_of(path);
	struct buf out = {0};

	buf_puts(&out, path[0] == '/' ? "/" : "");
	while (rest.n > 0) {
		struct str part = {rest.p, str_find(rest, STR("/"))};

		rest = str_skip(rest, part.n < rest.n ? part.n + 1 : part.n);
		if (part.n == 0 || str_is(part, "."))
			continue;
		if (out.n > 0 && out.p[out.n - 1] != '/')
			buf_putc(&out, '/');
		buf_add_str(&out, part);
	}
	buf_puts(&out, out.n == 0 ? "/" : ""); /* the root */
	return buf_take(&out);
}

/* The id in an address of the server, as status prints it and browsers have
 * it; 0 if that is none. */
static long long id_in(const struct config *config, struct str address)
{
	const struct str url = str_of(config->url);
	const struct str mark = STR("/work_packages/");
	struct str rest;
	size_t digits = 0;
	size_t at;
	long long id;

	if (!str_starts(address, url))
		return 0;
	rest = str_skip(address, url.n);
	at = str_find(rest, mark);
	if (at == rest.n || rest.p[0] != '/')
		return 0;
	rest = str_skip(rest, at + mark.n);
	while (digits < rest.n && rest.p[digits] >= '0' &&
		rest.p[digits] <= '9')
		digits++;
	if (digits < rest.n && strchr("/?#", rest.p[digits]) == NULL)
		return 0;
	rest.n = digits;
	return str_to_int64(rest, &id) && id > 0 ? id : 0;
}

static int name_address(const struct config *config, const char *address,
	json_t *request, struct err *e)
{
	long long id = id_in(config, str_of(address));

	if (id == 0)
		return err_set(e, ERR_USAGE,
			"%s is the address of no work package of %s", address,
			config->url);
	json_object_set_new(request, "work_package", json_integer(id));
	return 0;
}

static int name_file(const struct config *config, const char *what,
	json_t *request, struct err *e)
{
	char *store = realpath(config->store_path, NULL);
	char *path = realpath(what, NULL);
	char *tidied = tidy(from_root(what, store, path));
	int r = cli_put(request, "path", tidied, "PATH", e);

	free(tidied);
	free(store);
	free(path);
	return r;
}

static int name(const struct config *config, const char *what, json_t *request,
	struct err *e)
{
	const char *digits = what[0] == '#' ? what + 1 : what;
	long long id;

	if (str_to_int64(str_of(digits), &id) && id > 0)
		json_object_set_new(request, "work_package", json_integer(id));
	else if (strstr(what, "://") != NULL)
		return name_address(config, what, request, e);
	else
		return name_file(config, what, request, e);
	return 0;
}

/* --- Without a daemon --------------------------------------------------- */

static void on_commit(struct show_commit *c)
{
	(void)c;
}

/* As it does when it has asked the state. */
static int add_commit(const struct config *config, const json_t *request,
	struct buf *line, struct err *e)
{
	uv_loop_t loop;
	struct show_commit c = {
		.loop = &loop,
		.config = config,
		.path = str_of(cli_text(request, "path", NULL)),
		.line = line,
	};

	uv_loop_init(&loop);
	show_commit_start(&c, on_commit);
	foreground_run(&loop, &c.git.child);
	uv_loop_close(&loop);
	if (c.err.code != 0)
		*e = c.err;
	return c.err.code;
}

static int ask(struct show *s, const json_t *request, struct err *e)
{
	struct buf line = {0};
	bool running;
	int r = cli_ask(s->config, request, &line, &running, e);

	if (r == 0 && !running)
		r = add_commit(s->config, request, &line, e);
	if (r == 0)
		r = cli_print(s->cli, &line, print, s, e);
	buf_fini(&line);
	return r;
}

int cli_show_one(struct cli *cli, struct err *e)
{
	json_t *request = json_pack("{s:s}", "command", "show");
	struct config config = {0};
	struct show s = {.cli = cli, .config = &config};
	const struct cli_option options[] = {
		{"no-pager", NULL, "no pager on a terminal", 'n',
			.set = &s.no_pager},
		{0},
	};
	int r = cli_parse(cli, options, NULL, NULL, e);

	term_init(&s.term);
	if (r == 0)
		r = cli_arguments(cli, 1, 1, e);
	if (r == 0)
		r = cli_reach(cli, &config, e);
	if (r == 0) {
		s.what = cli->argv[optind];
		r = name(&config, s.what, request, e);
	}
	if (r == 0) {
		if (!s.no_pager && !cli->json)
			term_page(&s.term);
		r = ask(&s, request, e);
		term_end(&s.term);
	}
	json_decref(request);
	config_fini(&config);
	return r;
}
