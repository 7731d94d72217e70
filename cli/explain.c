/*
 * explain - why a work package makes the document that it makes, or none.
 *
 * Each entry of documents: and whether it fits; or with a key, what each step
 * of its expressions gives.  What is known is printed before an error ends it.
 */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/subject.h"
#include "cli/term.h"
#include "content/program.h"

/* One object, with the lines for people. */
static void print_json(
	const struct subject *s, const char *key, const struct buf *text)
{
	json_t *all = json_pack("{s:I, s:s?, s:o}", "id", (json_int_t)s->wp.id,
		"key", key, "lines", cli_lines(text));

	cli_print_json(all);
	json_decref(all);
}

static int explain(struct subject *s, const char *key, bool json, struct err *e)
{
	struct buf text = {0};
	int rc = program_explain(s->config.program, &s->wp,
		key != NULL ? str_of(key) : STR(""), &s->arena, &text, e);

	if (json && rc != ERR_USAGE)
		print_json(s, key, &text);
	else
		term_write(buf_str(&text).p, text.n);
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
