/*
 * service_tell - who is told of a pass: journal, monitoring, the service
 * manager, and those who wait for it at the control socket.
 *
 * A failure is logged once while the reason stays the same (log.h).
 */
#include "daemon/service_parts.h"

#include "base/stamp.h"
#include "daemon/log.h"
#include "daemon/progress.h"

void service_tell_progress(struct service *s)
{
	if (s->control != NULL)
		progress_tell(s->control, s->number, &s->pass);
	if (!s->stopping)
		notify_status(&s->notify, "syncing: %lld read, %lld failed",
			(long long)s->sync.progress.seen,
			(long long)s->sync.progress.failed);
}

/* Orders ask the server nothing: that they are done does not mend it. */
static bool is_about_server(const struct pass *p)
{
	return p->kind != PASS_LOCAL;
}

/* The program's last words will be the same. */
static bool ends_with(const struct service *s, const struct pass *p)
{
	return s->options.once || p->err.code == ERR_REPLACED;
}

/* What was not well, by the error of the pass before. */
static const char *words_of_recovery(int code)
{
	switch (code) {
	case ERR_IO:
		return "the store can be written again";
	case ERR_CONFIG:
		return "what was wrong with the configuration is right now";
	default:
		return "the server answers again";
	}
}

static void log_pass(const struct service *s, const struct pass *p)
{
	const struct mapper_counts *n = &p->counts;
	const struct log_about about = {.kind = "run", .run = p->run};
	double seconds =
		(double)(stamp_monotonic() - p->started) / (double)STAMP_SECOND;

	if (p->err.code == ERR_CANCELED) {
		log_send(LOG_LEVEL_NOTICE,
			&(struct log_about){.kind = "canceled", .run = p->run},
			"pass stopped");
	} else if (p->err.code != 0 && !ends_with(s, p)) {
		log_send(LOG_LEVEL_ERROR, &(struct log_about){.run = p->run},
			"%s", p->err.text);
	} else if (p->err.code == 0 && s->last.code != 0 &&
		   s->last.code != ERR_PARTIAL && is_about_server(p)) {
		log_settle();
		log_notice("%s", words_of_recovery(s->last.code));
	}
	if (p->run != 0 && p->err.code == 0)
		log_send(LOG_LEVEL_NOTICE, &about,
			"run %lld: %lld read, %lld added, %lld changed, "
			"%lld removed, %lld failed in %.2f s%s%.10s",
			(long long)p->run, (long long)n->seen,
			(long long)n->added, (long long)n->changed,
			(long long)n->removed, (long long)n->failed, seconds,
			p->commit[0] != '\0' ? ", commit " : "", p->commit);
}

/* What --once ends with: the pass's error, or "some failed". */
static void judge(struct service *s, const struct pass *p)
{
	const struct err before = s->last;

	if (p->err.code == 0 && !is_about_server(p))
		return;
	if (p->err.code != ERR_CANCELED || s->options.once)
		s->last = p->err;
	if (p->err.code != 0 || !s->options.once)
		return;
	if (p->counts.held > 0)
		err_set(&s->last, ERR_PARTIAL,
			"%lld document%s held by the guard (opsync held "
			"lists them)",
			(long long)p->counts.held,
			p->counts.held == 1 ? " is" : "s are");
	else if (p->counts.failed > 0)
		err_set(&s->last, ERR_PARTIAL,
			"%lld work package%s failed (opsync status or opsync "
			"log names %s)",
			(long long)p->counts.failed,
			p->counts.failed == 1 ? "" : "s",
			p->counts.failed == 1 ? "it" : "them");
	else if (before.code == ERR_PARTIAL)
		s->last = before; /* of the reconcile before the poll */
}

static void see_push(struct service *s)
{
	struct monitor *m = &s->monitor;

	m->pushes = s->push != NULL;
	if (m->pushes) {
		m->push_pending = push_pending(s->push);
		m->push_failing = push_fault(s->push)->code != 0;
	}
}

/* True if a fault begins or ends with it. */
static bool watch_over(struct service *s, const struct pass *p)
{
	see_push(s);
	return monitor_pass(&s->monitor, p, s->options.once || s->stopping) !=
	       HEALTH_SAME;
}

void service_tell_push(struct service *s)
{
	see_push(s);
	monitor_flush(&s->monitor);
}

bool service_tell_end(struct service *s, const struct pass *p)
{
	bool turned;

	service_tell_findings(s, &p->findings);
	log_pass(s, p);
	judge(s, p);
	turned = watch_over(s, p);
	if (s->control != NULL)
		progress_finished(s->control, s->number, p);
	return turned;
}
