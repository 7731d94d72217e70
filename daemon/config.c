/*
 * config - one YAML file, strictly checked, as a struct.
 *
 * Each section has a table of its keys: the key, how its value is read and
 * where it goes.  What belongs to the mapping is left to content/program.
 */
#include "daemon/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "content/tree.h"
#include "daemon/config_parts.h"

#define SECONDS INT64_C(1000000)
#define HOURS (3600 * SECONDS)
#define DAYS (24 * HOURS)

/* How a value is read. */
enum kind { KIND_STRING, KIND_BOOL, KIND_DURATION, KIND_SIZE, KIND_REQUESTS };

struct key {
	const char *name;
	enum kind kind;
	size_t offset; /* in struct config */
};

#define KEY(name, kind, member)                                                \
	{                                                                      \
		name, kind, offsetof(struct config, member)                    \
	}

static int read_key(struct config *c, const struct key *key,
	const struct node *at, struct err *e)
{
	void *to = (char *)c + key->offset;
	struct str text;
	int64_t number;
	int r;

	switch (key->kind) {
	case KIND_STRING:
		r = node_string(at, key->name, &text, e);
		if (r == 0)
			*(const char **)to = arena_str(&c->arena, text).p;
		return r;
	case KIND_BOOL:
		return node_bool(at, key->name, to, e);
	case KIND_DURATION:
		return node_duration(at, key->name, to, e);
	case KIND_SIZE:
		return node_size(at, key->name, to, e);
	case KIND_REQUESTS:
		r = node_int(at, key->name, 1, 64, &number, e);
		if (r == 0)
			*(int *)to = (int)number;
		return r;
	}
	abort();
}

#define MAX_KEYS 24

/* The keys of a section; the names in more are read by the section itself. */
struct section {
	const char *name;
	const struct key *keys;
	size_t n_keys;
	const char *const *more;
	size_t n_more;
};

/* Read the section's keys, and refuse others. */
static int read_section(struct config *c, const struct node *at,
	const struct section *section, struct err *e)
{
	const char *names[MAX_KEYS];
	size_t n = 0;
	int r;

	for (size_t i = 0; i < section->n_keys; i++)
		names[n++] = section->keys[i].name;
	for (size_t i = 0; i < section->n_more; i++)
		names[n++] = section->more[i];
	r = node_keys(at, section->name, names, n, e);
	for (size_t i = 0; r == 0 && i < section->n_keys; i++) {
		const struct key *key = &section->keys[i];
		const struct node *value = node_get(at, key->name);

		if (value != NULL)
			r = read_key(c, key, value, e);
	}
	return r;
}

static int read_share(const struct node *at, double *out, struct err *e)
{
	char *text = str_dup(at->text);
	char *end = text;
	bool good = at->type == NODE_SCALAR && at->text.n > 1;

	if (good)
		*out = strtod(text, &end) / 100;
	good = good && strcmp(end, "%") == 0 && *out >= 0 && *out <= 1;
	free(text);
	if (good)
		return 0;
	return node_err(at, e, "share: is a percentage, as 10%%");
}

/* --- server: ------------------------------------------------------------ */

static int read_token(struct config *c, const struct node *at, struct err *e)
{
	static const char *const names[] = {
		"file", "env", "credential", "command"};
	static const enum token_kind kinds[] = {
		TOKEN_FILE, TOKEN_ENV, TOKEN_CREDENTIAL, TOKEN_COMMAND};
	struct str text;
	int r;

	if (at->type != NODE_MAP || at->n != 1)
		return node_err(at, e,
			"token: says where the key is, not the key itself: "
			"{ file: PATH }, { env: NAME }, { credential: NAME } "
			"or { command: COMMAND }");
	r = node_keys(at, "token", names, ARRAY_LEN(names), e);
	if (r != 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct node *value = node_get(at, names[i]);

		if (value == NULL)
			continue;
		r = node_string(value, names[i], &text, e);
		if (r != 0)
			return r;
		c->token_kind = kinds[i];
		c->token_value = arena_str(&c->arena, text).p;
	}
	return 0;
}

static int read_storage_hosts(
	struct config *c, const struct node *at, struct err *e)
{
	struct str text;
	int r = 0;

