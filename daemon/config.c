/*
 * config - one YAML file, strictly checked, as a struct.
 *
 * The file is a map of sections.  Those that have more to them than a table
 * of keys are read in files of their own (config_parts.h), and what belongs to
 * the mapping in content/program.
 */
#include "daemon/config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/util.h"
#include "daemon/config_parts.h"

/* --- Sections that are little more than their keys ----------------------- */

static int read_store(struct config *c, const struct node *at, struct err *e)
{
	static const struct config_key keys[] = {
		KEY("path", KIND_PATH, store_path),
		KEY("branch", KIND_BRANCH, branch),
		KEY("bare", KIND_BOOL, bare),
		KEY("consolidate", KIND_DURATION, consolidate),
		KEY_OWN("push",
			config_read_push), /* behind branch, its default */
	};
	int r;

	if (at->type == NODE_SCALAR)
		return config_read_key(c, &keys[0], at, e);
	r = config_read_section(c, at, "store", keys, ARRAY_LEN(keys), e);
	if (r == 0 && c->store_path == NULL)
		return node_err(at, e, "store: needs path: FOLDER");
	return r;
}

static const struct config_key delete_keys[] = {
	KEY("within", KIND_DURATION, guard_within),
	KEY("share", KIND_SHARE, guard_share),
	KEY("count", KIND_COUNT, guard_count),
};

static const struct config_key change_keys[] = {
	KEY("share", KIND_SHARE, change_share),
	KEY("count", KIND_COUNT, change_count),
};

static const struct config_key guard_keys[] = {
	KEY_SECTION("max_delete", delete_keys),
	KEY_SECTION("max_change", change_keys),
};

static const struct config_key commit_keys[] = {
	KEY("name", KIND_AUTHOR, author_name),
	KEY("email", KIND_AUTHOR, author_email),
	KEY_CHOICE("by", "pass", "work-package", commit_each),
	KEY_CHOICE("author", "daemon", "last-editor", last_editor),
};

static const struct config_key log_keys[] = {
	KEY("keep", KIND_DURATION, keep_log),
	KEY("max_size", KIND_SIZE, max_log),
};

static const struct config_key status_keys[] = {
	KEY("textfile", KIND_STRING, textfile),
	KEY("fault_after", KIND_DURATION, fault_after),
};

static int read_readers(struct config *c, const struct node *at, struct err *e)
{
	struct str word;
	int r = node_string(at, "readers", &word, e);

	if (r == 0 && !str_is(word, "group") && !str_is(word, "all"))
		r = node_err(at, e, "readers: is group, or all");
	c->all_read = r == 0 && str_is(word, "all");
	return r;
}

static int read_socket(struct config *c, const struct node *at, struct err *e)
{
	static const struct config_key key = KEY("socket", KIND_STRING, socket);
	const size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	int r = config_read_key(c, &key, at, e);

	if (r == 0 && strlen(c->socket) > most)
		r = node_err(at, e,
			"control.socket: a socket's path has at most %zu bytes",
			most);
	return r;
}

static const struct config_key control_keys[] = {
	KEY_OWN("socket", read_socket),
	KEY_OWN("readers", read_readers),
};

/* --- The whole ----------------------------------------------------------- */

static const struct config_key sections[] = {
	KEY_OWN("server", config_read_server),
	KEY_OWN("projects", config_read_projects),
	KEY_OWN("store", read_store),
	KEY_OWN("schedule", config_read_schedule),
	KEY_SECTION("guard", guard_keys),
	KEY_SECTION("commit", commit_keys),
	KEY_SECTION("log", log_keys),
	KEY_SECTION("status", status_keys),
	KEY_SECTION("control", control_keys),
	KEY_OWN("hooks", config_read_hooks),
};

#define N_REQUIRED 3 /* of them, the first */

static int check_keys(const struct node *root, struct err *e)
{
	const char *names[CONFIG_MAX_KEYS + ARRAY_LEN(sections)];
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
			r = config_read_key(c, &sections[i], at, e);
		else if (i < N_REQUIRED)
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

void config_free(struct config *c)
{
	if (c != NULL)
		config_fini(c);
	free(c);
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
}

char *config_socket(const struct config *c)
{
	const char *folder = getenv("RUNTIME_DIRECTORY");

	if (c->socket != NULL)
		return xstrdup(c->socket);
	if (c->rehearsal)
		return xasprintf("%s/opsync/control.sock", c->store_path);
	if (folder != NULL)
		return xasprintf("%s/control.sock", folder);
	folder = getenv("XDG_RUNTIME_DIR");
	if (folder == NULL && geteuid() == 0)
		folder = "/run";
	if (folder != NULL)
		return xasprintf("%s/opsync-%s.sock", folder, c->instance);
	return xasprintf("%s/%sopsync/control.sock", c->store_path,
		c->bare ? "" : ".git/");
}

char *config_head(const struct config *c)
{
	const char *folder = getenv("RUNTIME_DIRECTORY");

	return folder != NULL && !c->rehearsal ? xasprintf("%s/head", folder)
					       : NULL;
}
