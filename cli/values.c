/*
 * values - lines and members of answers, and those of requests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "cli/cli.h"

int cli_each_line(const struct buf *lines,
	void (*fn)(void *arg, const json_t *line), void *arg, struct err *e)
{
	const char *at = lines->n > 0 ? lines->p : "";

	while (*at != '\0') {
		size_t n = strcspn(at, "\n");
		json_t *line = json_loadb(at, n, 0, NULL);

		if (line == NULL)
			return err_set(e, ERR_BUG, "no JSON: %.80s", at);
		fn(arg, line);
		json_decref(line);
		at += n + (at[n] == '\n');
	}
	return 0;
}

void cli_print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_COMPACT);
	putchar('\n');
}

json_t *cli_lines(const struct buf *text)
{
	struct str rest = buf_str(text);
	json_t *lines = json_array();
	struct str line;

	while (str_line(&rest, &line))
		json_array_append_new(lines, json_stringn(line.p, line.n));
	return lines;
}

long long cli_int(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

const char *cli_string(json_t *value, const char *none)
{
	const char *text = json_string_value(value);
	char *clean;

	if (text == NULL)
		return none;
	clean = xstrdup(text);
	str_clean(clean);
	if (strcmp(clean, text) != 0)
		json_string_set_nocheck(value, clean);
	free(clean);
	return json_string_value(value);
}

const char *cli_text(const json_t *object, const char *key, const char *none)
{
	return cli_string(json_object_get(object, key), none);
}

const char *cli_clock(
	const json_t *object, const char *key, char out[STAMP_CLOCK])
{
	return stamp_clock(str_of(cli_text(object, key, NULL)), out);
}

int cli_number(
	const char *text, const char *option, int64_t *out, struct err *e)
{
	long long number;

	if (!str_to_int64(str_of(text), &number) || number <= 0)
		return err_set(e, ERR_USAGE, "%s: '%s' is no number above 0",
			option, text);
	*out = number;
	return 0;
}

int cli_put(json_t *object, const char *key, const char *text,
	const char *option, struct err *e)
{
	json_t *list = json_object_get(object, key);
	json_t *value = json_string(text);

	if (value == NULL)
		return err_set(e, ERR_USAGE, "%s: is no UTF-8", option);
	if (json_is_array(list))
		json_array_append_new(list, value);
	else
		json_object_set_new(object, key, value);
	return 0;
}
