/*
 * Any text as a scalar of the mapping, evaluated for a small work package
 * whose texts are that text too.
 */
#include <stdlib.h>

#include "content/constants.h"
#include "content/evaluate.h"
#include "content/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void evaluate_text(struct arena *arena, struct str text)
{
	struct attachment file = {.id = 1, .file_name = text, .fetched = true};
	struct schema_field field = {
		STR("customField1"), STR("a"), STR("String")};
	struct schema schema = {.n_fields = 1, .fields = &field};
	struct custom_field value = {field.key, value_string(text)};
	struct work_package wp = {.id = 1,
		.subject = text,
		.description_raw = text,
		.description_html = text,
		.schema = &schema,
		.n_fields = 1,
		.fields = &value,
		.attachments_known = true,
		.n_attachments = 1,
		.attachments = &file};
	struct evaluation with = {.arena = arena, .wp = &wp, .zone = "UTC"};
	struct scope scope = {0};
	struct uses uses = {0};
	struct err e = {0};
	struct constants none = {0};
	struct parsing parsing = {arena, &scope, &uses, &e, &none};
	struct node scalar = {.type = NODE_SCALAR,
		.file = "c.yaml",
		.line = 1,
		.column = 1,
		.text = text,
		.raw = text};
	struct expression x;
	struct value v;

	if (expression_scalar(&parsing, &scalar, &x) == 0)
		evaluate_scalar(&with, STR("key"), &x, &v, &e);
	free(with.needs);
	free(scope.items);
	free(uses.fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};

	if (size > 0)
		evaluate_text(&arena, (struct str){(const char *)data, size});
	arena_fini(&arena);
	return 0;
}
