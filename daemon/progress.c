/*
 * progress - a pass in words that programs read, for those who wait for it.
 */
#include "daemon/progress.h"

#include "base/stamp.h"
#include "daemon/report.h"

static void put_counts(
	uint64_t number, const struct mapper_counts *n, struct buf *out)
{
	report_int(out, "pass", (int64_t)number);
	report_int(out, "seen", n->seen);
	report_int(out, "added", n->added);
	report_int(out, "changed", n->changed);
	report_int(out, "removed", n->removed);
	report_int(out, "held", n->held);
	report_int(out, "failed", n->failed);
}

void progress_put(uint64_t number, const struct pass *p, struct buf *out)
{
	struct pass_progress at = pass_progress(p);

	put_counts(number, &p->sync->progress, out);
	report_text(out, "kind", str_of(pass_kind_word(at.kind)));
	report_text(out, "phase", str_of(at.phase));
	report_int(out, "done", at.done);
	report_int(out, "total", at.total);
	report_key(out, "elapsed");
	buf_printf(out, "%.3f",
		(double)(stamp_monotonic() - p->started) /
			(double)STAMP_SECOND);
}

void progress_tell(struct control *c, uint64_t number, const struct pass *p)
{
	struct buf line = {0};

	report_open(&line, NULL, '{');
	report_bool(&line, "progress", true);
	progress_put(number, p, &line);
	buf_putc(&line, '}');
	control_progress(c, number, buf_str(&line));
	buf_fini(&line);
}

/* The last line: of a pass that ended with err. */
static void put_finished(uint64_t number, const struct pass *p,
	const struct err *err, struct buf *out)
{
	report_open(out, NULL, '{');
	report_bool(out, "finished", true);
	put_counts(number, &p->counts, out);
	report_int(out, "run", p->run);
	report_int(out, "result", err->code);
	report_text(out, "commit",
		p->commit[0] != '\0' ? str_of(p->commit) : STR_NONE);
	report_text(
		out, "error", err->code != 0 ? str_of(err->text) : STR_NONE);
	report_open(out, "not_shown", '[');
	for (size_t i = 0; i < p->n_not_shown; i++)
		report_int(out, NULL, p->not_shown[i]);
	buf_puts(out, "]}");
}

void progress_finished(struct control *c, uint64_t number, const struct pass *p)
{
	struct buf line = {0};

	put_finished(number, p, &p->err, &line);
	control_finished(c, number, buf_str(&line));
	buf_fini(&line);
}

void progress_not_begun(
	struct control *c, uint64_t number, const struct err *why)
{
	static const struct pass none;
	struct buf line = {0};

	put_finished(number, &none, why, &line);
	control_finished(c, number, buf_str(&line));
	buf_fini(&line);
}
