/*
 * Custom fields: what each kind gives, single and multiple, filled and empty,
 * and where what it led to is gone or hidden; in documents and in conditions.
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

static struct arena arena;
static struct arena scratch;

struct row {
	const char *type;  /* of customField1, called "F" */
	const char *value; /* JSON, as the API gives it */
	const char *gives; /* for cf.F, as JSON; or "!" and what is wrong */
};

/* A work package with one custom field, customField1. */
static struct work_package one_field(const char *name, const char *type,
	const char *value, struct schema *schema, struct schema_field *fields,
	struct custom_field *values)
{
	struct work_package wp = {.id = 4,
		.project = {.id = 1},
		.type = {.id = 2},
		.schema = schema};
	json_error_t error;
	json_t *json = json_loads(value, JSON_DECODE_ANY, &error);

	assert_non_null(json);
	fields[0] = (struct schema_field){
		STR("customField1"), str_of(name), str_of(type)};
	values[0].key = STR("customField1");
	values[0].value = fixture_value(&arena, json);
	json_decref(json);
	*schema = (struct schema){.n_fields = 1, .fields = fields};
	wp.n_fields = 1;
	wp.fields = values;
	return wp;
}

/* The body of the document, "!…" what is wrong, or "-" if there is none. */
static char *render(const char *yaml, const struct work_package *wp)
{
	struct program *p = fixture_compile(&arena, yaml);
	struct rendered r;
	struct buf out = {0};

	arena_reset(&scratch);
	assert_int_equal(program_render(p, wp, NULL, &scratch, &r), 0);
	if (r.match_err.code != 0)
		buf_printf(&out, "!%s", r.match_err.text);
	else if (r.n == 0)
		buf_puts(&out, "-");
	else if (r.items[0].err.code != 0)
		buf_printf(&out, "!%s", r.items[0].err.text);
	else
		buf_add_str(&out, buf_str(&r.items[0].document.text));
	buf_putc(&out, '\0');
	rendered_fini(&r);
	program_free(p);
	return out.p;
}

static void check(
	const char *yaml, const struct work_package *wp, const char *wanted)
{
	char *got = render(yaml, wp);

	if (strcmp(got, wanted) != 0)
		fail_msg("%s\ngave %s\nnot  %s", yaml, got, wanted);
	free(got);
}

#define BODY(text)                                                             \
	"documents: [{path: p.md, emit: {final_newline: false}, body: '" text  \
	"'}]"
#define WHERE(text)                                                            \
	"documents: [{path: p.md, match: {where: '${ " text " }'}, emit: "     \
	"{final_newline: false}, body: fits}]"

#define LINK(thing, id, title)                                                 \
	"{\"href\":\"/api/v3/" thing "/" id "\",\"title\":\"" title "\"}"
#define NOWHERE "{\"href\":null,\"title\":null}"
#define HIDDEN                                                                 \
	"{\"href\":\"urn:openproject-org:api:v3:undisclosed\",\"title\":"      \
	"\"Undisclosed\"}"
#define LONG "{\"format\":\"markdown\",\"raw\":\"*a*\",\"html\":\"<p>a\"}"
#define EMPTY "{\"format\":\"markdown\",\"raw\":\"\",\"html\":\"\"}"
#define ITEM "CustomField::Hierarchy::Item"