	if (at->type != NODE_LIST)
		return node_err(at, e, "storage_hosts: is a list of hosts");
	c->storage_hosts = ARENA_ARRAY(&c->arena, const char *, at->n + 1);
	for (size_t i = 0; r == 0 && i < at->n; i++) {
		r = node_string(&at->items[i], "storage_hosts", &text, e);
		if (r == 0)
			c->storage_hosts[c->n_storage_hosts++] =
				arena_str(&c->arena, text).p;
	}
	return r;
}

/* What may be asked of the server in a second. */
static int read_rate(struct config *c, const struct node *at, struct err *e)
{
	static const char *const names[] = {"requests", "bytes"};
	const struct node *value;
	int r = node_keys(at, "rate", names, ARRAY_LEN(names), e);

	if (r == 0 && (value = node_get(at, "requests")) != NULL)
		r = node_int(value, "requests", 1, 1000, &c->max_rate, e);
	if (r == 0 && (value = node_get(at, "bytes")) != NULL)
		r = node_size(value, "bytes", &c->max_bytes, e);
	if (r == 0 && c->max_bytes != 0 && c->max_bytes < 1024)
		return node_err(value, e, "bytes: is at least 1KiB");
	return r;
}

static int read_server(struct config *c, const struct node *at, struct err *e)
{
	static const struct key keys[] = {
		KEY("url", KIND_STRING, url),
		KEY("max_requests", KIND_REQUESTS, max_requests),
		KEY("max_tries", KIND_REQUESTS, max_tries),
		KEY("connect_timeout", KIND_DURATION, connect_timeout),
		KEY("stall_timeout", KIND_DURATION, stall_timeout),
		KEY("max_retry_after", KIND_DURATION, max_retry_after),
		KEY("ca_file", KIND_STRING, ca_file),
		KEY("contact", KIND_STRING, contact),
	};
	static const char *const more[] = {
		"token", "storage_hosts", "share", "rate"};
	const struct node *value;
	int r = read_section(c, at,
		&(struct section){
			"server", keys, ARRAY_LEN(keys), more, ARRAY_LEN(more)},
		e);

	if (r == 0 && (value = node_get(at, "token")) != NULL)
		r = read_token(c, value, e);
	if (r == 0 && (value = node_get(at, "storage_hosts")) != NULL)
		r = read_storage_hosts(c, value, e);
	if (r == 0 && (value = node_get(at, "rate")) != NULL)
		r = read_rate(c, value, e);
	if (r == 0 && (value = node_get(at, "share")) != NULL)
		r = read_share(value, &c->share, e);
	if (r == 0 && c->share < 0.01)
		return node_err(value, e, "share: is at least 1%%");
	if (r == 0 && c->url == NULL)
		return node_err(at, e, "server: needs url: https://…");
	if (r == 0 && strncmp(c->url, "https://", 8) != 0 &&
		strncmp(c->url, "http://", 7) != 0)
		return node_err(node_get(at, "url"), e,
			"url: begins with https:// (or http://)");
	if (r == 0 && c->token_kind == TOKEN_NONE)
		return node_err(at, e,
			"server: needs token: { file: PATH } (OpenProject "
			"makes a key under My account, Access tokens)");
	return r;
}

/* --- projects: ---------------------------------------------------------- */

static int read_project(struct config *c, const struct node *at,
	struct config_project *out, struct err *e)
{
	static const char *const names[] = {"project", "subprojects"};
	const struct node *name = at;
	const struct node *value;
	struct str text;
	int r = 0;

	out->at = *at;
	if (at->type == NODE_MAP) {
		r = node_keys(at, "projects", names, ARRAY_LEN(names), e);
		name = node_get(at, "project");
		if (r == 0 && name == NULL)
			return node_err(
				at, e, "projects: needs project: IDENTIFIER");
		value = node_get(at, "subprojects");
		if (r == 0 && value != NULL)
			r = node_bool(
				value, "subprojects", &out->subprojects, e);
	}
	if (r == 0)
		r = node_string(name, "project", &text, e);
	if (r == 0)
		out->name = arena_str(&c->arena, text);
	return r;
}

