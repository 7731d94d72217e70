#ifndef TESTS_UNIT_CONTENT_EXPRESSION_ROWS_H
#define TESTS_UNIT_CONTENT_EXPRESSION_ROWS_H

/*
 * Rows of an expression (as it stands in quotes, without escapes) and what it
 * gives for one work package: JSON, or an error, when evaluated ("!") or
 * compiled ("?").  Columns count the quote before the scalar.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "content/constants.h"
#include "content/emit.h"
#include "content/evaluate.h"
#include "tests/unit/content/fixture.h"
#include "tests/unit/content/rows.h"

static struct arena arena;
static struct work_package wp;
static size_t steps_before; /* that are spent when an evaluation begins */

static inline int set_up(void **state)
{
	static const struct {
		int64_t id;
		const char *name;
		const char *type;
		const char *format;
	} files[] = {
		{5, "Hero.jpg", "image/jpeg", "JPEG"},
		{6, "b.png", "image/png", NULL},
		{7, "b.png", "image/png", "PNG"},
		{9, "notes.pdf", "application/pdf", ""},
	};

	(void)state;
	wp = fixture_load(&arena, "4");
	wp.status_is_closed = true;
	wp.children = ARENA_ARRAY(&arena, struct link, 2);
	wp.n_children = 2;
	wp.children[0] = (struct link){
		11, STR("/api/v3/work_packages/11"), STR("Child one")};
	wp.children[1] =
		(struct link){0, STR("urn:openproject-org:api:v3:undisclosed"),
			STR("Undisclosed")};
	wp.n_attachments = ARRAY_LEN(files);
	wp.attachments =
		ARENA_ARRAY(&arena, struct attachment, wp.n_attachments);
	for (size_t i = 0; i < wp.n_attachments; i++) {
		struct attachment *a = &wp.attachments[i];

		a->id = files[i].id;
		a->file_name = str_of(files[i].name);
		a->content_type = str_of(files[i].type);
		a->size = 100 * files[i].id;
		if (files[i].format != NULL)
			fixture_fetch(a, files[i].format, 20, 10);
	}
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

/* The result in the notation of the tables; the caller frees it. */
static inline char *result_of(const char *scalar, const struct work_package *of,
	bool in_match, size_t *needs)
{
	struct scope scope = {0};
	struct uses uses = {0};
	struct err e = {0};
	struct buf b = {0};
	struct constants none = {0};
	struct parsing parsing = {&arena, &scope, &uses, &e, &none};
	struct evaluation with = {.arena = &arena,
		.wp = of,
		.zone = "UTC",
		.in_match = in_match,
		.steps = steps_before,
		.start = arena.total};
	struct node node = {.type = NODE_SCALAR,
		.file = "c.yaml",
		.line = 1,
		.column = 2,
		.text = str_of(scalar),
		.raw = str_of(scalar)};
	struct expression x;
	struct value v;

	if (expression_scalar(&parsing, &node, &x) != 0)
		buf_printf(&b, "?%s", e.text);
	else if (evaluate(&with, &x, &v, &e) != 0)
		buf_printf(&b, "!%s", e.text);
	else
		emit_json(&v, &b);
	if (needs != NULL)
		*needs = with.n_needs;
	free(with.needs);
	reads_fini(&with.reads);
	free(scope.items);
	free(uses.fields);
	return buf_take(&b);
}

static inline char *outcome_of(const char *scalar)
{
	return result_of(scalar, &wp, false, NULL);
}

/* What comes of 'a' < 1, wherever it stands. */
#define NO_ORDER                                                               \
	"!text and a number cannot be put in order: only two numbers or two "  \
	"texts can"

#endif
