/*
 * service_verify - before a pass that reads everything, all that the store
 * holds is compared with what is recorded; what either finds is told.
 */
#include "daemon/service_parts.h"

#include "daemon/log.h"

void service_tell_findings(struct service *s, const struct buf *findings)
{
	struct str rest = buf_str(findings);
	struct str line;

	while (str_line(&rest, &line)) {
		if (s->control != NULL)
			control_progress(s->control, s->number, line);
		if (s->options.found != NULL)
			s->options.found(s->options.arg, line);
	}
}

static void on_verified(struct verify *v)
{
	struct service *s = container_of(v, struct service, verify);
	bool ended = v->err.code == ERR_CANCELED;

	s->verifying = false;
	s->notify.working = true;
	service_tell_findings(s, &v->findings);
	if (v->mended)
		s->cursor = (struct cursor){0};
	if (ended)
		s->pass.err = v->err;
	else if (v->err.code != 0)
		log_error("%s", v->err.text);
	verify_fini(v);
	service_run_pass(s);
}

void service_verify(struct service *s)
{
	s->notify.working = false; /* git has a limit of its own */
	s->verify.sync = &s->sync;
	verify_start(&s->verify, on_verified);
}
