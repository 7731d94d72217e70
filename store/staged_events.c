/*
 * staged_events - events, before they are recorded.
 */
#include "store/staged_events.h"

#include <stdlib.h>

#include "base/util.h"

void staged_events_add(struct staged_events *s, const struct state_event *event)
{
	struct state_event *own;

	s->items = grow(s->items, s->n, &s->cap, sizeof(*s->items));
	own = &s->items[s->n++];
	*own = *event;
	own->kind = arena_str(&s->arena, event->kind);
	own->path = arena_str(&s->arena, event->path);
	own->text = arena_str(&s->arena, event->text);
	own->project = arena_str(&s->arena, event->project);
}

int staged_events_apply(
	const struct staged_events *s, struct state *state, struct err *e)
{
	int code = 0;

	for (size_t i = 0; code == 0 && i < s->n; i++)
		code = state_event_add(state, &s->items[i], e);
	return code;
}

void staged_events_clear(struct staged_events *s)
{
	free(s->items);
	arena_fini(&s->arena);
	*s = (struct staged_events){0};
}
