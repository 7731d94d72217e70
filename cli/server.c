/*
 * server - the server's lists of names, one question after the other.
 *
 * Each question is a path of the API: asked through the daemon's socket
 * ("get"), or by a client of our own, whose loop runs until it is answered.
 */
#include "cli/server.h"

#include <stdlib.h>
#include <string.h>

#include "api/paths.h"
#include "daemon/client.h"
#include "daemon/lane.h"
#include "daemon/pages.h"

struct server {
	struct cli_connection *daemon; /* or NULL: ask by ourselves */
	uv_loop_t loop;
	struct api_client *client;
};

/* --- Opening and closing ------------------------------------------------ */

int server_open_with(const struct config *config, const char *token,
	struct server **out, struct err *e)
{
	struct server *s = xcalloc(1, sizeof(*s));
	struct config impatient = *config;
	int r;

	impatient.max_tries = 2; /* somebody waits */
	uv_loop_init(&s->loop);
	r = client_open(&s->loop, &impatient, token, &s->client, e);
	if (r == 0)
		*out = s;
	else
		server_close(s);
	return r;
}

/* Until it has read an edited configuration it asks the server of before. */
static bool find_daemon(
	const struct config *config, struct cli_connection **out)
{
	struct cli_connection *c = NULL;
	struct err none = {0};
	json_t *hello = NULL;
	bool found = cli_connect(config, &c, &none) == 0 &&
		     cli_hello(c, &hello, &none) == 0 &&
		     strcmp(cli_text(hello, "server", ""), config->url) == 0;

	json_decref(hello);
	if (found)
		*out = c;
	else
		cli_disconnect(c);
	return found;
}

int server_open(const struct config *config, const char *token_file,
	struct server **out, struct err *e)
{
	struct config from = *config;
	struct cli_connection *daemon;
	char *token = NULL;
	int r;

	if (token_file == NULL && find_daemon(config, &daemon)) {
		*out = xcalloc(1, sizeof(**out));
		(*out)->daemon = daemon;
		return 0;
	}
	if (token_file != NULL) {
		from.token_kind = TOKEN_FILE;
		from.token_value = token_file;
	}
	r = config_token(&from, &token, e);
	if (r == 0)
		r = server_open_with(config, token, out, e);
	config_wipe_token(token);
	return r;
}

static void on_closed(void *arg)
{
	(void)arg;
}

void server_close(struct server *s)
{
	if (s == NULL)
		return;
	if (s->daemon == NULL) {
		if (s->client != NULL)
			api_client_close(s->client, on_closed, NULL);
		uv_run(&s->loop, UV_RUN_DEFAULT);
		uv_loop_close(&s->loop);
	}
	cli_disconnect(s->daemon);
	free(s);
}

/* --- One question ------------------------------------------------------- */

/* As it is: a program reads it. */
static void add_member(const json_t *line, const char *key, struct buf *out)
{
	const char *text = json_string_value(json_object_get(line, key));

	buf_puts(out, text != NULL ? text : "");
}

struct answer {
	struct buf *body;
	struct buf *attachments; /* of a work package; or NULL */
};

static void on_line(void *arg, const json_t *line)
{
	const struct answer *answer = arg;

	add_member(line, "body", answer->body);
	if (answer->attachments != NULL)
		add_member(line, "attachments", answer->attachments);
}

/* Takes the question. */
static int ask_daemon(struct server *s, json_t *question, struct buf *body,
	struct buf *attachments, struct err *e)
{
	struct answer answer = {body, attachments};
	int r = cli_converse(s->daemon, question, on_line, &answer, e);

	json_decref(question);
	return r;
}

struct asking {
	struct api_request request;
	bool answered;
};

static void on_answer(struct api_request *request)
{
	container_of(request, struct asking, request)->answered = true;
}

static void ask_server(struct server *s, struct asking *asking)
{
	api_get(s->client, &asking->request, on_answer);
	while (!asking->answered)
		uv_run(&s->loop, UV_RUN_ONCE);
}

static void on_relayed(void *arg, const json_t *line)
{
	struct api_request *request = arg;

	if (json_object_get(line, "end") != NULL)
		return;
	add_member(line, "body", &request->body);
	request->status = (int)cli_int(line, "status");
	request->too_slow = json_is_true(json_object_get(line, "too_slow"));
	request->too_long = json_is_true(json_object_get(line, "too_long"));
}

static void ask_relay(struct server *s, struct asking *asking)
{
	struct api_request *request = &asking->request;
	json_t *question = json_pack(
		"{s:s, s:s}", "command", "get", "path", request->path);

	if (request->once)
		json_object_set_new(question, "once", json_true());
	cli_converse(s->daemon, question, on_relayed, request, &request->err);
	json_decref(question);
}

/* Asks once, or as often as is usual; takes the path. */
static void ask_for(
	struct server *s, struct buf *path, bool once, struct asking *asking)
{
	*asking = (struct asking){
		.request = {.path = buf_take(path), .once = once}};
	if (s->daemon != NULL)
		ask_relay(s, asking);
	else
		ask_server(s, asking);
}

/* What came, and nothing of it is left. */
static int take(struct asking *asking, struct buf *body, struct err *e)
{
	struct api_request *request = &asking->request;
	int r = request->err.code;

	if (r != 0) {
		*e = request->err;
	} else {
		*body = request->body;
		request->body = (struct buf){0};
	}
	api_request_fini(request);
	return r;
}