static const struct row kinds[] = {
	{"String", "\"a \\\"b\\\" é\"", "\"a \\\"b\\\" é\""},
	{"String", "\"\"", "\"\""},
	{"String", "null", "null"},
	{"Link", "\"https://example.org/?a=b#c\"",
		"\"https://example.org/?a=b#c\""},
	{"Link", "null", "null"},
	{"Formattable", LONG, "\"*a*\""},
	{"Formattable", EMPTY, "\"\""},
	{"Formattable", "null", "null"},
	{"Integer", "-42", "-42"},
	{"Integer", "0", "0"},
	{"Integer", "123456789012345678", "123456789012345678"},
	{"Integer", "null", "null"},
	{"Float", "0.5", "0.5"},
	{"Float", "null", "null"},
	{"Boolean", "true", "true"},
	{"Boolean", "false", "false"},
	{"Boolean", "null", "null"},
	{"Date", "\"2024-02-29\"", "\"2024-02-29\""},
	{"Date", "null", "null"},

	{"CustomOption", LINK("custom_options", "2", "Beta"), "\"Beta\""},
	{"CustomOption", NOWHERE, "null"},
	{"CustomOption", "null", "null"},
	{"CustomOption", LINK("custom_options", "7", "7 not found"), "null"},
	{"CustomOption", LINK("custom_options", "7", "8 not found"),
		"\"8 not found\""},
	{"CustomOption", LINK("custom_options", "7", "7 wonders"),
		"\"7 wonders\""},
	{"CustomOption", HIDDEN, "null"},
	{"[]CustomOption",
		"[" LINK("custom_options", "4", "Foo") "," LINK(
			"custom_options", "6", "Baz, with comma") "]",
		"[\"Foo\",\"Baz, with comma\"]"},
	{"[]CustomOption", "[]", "[]"},
	{"[]CustomOption", "null", "[]"},
	{"[]CustomOption", NOWHERE, "[]"},
	{"[]CustomOption", LINK("custom_options", "4", "Foo"), "[\"Foo\"]"},
	{"[]CustomOption",
		"[" LINK("custom_options", "7", "7 not found") "," LINK(
			"custom_options", "4", "Foo") "," HIDDEN "]",
		"[\"Foo\"]"},
	{"CustomOption", "[" LINK("custom_options", "4", "Foo") "]",
		"[\"Foo\"]"},

	{"User", LINK("users", "8", "Ada"), "{\"id\":8,\"name\":\"Ada\"}"},
	{"User", LINK("groups", "9", "Team"), "{\"id\":9,\"name\":\"Team\"}"},
	{"User", LINK("placeholder_users", "3", "Somebody"),
		"{\"id\":3,\"name\":\"Somebody\"}"},
	{"User", NOWHERE, "null"},
	{"User", HIDDEN, "null"},
	{"User", LINK("users", "8", "8 not found"), "null"},
	{"User", LINK("users", "8", "Deleted user"),
		"{\"id\":8,\"name\":\"Deleted user\"}"},
	/* E-mail addresses are never written. */
	{"User", LINK("users", "8", "ada@example.org"),
		"{\"id\":8,\"name\":null}"},
	{"User", LINK("users", "8", "Ada @ home"),
		"{\"id\":8,\"name\":\"Ada @ home\"}"},
	{"Version", LINK("versions", "8", "v1@prod"),
		"{\"id\":8,\"name\":\"v1@prod\"}"},
	{"User", "{\"href\":\"/api/v3/users/8\"}", "{\"id\":8,\"name\":null}"},
	{"[]User",
		"[" LINK("users", "8", "Ada") "," HIDDEN
					      "," LINK("users", "9", "Bob") "]",
		"[{\"id\":8,\"name\":\"Ada\"},{\"id\":9,\"name\":\"Bob\"}]"},
	{"[]User", "[]", "[]"},

	{"Version", LINK("versions", "1", "v1.0"),
		"{\"id\":1,\"name\":\"v1.0\"}"},
	{"Version", NOWHERE, "null"},
	{"[]Version",
		"[" LINK("versions", "1", "v1.0") "," LINK(
			"versions", "2", "2 not found") "]",
		"[{\"id\":1,\"name\":\"v1.0\"}]"},

	{ITEM, LINK("custom_field_items", "5", "Europe / Norway"),
		"\"Europe / Norway\""},
	{ITEM, NOWHERE, "null"},
	{"[]" ITEM,
		"[" LINK("custom_field_items", "5", "Norway") "," LINK(
			"custom_field_items", "6", "6 not found") "]",
		"[\"Norway\"]"},
	{"[]" ITEM, "[]", "[]"},

	/* What no version of the server is known to send. */
	{"Something", "{\"a\":1}", "null"},
	{"Something", "[1,\"a\"]", "[1,\"a\"]"},
};

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct schema_field field;
		struct schema schema;
		struct custom_field value;
		struct work_package wp = one_field("F", kinds[i].type,
			kinds[i].value, &schema, &field, &value);
		char wanted[256];

		snprintf(wanted, sizeof(wanted), "[%s]", kinds[i].gives);
		check(BODY("${ [cf.F] | to_json }"), &wp, wanted);
	}
}