static int read_projects(struct config *c, const struct node *at, struct err *e)
{
	int r = 0;

	if (at->type == NODE_SCALAR && str_is(at->text, "*")) {
		c->all_projects = true;
		return 0;
	}
	if (at->type != NODE_LIST || at->n == 0)
		return node_err(at, e,
			"projects: is a list of project identifiers, [ccm], "
			"or '*' for all that the key sees");
	c->projects = ARENA_ARRAY(&c->arena, struct config_project, at->n);
	for (size_t i = 0; r == 0 && i < at->n; i++)
		r = read_project(
			c, &at->items[i], &c->projects[c->n_projects++], e);
	return r;
}

/* --- store:, schedule:, guard:, commit:, log:, status:, control:--------------
 */

static int read_store(struct config *c, const struct node *at, struct err *e)
{
	static const struct key keys[] = {
		KEY("path", KIND_STRING, store_path),
		KEY("branch", KIND_STRING, branch),
		KEY("bare", KIND_BOOL, bare),
		KEY("consolidate", KIND_DURATION, consolidate),
	};
	static const char *const more[] = {"push"};
	const struct node *value;
	int r;

	c->push.branch = c->branch;
	if (at->type == NODE_SCALAR)
		return read_key(c, &keys[0], at, e);
	r = read_section(c, at,
		&(struct section){
			"store", keys, ARRAY_LEN(keys), more, ARRAY_LEN(more)},
		e);
	if (r == 0 && (value = node_get(at, "push")) != NULL)
		r = config_read_push(&c->arena, value, c->branch, &c->push, e);
	if (r == 0 && c->store_path == NULL)
		return node_err(at, e, "store: needs path: FOLDER");
	return r;
}

/* "01:30" at p, in microseconds of the day. */
static bool read_clock(const char *p, int64_t *out)
{
	int64_t n[2];

	for (int i = 0; i < 2; i++, p += 3) {
		if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
			return false;
		n[i] = (p[0] - '0') * 10 + (p[1] - '0');
	}
	*out = (n[0] * 60 + n[1]) * 60 * SECONDS;
	return p[-4] == ':' && n[1] < 60 && *out <= DAYS;
}

/* "01:00-05:00" */
static int read_between(struct config *c, const struct node *at, struct err *e)
{
	const char *p = at->text.p;

	if (at->type != NODE_SCALAR || at->text.n != 11 || p[5] != '-' ||
		!read_clock(p, &c->full_from) ||
		!read_clock(p + 6, &c->full_to))
		return node_err(
			at, e, "between: is a part of the day, as 01:00-05:00");
	return 0;
}

static int read_full(struct config *c, const struct node *at, struct err *e)
{
	static const struct key keys[] = {
		KEY("every", KIND_DURATION, full_every),
		KEY("newest_first", KIND_BOOL, newest_first),
	};
	static const char *const more[] = {"between"};
	const struct node *between;
	int r = read_section(c, at,
		&(struct section){
			"full", keys, ARRAY_LEN(keys), more, ARRAY_LEN(more)},
		e);

	between = r == 0 ? node_get(at, "between") : NULL;
	return between != NULL ? read_between(c, between, e) : r;
}

static int read_schedule(struct config *c, const struct node *at, struct err *e)
{
	static const struct key keys[] = {
		KEY("poll", KIND_DURATION, poll),
		KEY("overlap", KIND_DURATION, overlap),
		KEY("reconcile", KIND_DURATION, reconcile),
	};
	static const char *const more[] = {"full"};
	const struct node *full;
	int r = read_section(c, at,
		&(struct section){"schedule", keys, ARRAY_LEN(keys), more,
			ARRAY_LEN(more)},
		e);

	full = r == 0 ? node_get(at, "full") : NULL;
	if (full != NULL)
		r = read_full(c, full, e);
	if (r == 0 && c->poll < SECONDS)
		return node_err(at, e, "schedule: poll is at least 1s");
	return r;
}

/* share and count of what the guard lets through. */
static int read_limit(
	const struct node *at, double *share, int64_t *count, struct err *e)
{
	const struct node *value = node_get(at, "share");
	int r = value != NULL ? read_share(value, share, e) : 0;

	value = node_get(at, "count");
	if (r == 0 && value != NULL)
		r = node_int(value, "count", 0, INT64_MAX, count, e);
	return r;
}

