/*
 * progress - a pass in words that programs read, for those who wait for it.
 */
#include "daemon/progress.h"

#include "base/stamp.h"
#include "daemon/report.h"

static void put_counts(
	uint64_t number, const struct mapper_counts *n, struct buf *out)
{
	buf_printf(out,
		"\"pass\":%llu,\"seen\":%lld,\"added\":%lld,\"changed\":%lld,"
		"\"removed\":%lld,\"held\":%lld,\"failed\":%lld",
		(unsigned long long)number, (long long)n->seen,
		(long long)n->added, (long long)n->changed,
		(long long)n->removed, (long long)n->held,
		(long long)n->failed);
}

void progress_put(uint64_t number, const struct pass *p, struct buf *out)
{
	struct pass_progress at = pass_progress(p);

	put_counts(number, &p->sync->progress, out);
	buf_putc(out, ',');
	report_text(out, "kind", str_of(pass_kind_word(at.kind)));
	buf_putc(out, ',');
	report_text(out, "phase", str_of(at.phase));
	buf_printf(out, ",\"done\":%lld,\"total\":%lld,\"elapsed\":%.3f",
		(long long)at.done, (long long)at.total,
		(double)(stamp_monotonic() - p->started) /
			(double)STAMP_SECOND);
}

void progress_tell(struct control *c, uint64_t number, const struct pass *p)
{
	struct buf line = {0};

	buf_puts(&line, "{\"progress\":true,");
	progress_put(number, p, &line);
	buf_puts(&line, "}");
	control_progress(c, number, buf_str(&line));
	buf_fini(&line);
}

/* The last line: of a pass that ended with err. */
static void put_finished(uint64_t number, const struct pass *p,
	const struct err *err, struct buf *out)
{
	buf_puts(out, "{\"finished\":true,");
	put_counts(number, &p->counts, out);
	buf_printf(out, ",\"run\":%lld,\"result\":%d,", (long long)p->run,
		err->code);
	report_text(out, "commit",
		p->commit[0] != '\0' ? str_of(p->commit) : STR_NONE);
	buf_putc(out, ',');
	report_text(
		out, "error", err->code != 0 ? str_of(err->text) : STR_NONE);
	buf_puts(out, ",\"not_shown\":[");
	for (size_t i = 0; i < p->n_not_shown; i++)
		buf_printf(out, "%s%lld", i > 0 ? "," : "",
			(long long)p->not_shown[i]);
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