/* Numbers keep the server's digits; floats are written with a point. */
static void test_digits(void **state)
{
	static const char *const rows[][2] = {{"1e-07", "1.0e-07"},
		{"1E+400", "1.0e+400"},
		{"123456789012345678901234567890",
			"123456789012345678901234567890"},
		{"0.10", "0.10"}, {"-0", "-0"}, {"1.0", "1.0"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct schema_field field;
		struct schema schema;
		struct custom_field value;
		struct work_package wp =
			one_field("F", "Float", "0", &schema, &field, &value);
		char wanted[80];

		value.value = value_number(str_of(rows[i][0]));
		snprintf(wanted, sizeof(wanted), "---\nf: %s\n---\n",
			rows[i][1]);
		check("documents: [{path: p.md, front_matter: {f: '${ cf.F "
		      "}'}}]",
			&wp, wanted);
	}
}

static void test_forms(void **state)
{
	struct schema_field field;
	struct schema schema;
	struct custom_field value;
	struct work_package wp =
		one_field("F", "Formattable", LONG, &schema, &field, &value);

	(void)state;
	check(BODY("${ cf.F.raw } ${ cf.F.html }"), &wp, "*a* <p>a");
	wp = one_field("F", "String", "\"a\"", &schema, &field, &value);
	check(BODY("${ cf.F.html }"), &wp,
		"!body: ${ cf.F.html }: the custom field 'F' is no long text, "
		"so it has no html");
	check(BODY("${ cf.F.raw }"), &wp, "a");
	wp = one_field("F", "String", "null", &schema, &field, &value);
	check(BODY("${ [cf.F.html] | to_json }"), &wp, "[null]");
}

/* Names are anybody's: quotes, brackets, our own marks. */
static void test_names(void **state)
{
	static const struct {
		const char *name;
		const char *written;
	} rows[] = {
		{"Any Name", "cf[\"Any Name\"]"},
		{"Any Name", "cf[''Any Name'']"}, /* in YAML's quotes */
		{"a \"b\" c", "cf[\"a \\\"b\\\" c\"]"},
		{"it's", "cf[\"it''s\"]"},
		{"back\\slash", "cf[\"back\\\\slash\"]"},
		{"${ id }", "cf[\"$${ id }\"]"},
		{"x | y ?? z", "cf[\"x | y ?? z\"]"},
		{"größe 東 😀", "cf[\"größe 東 😀\"]"},
		{"größe", "cf[\"gr\\u00f6\\u00dfe\"]"},
		{"a: b #c", "cf[\"a: b #c\"]"}, {"]", "cf[\"]\"]"},
		{"id", "cf.id"}, {"html", "cf.html"},
		{" blank ", "cf[\" blank \"]"}, {"1", "cf[\"1\"]"},
		{"customField1", "cf.customField1"},
		{"F", "cf.customField1"}, /* the way out, see below */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct schema_field field;
		struct schema schema;
		struct custom_field value;
		struct work_package wp = one_field(rows[i].name, "String",
			"\"yes\"", &schema, &field, &value);
		char yaml[256];

		snprintf(yaml, sizeof(yaml), BODY("${ %s }"), rows[i].written);
		check(yaml, &wp, "yes");
	}
}

static void test_two_of_one_name(void **state)
{
	struct schema_field fields[3];
	struct schema schema;
	struct custom_field values[3];
	struct work_package wp =
		one_field("F", "String", "\"one\"", &schema, fields, values);

	(void)state;
	fields[1] = fields[0];
	fields[1].key = STR("customField7");
	values[1] = (struct custom_field){
		STR("customField7"), value_string(STR("seven"))};
	schema.n_fields = wp.n_fields = 2;
	check(BODY("${ cf.F }"), &wp,
		"!body: ${ cf.F }: two custom fields are called 'F' here: "
		"write cf.customField1 or cf.customField7");
	check(BODY("${ cf.customField1 } ${ cf.customField7 }"), &wp,
		"one seven");
	check(WHERE("cf.F"), &wp,
		"!documents[0]: match.where: ${ cf.F }: two custom fields are "
		"called 'F' here: write cf.customField1 or cf.customField7");
	/* A name goes before a key. */
	fields[2] = (struct schema_field){
		STR("customField9"), STR("customField1"), STR("String")};
	values[2] = (struct custom_field){
		STR("customField9"), value_string(STR("nine"))};
	schema.n_fields = wp.n_fields = 3;
	check(BODY("${ cf.customField1 }"), &wp, "nine");
}

/* The same name is another field in another project or type. */
static void test_by_schema(void **state)
{
	struct schema_field fields[2];
	struct schema schema;
	struct schema other = {.n_fields = 1, .fields = &fields[1]};
	struct custom_field values[2];
	struct work_package wp =
		one_field("F", "String", "\"one\"", &schema, fields, values);

	(void)state;
	fields[1] = (struct schema_field){
		STR("customField7"), STR("F"), STR("String")};
	values[1] = (struct custom_field){
		STR("customField7"), value_string(STR("seven"))};
	wp.n_fields = 2;
	check(BODY("${ cf.F }"), &wp, "one");
	wp.schema = &other;
	check(BODY("${ cf.F }"), &wp, "seven");
}

static void test_not_active(void **state)
{
	struct schema_field field;
	struct schema schema;
	struct custom_field value;
	struct work_package wp =
		one_field("F", "String", "\"a\"", &schema, &field, &value);

	(void)state;
	check(BODY("${ [cf.G, cf.G.html] | to_json }"), &wp, "[null,null]");
	check(WHERE("cf.G"), &wp,
		"!documents[0]: match.where: ${ cf.G }: the custom field 'G' "
		"is not active for the work package's project and type");
}

/* A condition about what the server hides cannot be decided. */
static void test_hidden_in_match(void **state)
{
	struct schema_field field;
	struct schema schema;
	struct custom_field value;
	struct work_package wp =
		one_field("F", "User", HIDDEN, &schema, &field, &value);
	const char *closed = "!documents[0]: match.where: ${ not cf.F }: the "
			     "server does not show 'F' of this work package";

	(void)state;
	check(BODY("${ cf.F.name ?? \"nobody\" }"), &wp, "nobody");
	check(WHERE("not cf.F"), &wp, closed);
	wp = one_field("F", "User", NOWHERE, &schema, &field, &value);
	check(WHERE("not cf.F"), &wp, "fits");
	wp = one_field("F", "[]User", "[" HIDDEN "]", &schema, &field, &value);
	check(WHERE("not cf.F"), &wp, closed);
	wp.author.href = STR("urn:openproject-org:api:v3:undisclosed");
	check(WHERE("not author"), &wp,
		"!documents[0]: match.where: ${ not author }: the server does "
		"not show 'author' of this work package");
	check(WHERE("id == 5 and author"), &wp, "-");
	wp = one_field("F", "CustomOption",
		LINK("custom_options", "7", "7 not found"), &schema, &field,
		&value);
	check(WHERE("not cf.F"), &wp, "fits");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_digits),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_two_of_one_name),
		cmocka_unit_test(test_by_schema),
		cmocka_unit_test(test_not_active),
		cmocka_unit_test(test_hidden_in_match),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_fini(&arena);
	arena_fini(&scratch);
	return failed;
}