static int read_guard(struct config *c, const struct node *at, struct err *e)
{
	static const char *const names[] = {"max_delete", "max_change"};
	static const struct key keys[] = {
		KEY("within", KIND_DURATION, guard_within),
	};
	static const char *const more[] = {"share", "count"};
	const struct node *max;
	int r = node_keys(at, "guard", names, ARRAY_LEN(names), e);

	max = r == 0 ? node_get(at, "max_delete") : NULL;
	if (max != NULL)
		r = read_section(c, max,
			&(struct section){"max_delete", keys, ARRAY_LEN(keys),
				more, ARRAY_LEN(more)},
			e);
	if (r == 0 && max != NULL)
		r = read_limit(max, &c->guard_share, &c->guard_count, e);
	max = r == 0 ? node_get(at, "max_change") : NULL;
	if (max != NULL)
		r = node_keys(max, "max_change", more, ARRAY_LEN(more), e);
	if (r == 0 && max != NULL)
		r = read_limit(max, &c->change_share, &c->change_count, e);
	return r;
}

static int read_commit(struct config *c, const struct node *at, struct err *e)
{
	static const struct key keys[] = {
		KEY("name", KIND_STRING, author_name),
		KEY("email", KIND_STRING, author_email),
	};
	static const char *const more[] = {"by"};
	const struct node *by =
		at->type == NODE_MAP ? node_get(at, "by") : NULL;
	struct str text;
	int r = read_section(c, at,
		&(struct section){
			"commit", keys, ARRAY_LEN(keys), more, ARRAY_LEN(more)},
		e);

	if (r == 0 && by != NULL)
		r = node_string(by, "by", &text, e);
	if (r != 0 || by == NULL)
		return r;
	c->commit_each = str_is(text, "work-package");
	if (!c->commit_each && !str_is(text, "pass"))
		return node_err(by, e, "by: is pass or work-package");
	return 0;
}

static int read_log(struct config *c, const struct node *at, struct err *e)
{
	static const struct key keys[] = {
		KEY("keep", KIND_DURATION, keep_log),
		KEY("max_size", KIND_SIZE, max_log),
	};

	return read_section(c, at,
		&(struct section){"log", keys, ARRAY_LEN(keys), NULL, 0}, e);
}

static int read_status(struct config *c, const struct node *at, struct err *e)
{
	static const struct key keys[] = {
		KEY("textfile", KIND_STRING, textfile),
		KEY("fault_after", KIND_DURATION, fault_after),
	};

	return read_section(c, at,
		&(struct section){"status", keys, ARRAY_LEN(keys), NULL, 0}, e);
}

static int read_control(struct config *c, const struct node *at, struct err *e)
{
	static const char *const more[] = {"readers"};
	static const struct key keys[] = {
		KEY("socket", KIND_STRING, socket),
	};
	const struct node *readers;
	struct str word = STR("group");
	int r = read_section(c, at,
		&(struct section){"control", keys, ARRAY_LEN(keys), more,
			ARRAY_LEN(more)},
		e);

	readers = r == 0 ? node_get(at, "readers") : NULL;
	if (readers != NULL)
		r = node_string(readers, "readers", &word, e);
	if (r == 0 && !str_is(word, "group") && !str_is(word, "all"))
		r = node_err(readers, e, "readers: is group, or all");
	c->all_read = str_is(word, "all");
	return r;
}

/* --- The whole ---------------------------------------------------------- */

static int read_hooks(struct config *c, const struct node *at, struct err *e)
{
	return config_read_hooks(&c->arena, at, &c->hooks, e);
}

static const struct {
	const char *name;
	int (*read)(struct config *c, const struct node *at, struct err *e);
	bool required;
} sections[] = {
	{"server", read_server, true},
	{"projects", read_projects, true},
	{"store", read_store, true},
	{"schedule", read_schedule, false},
	{"guard", read_guard, false},
	{"commit", read_commit, false},
	{"log", read_log, false},
	{"status", read_status, false},
	{"control", read_control, false},
	{"hooks", read_hooks, false},
};

