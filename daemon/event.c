/*
 * event - a line of the sync log is also told to the journal.
 */
#include "daemon/event.h"

#include "base/stamp.h"
#include "daemon/log.h"

void event_log(const struct state_event *event, const char *kind)
{
	const struct log_about about = {
		.kind = kind,
		.run = event->run,
		.work_package = event->work_package,
		.project = event->project,
		.path = event->path,
	};

	const char *colon = event->path.n > 0 ? ": " : "";

	if (event->work_package != 0)
		log_send(event->level, &about, "work package %lld: %.*s%s%.*s",
			(long long)event->work_package, STR_ARGS(event->text),
			colon, STR_ARGS(event->path));
	else
		log_send(event->level, &about, "%.*s%s%.*s",
			STR_ARGS(event->text), colon, STR_ARGS(event->path));
}

static struct state_event event_now(
	enum log_level level, const char *kind, const char *text)
{
	return (struct state_event){
		.at = stamp_now(),
		.level = level,
		.kind = str_of(kind),
		.text = str_of(text),
	};
}

void event_say(enum log_level level, const char *kind, const char *text)
{
	const struct state_event event = event_now(level, kind, text);

	event_log(&event, kind);
}

int event_add(struct state *s, enum log_level level, const char *kind,
	const char *text, struct err *e)
{
	const struct state_event event = event_now(level, kind, text);

	return state_event_add(s, &event, e);
}

int event_happened(struct state *s, enum log_level level, const char *kind,
	const char *text, struct err *e)
{
	event_say(level, kind, text);
	return event_add(s, level, kind, text, e);
}
