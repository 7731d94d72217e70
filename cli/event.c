/*
 * event - a line of the sync log, for people.
 */
#include "cli/event.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

static enum colour colour_of(const json_t *event)
{
	static const struct {
		const char *kind;
		enum colour colour;
	} kinds[] = {
		{"added", GREEN},
		{"changed", YELLOW},
		{"moved", YELLOW},
		{"removed", RED},
		{"held", RED},
		{"committed", CYAN},
		{"pushed", CYAN},
	};
	const char *kind = cli_text(event, "event", "");
	long long level = cli_int(event, "level");

	if (level <= LOG_LEVEL_WARNING)
		return RED;
	if (level >= LOG_LEVEL_DEBUG)
		return DIM;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].colour;
	return PLAIN;
}

/* The kind stands before it already. */
static const char *without_kind(const char *text, const char *kind)
{
	size_t n = strlen(kind);

	if (strncmp(text, kind, n) != 0 || strchr(": ", text[n]) == NULL)
		return text;
	return text + n + strspn(text + n, ": ");
}

void event_print(const struct term *t, const json_t *event)
{
	const char *path = cli_text(event, "path", "");
	long long id = cli_int(event, "work_package");
	long long run = cli_int(event, "run");
	char clock[STAMP_CLOCK];

	printf("%s%s", term_on(t, DIM), cli_clock(event, "at", clock));
	if (run != 0)
		printf("  %5lld", run);
	else
		printf("  %5s", "");
	printf("%s  %s%-9s%s", term_off(t), term_on(t, colour_of(event)),
		cli_text(event, "event", "?"), term_off(t));
	if (id != 0)
		printf("  #%lld", id);
	if (path[0] != '\0')
		printf("  %s", path);
	printf("  %s\n", without_kind(cli_text(event, "text", ""),
				 cli_text(event, "event", "")));
}