/* Takes the path, too. */
static int ask(
	struct server *s, struct buf *path, struct buf *body, struct err *e)
{
	struct asking asking;

	ask_for(s, path, false, &asking);
	return take(&asking, body, e);
}

/* --- What there is to ask ----------------------------------------------- */

int server_work_package(struct server *s, int64_t id, struct buf *source,
	struct buf *attachments, struct api_source *head, struct err *e)
{
	struct buf path = {0};
	struct buf body = {0};
	int r;

	if (s->daemon != NULL) {
		r = ask_daemon(s,
			json_pack("{s:s, s:I}", "command", "work_package",
				"work_package", (json_int_t)id),
			&body, attachments, e);
		if (r == 0)
			r = api_source_make(buf_str(&body), source, head, e);
	} else {
		api_path_work_package(&path, id);
		r = ask(s, &path, &body, e);
		if (r == 0)
			r = api_whole_make(
				buf_str(&body), source, attachments, head, e);
	}
	buf_fini(&body);
	return r;
}

int server_user(
	struct server *s, struct arena *a, struct api_user *out, struct err *e)
{
	struct buf path = {0};
	struct buf body = {0};
	int r;

	api_path_me(&path);
	r = ask(s, &path, &body, e);
	if (r == 0)
		r = api_user_parse(a, buf_str(&body), out, e);
	buf_fini(&body);
	return r;
}

/* One of the collections that come whole. */
static int ask_whole(struct server *s, enum names_kind kind,
	void (*path_of)(struct buf *), struct names *out, struct err *e)
{
	struct buf path = {0};
	struct buf body = {0};
	struct str page;
	int r;

	path_of(&path);
	r = ask(s, &path, &body, e);
	page = buf_str(&body);
	if (r == 0)
		r = names_put(out, NULL, kind, &page, 1, e);
	buf_fini(&body);
	return r;
}

static int put_projects(
	struct names *out, const struct pages *pages, struct err *e)
{
	struct str *strs = pages_strs(pages);
	int r = names_put(out, NULL, NAMES_PROJECTS, strs, pages->n, e);

	free(strs);
	return r;
}

/* One page; more: and another is to be asked for. */
static int take_projects(struct pages *pages, struct buf *body, bool *more,
	struct names *out, struct err *e)
{
	int r = pages_take(pages, body, more, e);

	if (r == 0 && !*more)
		r = put_projects(out, pages, e);
	if (r == 0)
		return 0;
	*more = pages_again(pages, e);
	return e->code;
}

int server_projects(struct server *s, struct names *out, struct err *e)
{
	struct pages pages = {0};
	bool more = true;
	int r = 0;

	while (r == 0 && more) {
		struct buf path = {0};
		struct buf body = {0};
		struct asking asking;

		api_path_projects(&path, (int)pages.n + 1);
		ask_for(s, &path, false, &asking);
		if (lane_fault(&asking.request))
			err_prefix(&asking.request.err,
				"the server does not list its projects (its "
				"own log says why, as where one of them is "
				"broken; a daemon that knows them goes on)");
		r = take(&asking, &body, e);
		if (r == 0)
			r = take_projects(&pages, &body, &more, out, e);
		buf_fini(&body);
	}
	pages_fini(&pages);
	return r;
}

int server_kinds(struct server *s, struct names *out, struct err *e)
{
	int r = ask_whole(s, NAMES_TYPES, api_path_types, out, e);

	if (r == 0)
		r = ask_whole(s, NAMES_STATUSES, api_path_statuses, out, e);
	return r;
}

/* What the daemon does then, too; it goes on with the rest. */
static void leave_pair(const struct api_pair *pair, const struct err *why)
{
	fprintf(stderr,
		"opsync: warning: %s: the fields of project %lld, type %lld "
		"are not known\n",
		why->text, (long long)pair->project_id,
		(long long)pair->type_id);
}

/* Schemas of some pairs, from the first; n: of so many they are known now. */
static int ask_schemas(struct server *s, const struct api_pair *pairs,
	struct halving *halving, struct names *names, size_t *n, struct err *e)
{
	struct asking asking;
	struct api_request *request = &asking.request;
	struct buf path = {0};

	*n = halving->n;
	api_path_schemas(&path, pairs, *n);
	ask_for(s, &path, halving->in_doubt, &asking);
	switch (halving_judge(halving, request)) {
	case HALVING_END:
		*e = request->err;
		if (e->code == 0)
			names_put_schemas(names, NULL, buf_str(&request->body),
				pairs, *n, e);
		break;
	case HALVING_AGAIN:
		*n = 0;
		break;
	case HALVING_LEAVE:
		leave_pair(pairs, &request->err);
		break;
	}
	api_request_fini(request);
	return e->code;
}

int server_schemas(struct server *s, const struct names_scope *scope,
	struct names *names, struct err *e)
{
	struct halving halving = {0};
	size_t most = HALVING_PAIRS;
	size_t known = 0;
	size_t left;
	struct api_pair *pairs = names_pairs(names, scope, &left);
	int r = 0;

	for (size_t at = 0; r == 0 && left > 0; at += known, left -= known) {
		halving_choose(&halving, left < most ? left : most);
		r = ask_schemas(s, pairs + at, &halving, names, &known, e);
		if (known > 0 && halving.shorter)
			most = halving.n;
	}
	free(pairs);
	return r;
}
