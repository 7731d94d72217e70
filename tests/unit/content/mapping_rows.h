#ifndef TESTS_UNIT_CONTENT_MAPPING_ROWS_H
#define TESTS_UNIT_CONTENT_MAPPING_ROWS_H

/*
 * Rows of a mapping and what becomes of it, for one work package with
 * attachments: "?" is an error of compiling, "!" one of rendering.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "content/program.h"
#include "tests/unit/content/fixture.h"
#include "tests/unit/content/rows.h"

static struct arena arena;
static struct arena scratch;
static struct work_package wp;

static inline int set_up(void **state)
{
	static const struct {
		int64_t id;
		const char *name;
		const char *type;
	} files[] = {
		{5, "Hero 1.jpg", "image/jpeg"},
		{6, "B.png", "image/png"},
		{7, "b.png", "image/png"},
		{9, "notes.pdf", "application/pdf"},
	};

	(void)state;
	wp = fixture_load(&arena, "4");
	wp.n_attachments = ARRAY_LEN(files);
	wp.attachments =
		ARENA_ARRAY(&arena, struct attachment, wp.n_attachments);
	for (size_t i = 0; i < wp.n_attachments; i++) {
		struct attachment *a = &wp.attachments[i];

		a->id = files[i].id;
		a->file_name = str_of(files[i].name);
		a->content_type = str_of(files[i].type);
		a->href = arena_printf(&arena, "/api/v3/attachments/%d/content",
			(int)files[i].id);
		a->size = 100 * files[i].id;
		fixture_fetch(a, i == 1 ? "JPEG" : "PNG", 20, 10);
	}
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	arena_fini(&scratch);
	return 0;
}

static inline struct program *compile(const char *yaml, struct err *e)
{
	struct program *p = NULL;
	struct node root;

	if (tree_parse(&arena, "c.yaml", str_of(yaml), &root, e) == 0)
		program_compile(&root, &p, e);
	return p;
}

/* The paths, texts, files and errors that a mapping makes. */
static inline char *describe(const char *yaml, const struct work_package *of)
{
	struct err e = {0};
	struct program *p = compile(yaml, &e);
	struct rendered out = {0};
	struct buf b = {0};

	if (p == NULL)
		buf_printf(&b, "?%s", e.text);
	else
		program_render(p, of, NULL, &scratch, &out);
	for (size_t i = 0; i < out.n; i++) {
		const struct rendering *r = &out.items[i];

		if (r->err.code != 0) {
			buf_printf(&b, "!%s\n", r->err.text);
			continue;
		}
		buf_printf(&b, "%s\n%s", r->document.path,
			buf_str(&r->document.text).p);
		for (size_t j = 0; j < r->document.n_files; j++)
			buf_printf(&b, "[%d %s]\n",
				(int)r->document.files[j].attachment_id,
				r->document.files[j].path);
	}
	if (out.match_err.code != 0)
		buf_printf(&b, "match: %s\n", out.match_err.text);
	if (out.needs_list)
		buf_puts(&b, "need the list\n");
	for (size_t i = 0; i < out.n_needs; i++)
		buf_printf(&b, "need %d\n", (int)out.needs[i]);
	rendered_fini(&out);
	program_free(p);
	arena_reset(&scratch);
	return buf_take(&b);
}

static inline void check_with(
	const struct work_package *of, const char *yaml, const char *expected)
{
	char *result = describe(yaml, of);

	assert_string_equal(result, expected);
	free(result);
}

static inline char *outcome_of(const char *yaml)
{
	return describe(yaml, &wp);
}

/* An entry with this front matter, and none of the attachments. */
#define FRONT(lines)                                                           \
	"documents:\n- path: p.md\n  attachments: none\n  "                    \
	"front_matter:\n" lines
#define ENTRY(lines) "documents:\n- path: p.md\n" lines

/* Constants, and a body alone that may use them. */
#define CONSTANTS(lines, body)                                                 \
	"constants:\n" lines                                                   \
	"documents: [{path: p.md, emit: {final_newline: false}, body: '" body  \
	"'}]\n"
/* Those of one project and of all others. */
#define TWO_PROJECTS "  ccm: {a: 1, b: [x]}\n  '*': {a: other, c: {d: true}}\n"

#endif
