/*
 * explain - why a work package makes the document that it makes, or none.
 *
 * That a person withdrew it; then each entry of documents: and whether it
 * fits, or with a key what each step of its expressions gives.  What is known
 * is printed before an error ends it.
 */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/subject.h"
#include "cli/term.h"
#include "content/program.h"
#include "store/state_guard.h"

/* One object, with the lines for people. */
static void print_json(
	const struct subject *s, const char *key, const struct buf *text)
{
	json_t *all = json_pack("{s:I, s:s?, s:o}", "id", (json_int_t)s->wp.id,
		"key", key, "lines", cli_lines(text));

	cli_print_json(all);
	json_decref(all);
}

struct withdrawn {
	int64_t id;
	struct buf *out;
};

static int say_withdrawn(void *arg, int64_t id, struct err *e)
{
	const struct withdrawn *w = arg;

	(void)e;
	if (id == w->id)
		buf_printf(w->out,
			"withdrawn by a person (opsync publish %lld brings it "
			"back)\n",
			(long long)id);
	return 0;
}

/* What a person said of it goes before the mapping. */
static int say_all(
	struct subject *s, const char *key, struct buf *out, struct err *e)
{
	struct withdrawn w = {s->wp.id, out};
	int rc = s->state != NULL
			 ? state_withdrawn(s->state, say_withdrawn, &w, e)
			 : 0;

	return rc == 0 ? program_explain(s->config.program, &s->wp,
				 key != NULL ? str_of(key) : STR(""), &s->arena,
				 out, e)
		       : rc;
}

static int explain(struct subject *s, const char *key, bool json, struct err *e)
{
	struct buf text = {0};
	int rc = say_all(s, key, &text, e);

	if (!json)
		term_write(buf_str(&text).p, text.n);
	else if (rc != ERR_USAGE)
		print_json(s, key, &text);
	buf_fini(&text);
	return rc == 0 ? 0 : err_prefix(e, "%s", s->what);
}

int cli_explain(struct cli *cli, struct err *e)
{
	struct subject s = {0};
	const char *key = NULL;
	int rc = subject_parse(&s, cli, 1, e);

	if (rc == 0 && optind < cli->argc)
		key = cli->argv[optind];
	if (rc == 0)
		rc = subject_load(&s, cli, e);
	if (rc == 0)
		rc = explain(&s, key, cli->json, e);
	subject_fini(&s);
	return rc;
}
