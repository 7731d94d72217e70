/*
 * rehearsal - what a run would change: the dry run.
 *
 *   a shadow of the store --> a pass on it, as the daemon makes it --> what
 *   became different there
 *
 * The guard lets all through, since what it would hold is to be seen, too, and
 * tells of it in the log there.
 */
#include "daemon/rehearsal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/report.h"
#include "daemon/service.h"
#include "store/shadow.h"
#include "store/store.h"

#define PREFIX "opsync-diff-"
#define FRESH 60 /* seconds */

struct telling {
	const struct rehearsal *r;
	char old[SHADOW_ID];
	char new[SHADOW_ID];
	struct state *before; /* of the store; NULL: never synced */
	struct state *after;  /* of the shadow */
};

/* --- Its folder --------------------------------------------------------- */

static const char *tmp_folder(void)
{
	const char *tmp = getenv("TMPDIR");

	return tmp != NULL && tmp[0] == '/' ? tmp : "/tmp";
}

/* As long as it is used, against rehearsal_clear(). */
static int lock_folder(int at, const char *folder)
{
	int fd = openat(
		at, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Another may have been made just now, and be locked soon. */
static bool is_left(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	       time(NULL) - st.st_mtime > FRESH;
}

static void clear(const char *tmp, int at, const char *name)
{
	int fd = lock_folder(at, name);
	char *path;

	if (fd < 0)
		return;
	path = xasprintf("%s/%s", tmp, name);
	if (is_left(fd))
		shadow_remove(path);
	free(path);
	close(fd);
}

void rehearsal_clear(void)
{
	const char *tmp = tmp_folder();
	DIR *all = opendir(tmp);
	struct dirent *one;

	while (all != NULL && (one = readdir(all)) != NULL)
		if (str_starts(str_of(one->d_name), STR(PREFIX)))
			clear(tmp, dirfd(all), one->d_name);
	if (all != NULL)
		closedir(all);
}

int rehearsal_folder(char **out, struct err *e)
{
	char *folder = xasprintf("%s/" PREFIX "XXXXXX", tmp_folder());

	rehearsal_clear();
	if (mkdtemp(folder) != NULL) {
		*out = folder;
		return 0;
	}
	err_errno(e, ERR_IO, errno, "%s", folder);
	free(folder);
	return ERR_IO;
}

/* --- The pass on a shadow ----------------------------------------------- */

/* The configuration, but that nothing outside of the shadow is touched. */
static int shadow_config(
	const struct rehearsal *r, struct config *out, struct err *e)
{
	int rc = config_load(r->config->file, out, e);

	if (rc != 0)
		return rc;
	config_rehearse(out, r->folder);
	if (r->token_file != NULL) {
		out->token_kind = TOKEN_FILE;
		out->token_value = r->token_file;
	}
	return 0;
}

static int run_pass(const struct rehearsal *r, struct err *e)
{
	const struct service_options options = {.once = true, .full = r->full};
	struct config *config = xcalloc(1, sizeof(*config));
	int rc = shadow_config(r, config, e);

	if (rc != 0) {
		config_free(config);
		return rc;
	}
	log_init((enum log_level)0); /* told from the state, if at all */
	rc = service_run(config, &options, e);
	if (rc == ERR_PARTIAL) { /* which are told */
		*e = (struct err){0};
		rc = 0;
	}
	return rc;
}

static int open_before(struct telling *t, struct err *e)
{
	struct buf path = {0};
	int rc = store_state_path(t->r->config->store_path, &path, e);

	if (rc == 0 && access(path.p, F_OK) == 0)
		rc = state_open(path.p, true, &t->before, e);
	if (rc == ERR_NOT_FOUND) {
		*e = (struct err){0};
		rc = 0;
	}
	buf_fini(&path);
	return rc;
}

static int rehearse(struct telling *t, struct err *e)
{
	const struct config *c = t->r->config;
	const char *folder = t->r->folder;
	char *file;
	int rc = shadow_make(c->store_path, c->branch, folder, t->old, e);

	if (rc == 0)
		rc = run_pass(t->r, e);
	if (rc == 0)
		rc = shadow_tip(folder, c->branch, t->new, e);
	if (rc != 0)
		return rc;
	file = xasprintf("%s/opsync/state.db", folder);
	rc = state_open(file, true, &t->after, e);
	free(file);
	return rc == 0 ? open_before(t, e) : rc;
}

/* --- What became different ---------------------------------------------- */

static int64_t owner_of(struct state *state, const char *path)
{
	struct err ignored = {0};
	int64_t id = 0;
	bool found = false;

	if (state == NULL || path == NULL ||
		state_owner(state, str_of(path), &found, &id, &ignored) != 0 ||
		!found)
		return 0;
	return id;
}

static bool is_asked_for(const struct rehearsal *r, int64_t a, int64_t b)
{
	for (size_t i = 0; i < r->n_ids; i++)
		if (r->ids[i] == a || r->ids[i] == b)
			return true;
	return r->n_ids == 0;
}

const char *rehearsal_kind(const struct rehearsal_change *change)
{
	if (change->was == NULL)
		return "added";
	if (change->is == NULL)
		return "removed";
	return strcmp(change->was, change->is) != 0 ? "moved" : "changed";
}

static int on_change(void *arg, const struct shadow_change *c, struct err *e)
{
	const struct telling *t = arg;
	int64_t was = owner_of(t->before, c->was);
	int64_t is = owner_of(t->after, c->is);
	const struct rehearsal_change change = {
		.was = c->was,
		.is = c->is,
		.work_package = is != 0 ? is : was,
		.binary = c->binary,
		.patch = c->patch,
	};

	if (!is_asked_for(t->r, was, is))
		return 0;
	return t->r->changes(t->r->arg, &change, e);
}

static int on_event(void *arg, const struct state_event *event, struct err *e)
{
	const struct telling *t = arg;
	bool fails =
		str_is(event->kind, "failed") ||
		str_is(event->kind, "retried") || /* as it did before */
		(str_is(event->kind, "frozen") && event->work_package != 0);

	(void)e;
	if (str_is(event->kind, "held"))
		t->r->notes(t->r->arg, 0, event->text);
	if (fails &&
		is_asked_for(t->r, event->work_package, event->work_package))
		t->r->notes(t->r->arg, event->work_package, event->text);
	return 0;
}

static int on_run(void *arg, const struct state_run *run, struct err *e)
{
	int64_t *last = arg;

	(void)e;
	*last = run->id;
	return 0;
}

/* 0: there is none. */
static int64_t last_run(struct state *state)
{
	struct err ignored = {0};
	int64_t last = 0;

	if (state != NULL)
		state_runs(state, 1, on_run, &last, &ignored);
	return last;
}

/* Work packages that the pass could not map keep what they have. */
static int tell_notes(struct telling *t, struct err *e)
{
	const struct state_event_query query = {.run = last_run(t->after)};

	if (query.run == last_run(t->before))
		return 0; /* the pass found nothing to do */
	return state_events(t->after, &query, on_event, t, e);
}

/* One that nobody knows did not stay as it is. */
static int check_asked(const struct telling *t, struct err *e)
{
	struct buf shown = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < t->r->n_ids; i++)
		rc = report_show(t->after, t->r->ids[i], STR_NONE, &shown, e);
	buf_fini(&shown);
	return rc;
}

int rehearsal_run(const struct rehearsal *r, struct err *e)
{
	struct telling t = {.r = r};
	int lock = lock_folder(AT_FDCWD, r->folder);
	int rc = rehearse(&t, e);

	if (rc == 0)
		rc = check_asked(&t, e);
	if (rc == 0)
		rc = tell_notes(&t, e);
	if (rc == 0)
		rc = shadow_compare(r->folder, t.old, t.new, on_change, &t, e);
	state_close(t.before);
	state_close(t.after);
	shadow_remove(r->folder);
	if (lock >= 0)
		close(lock);
	return rc;
}