static int check_keys(const struct node *root, struct err *e)
{
	const char *names[MAX_KEYS + ARRAY_LEN(sections)];
	size_t n_program;
	const char *const *program = program_keys(&n_program);
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		names[n++] = sections[i].name;
	for (size_t i = 0; i < n_program && n < ARRAY_LEN(names); i++)
		names[n++] = program[i];
	return node_keys(root, "the configuration", names, n, e);
}

static int read_root(struct config *c, const struct node *root, struct err *e)
{
	int r = check_keys(root, e);

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(sections); i++) {
		const struct node *at = node_get(root, sections[i].name);

		if (at != NULL)
			r = sections[i].read(c, at, e);
		else if (sections[i].required)
			r = err_set(e, ERR_CONFIG, "%s: %s: is missing",
				c->file, sections[i].name);
	}
	return r == 0 ? program_compile(root, &c->program, e) : r;
}

/* opsync.yaml in any folder is the instance opsync. */
static const char *instance_of(struct arena *arena, const char *file)
{
	const char *slash = strrchr(file, '/');
	struct str name = str_of(slash != NULL ? slash + 1 : file);

	if (str_ends(name, STR(".yaml")))
		name.n -= strlen(".yaml");
	else if (str_ends(name, STR(".yml")))
		name.n -= strlen(".yml");
	return arena_str(arena, name).p;
}

void config_defaults(struct config *out, const char *file)
{
	*out = (struct config){
		.max_requests = 2,
		.max_tries = 5,
		.connect_timeout = 15 * SECONDS,
		.stall_timeout = 60 * SECONDS,
		.max_retry_after = 300 * SECONDS,
		.branch = "main",
		.consolidate = 6 * HOURS,
		.hooks = {.settle = 5 * SECONDS},
		.poll = 30 * SECONDS,
		.overlap = 60 * SECONDS,
		.reconcile = HOURS,
		.full_every = DAYS,
		.full_from = HOURS,
		.full_to = 5 * HOURS,
		.share = 0.25,
		.guard_share = 0.1,
		.guard_count = 100,
		.guard_within = DAYS,
		.change_share = 0.1,
		.change_count = 1000,
		.keep_log = 90 * DAYS,
		.max_log = INT64_C(64) * 1024 * 1024,
		.fault_after = HOURS,
		.author_name = "opsync",
		.author_email = "opsync@localhost",
	};
	out->file = arena_str(&out->arena, str_of(file)).p;
	out->instance = instance_of(&out->arena, file);
}

int config_load(const char *file, struct config *out, struct err *e)
{
	struct node root = {0};
	int r;

	config_defaults(out, file);
	r = tree_load(&out->arena, out->file, &root, e);
	return r == 0 ? read_root(out, &root, e) : r;
}

void config_fini(struct config *c)
{
	program_free(c->program);
	arena_fini(&c->arena);
	*c = (struct config){0};
}

void config_rehearse(struct config *c, const char *folder)
{
	c->rehearsal = true;
	c->store_path = arena_str(&c->arena, str_of(folder)).p;
	c->bare = true;
	c->push.remote = NULL;
	c->hooks.n = 0;
	c->textfile = NULL;
	c->socket = NULL;
	c->guard_share = c->change_share = 1e9;
	c->guard_count = c->change_count = INT64_MAX;
}

/* A file of the instance's in the runtime folder: alone there, or not. */
static char *in_runtime_folder(
	const struct config *c, const char *alone, const char *tail)
{
	const char *folder = getenv("RUNTIME_DIRECTORY");

	if (c->rehearsal)
		return xasprintf("%s/opsync/%s", c->store_path, alone);
	if (folder != NULL)
		return xasprintf("%s/%s", folder, alone);
	folder = getenv("XDG_RUNTIME_DIR");
	if (folder != NULL)
		return xasprintf("%s/opsync-%s%s", folder, c->instance, tail);
	if (geteuid() == 0)
		return xasprintf("/run/opsync-%s%s", c->instance, tail);
	return xasprintf(
		"%s/%sopsync/%s", c->store_path, c->bare ? "" : ".git/", alone);
}

char *config_socket(const struct config *c)
{
	if (c->socket != NULL)
		return xstrdup(c->socket);
	return in_runtime_folder(c, "control.sock", ".sock");
}

char *config_head(const struct config *c)
{
	return in_runtime_folder(c, "head", ".head");
}
