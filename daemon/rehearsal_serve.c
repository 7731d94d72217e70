/*
 * rehearsal_serve - the process in which the daemon lets a run be rehearsed
 * for a client (diff.c): it reads the key as the daemon did, and takes neither
 * its loop nor its store.
 */
#include "daemon/rehearsal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "content/utf8.h"

static int print(json_t *line, struct err *e)
{
	int rc = json_dumpf(line, stdout, JSON_COMPACT);

	json_decref(line);
	if (rc != 0 || putchar('\n') == EOF)
		return err_set(e, ERR_IO, "nobody listens any more");
	return 0;
}

static json_t *text_of(struct str text)
{
	struct arena arena = {0};
	struct str valid = utf8_mend(&arena, text);
	json_t *made = json_stringn(valid.p, valid.n);

	arena_fini(&arena);
	return made;
}

json_t *rehearsal_json(const struct rehearsal_change *change)
{
	return json_pack("{s:s, s:I, s:s?, s:s?, s:b, s:o}", "change",
		rehearsal_kind(change), "work_package",
		(json_int_t)change->work_package, "was", change->was, "path",
		change->is, "binary", change->binary, "patch",
		text_of(change->patch));
}

static int on_change(
	void *arg, const struct rehearsal_change *change, struct err *e)
{
	(void)arg;
	return print(rehearsal_json(change), e);
}

static void on_note(void *arg, int64_t work_package, struct str text)
{
	struct err ignored = {0};

	(void)arg;
	print(json_pack("{s:s, s:I, s:o}", "finding",
		      work_package != 0 ? "failed" : "guard", "work_package",
		      (json_int_t)work_package, "text", text_of(text)),
		&ignored);
}

static int run(const struct config *config, const json_t *what, struct err *e)
{
	const json_t *list = json_object_get(what, "work_packages");
	size_t n = json_array_size(list);
	int64_t *ids = xcalloc(n + 1, sizeof(*ids));
	const struct rehearsal r = {
		.config = config,
		.folder = json_string_value(json_object_get(what, "folder")),
		.full = json_is_true(json_object_get(what, "full")),
		.n_ids = n,
		.ids = ids,
		.changes = on_change,
		.notes = on_note,
	};
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		ids[i] = json_integer_value(json_array_get(list, i));
	if (r.folder == NULL)
		rc = err_set(e, ERR_USAGE,
			"--rehearse is for opsyncd itself (opsync diff asks "
			"for it)");
	if (rc == 0)
		rc = rehearsal_run(&r, e);
	free(ids);
	return rc;
}

int rehearsal_serve(const char *config_file)
{
	json_t *what = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL);
	struct config config = {0};
	struct err e = {0};
	int rc;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	unsetenv("NOTIFY_SOCKET"); /* it is the daemon's */
	rc = config_load(config_file, &config, &e);
	if (rc == 0)
		rc = run(&config, what, &e);
	if (fflush(stdout) != 0 && rc == 0)
		rc = err_set(&e, ERR_IO, "nobody listens any more");
	if (rc != 0) {
		json_t *why = json_pack("{s:i, s:o}", "code", rc, "error",
			text_of(str_of(e.text)));

		json_dumpf(why, stderr, JSON_COMPACT);
		json_decref(why);
	}
	json_decref(what);
	config_fini(&config);
	return err_exit_code(rc);
}
