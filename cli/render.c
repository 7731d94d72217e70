/*
 * render - the document of one work package on standard output.
 *
 * Nothing is written.  What the mapping needs and is not here is an error that
 * says how to give it.
 */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/subject.h"
#include "cli/term.h"
#include "content/program.h"
#include "daemon/report.h"

static int complain_comments(const struct subject *s, struct err *e)
{
	if (s->state != NULL)
		return err_set(e, ERR_DATA,
			"%s: the mapping needs the comments, which are not "
			"here: opsync diff %s asks for them",
			s->what, s->what);
	return err_set(e, ERR_DATA,
		"%s: the mapping needs the comments, which are not here: the "
		"file has them as activities in _embedded, with what the link "
		"activities leads to",
		s->what);
}

static int complain_needs(
	const struct subject *s, const struct rendered *rendered, struct err *e)
{
	const struct attachment *a =
		rendered->n_needs > 0
			? work_package_attachment(&s->wp, rendered->needs[0])
			: NULL;

	if (rendered->needs_list)
		return err_set(e, ERR_DATA,
			"%s: the mapping needs the list of attachments, which "
			"is not here",
			s->what);
	if (rendered->needs_comments)
		return complain_comments(s, e);
	return err_set(e, ERR_DATA,
		"%s: the mapping needs the contents of attachment %lld "
		"(%.*s): --attachments DIR with a file %lld or of that name",
		s->what, (long long)(a != NULL ? a->id : 0),
		STR_ARGS(a != NULL ? a->file_name : STR_NONE),
		(long long)(a != NULL ? a->id : 0));
}

/* As it is: nothing is masked for a program. */
static void print_json(const struct subject *s, const struct rendering *one)
{
	struct buf line = {0};

	report_open(&line, NULL, '{');
	report_int(&line, "id", s->wp.id);
	report_text(&line, "entry", str_of(one->entry));
	report_text(&line, "path", str_of(one->document.natural_path));
	report_text(&line, "text", buf_str(&one->document.text));
	buf_puts(&line, "}\n");
	fwrite(buf_str(&line).p, 1, line.n, stdout);
	buf_fini(&line);
}

static int print(const struct subject *s, const struct rendered *rendered,
	bool json, struct err *e)
{
	const struct err *bad = &rendered->match_err;

	for (size_t i = 0; i < rendered->n; i++) {
		const struct rendering *one = &rendered->items[i];

		if (one->err.code != 0) {
			bad = &one->err;
			continue;
		}
		if (json)
			print_json(s, one);
		else
			term_write(buf_str(&one->document.text).p,
				one->document.text.n);
	}
	if (bad->code != 0) {
		*e = *bad;
		return err_prefix(e, "%s", s->what);
	}
	if (rendered->n == 0)
		return err_set(e, ERR_DATA,
			"%s: no entry of documents: fits work package %lld",
			s->what, (long long)s->wp.id);
	return 0;
}

static int render(struct subject *s, bool json, struct err *e)
{
	struct rendered rendered = {0};
	int rc = program_render(
		s->config.program, &s->wp, NULL, &s->arena, &rendered);

	if (rc == ERR_NEED)
		rc = complain_needs(s, &rendered, e);
	else
		rc = print(s, &rendered, json, e);
	rendered_fini(&rendered);
	return rc;
}

int cli_render(struct cli *cli, struct err *e)
{
	struct subject s = {0};
	int rc = subject_parse(&s, cli, 0, e);

	if (rc == 0)
		rc = subject_load(&s, cli, e);
	if (rc == 0)
		rc = render(&s, cli->json, e);
	subject_fini(&s);
	return rc;
}
