/*
 * Bodies: references are in order, within the text and not unforeseen;
 * rewriting without links changes nothing, and with links finds as many
 * references again (but an odd character that goes with an address may make
 * something else of what is around it), with work packages or without.
 * Escaped shortcodes are closed.
 */
#include "content/body.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct attachment attachments[] = {
	{.id = 4, .file_name = {"a.png", 5}},
	{.id = 5, .file_name = {"a b.png", 7}},
};

static const struct work_package wp = {
	.n_attachments = ARRAY_LEN(attachments),
	.attachments = attachments,
};

static const struct body_scope scope = {.wp = &wp, .base = {"http://h", 8}};
static const struct body_scope any = {.wp = &wp};
static const struct body_scope all = {
	.wp = &wp, .base = {"http://h", 8}, .addresses = true, .numbers = true};

static void check_order(
	struct str body, const struct body_reference *refs, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		if (refs[i].start < at || refs[i].n == 0 ||
			refs[i].n > body.n - refs[i].start ||
			(refs[i].kind == REFERENCE_ATTACHMENT ||
				refs[i].kind == REFERENCE_FILE) !=
				(refs[i].attachment != NULL) ||
			(refs[i].kind == REFERENCE_NAMED) !=
				(refs[i].path.n > 0) ||
			(refs[i].kind == REFERENCE_UNKNOWN) !=
				(refs[i].unknown > 0) ||
			(refs[i].attachment == NULL &&
				refs[i].kind != REFERENCE_UNKNOWN &&
				refs[i].kind != REFERENCE_NAMED &&
				refs[i].kind != REFERENCE_TEXT) !=
				(refs[i].work_package > 0))
			abort();
		at = refs[i].start + refs[i].n;
	}
}

static void check_all(struct arena *a, struct str body)
{
	struct body_reference *refs;
	size_t n = body_references(a, body, &all, &refs);

	check_order(body, refs, n);
}

static bool is_plain(struct str address)
{
	static const char marks[] = "`\"'<>()[]\\ \n";

	for (size_t i = 0; i < address.n; i++)
		if (memchr(marks, address.p[i], sizeof(marks) - 1) != NULL)
			return false;
	return true;
}

static void check_rewrite(struct arena *a, struct str body,
	const struct body_reference *refs, size_t n)
{
	struct str *links = ARENA_ARRAY(a, struct str, n + 1);
	struct body_reference *again;
	struct buf out = {0};

	body_rewrite(body, refs, n, links, &out);
	if (!str_eq(buf_str(&out), body))
		abort();
	for (size_t i = 0; i < n; i++) {
		struct str address = {body.p + refs[i].start, refs[i].n};

		if (refs[i].kind != REFERENCE_FILE && is_plain(address))
			links[i] = STR("/attachments/4");
	}
	buf_clear(&out);
	body_rewrite(body, refs, n, links, &out);
	if (body_references(a, buf_str(&out), &any, &again) < n)
		abort();
	buf_fini(&out);
}

/* As Hugo reads it: each delimiter is followed by a comment that ends. */
static void check_shortcodes(struct str body)
{
	struct buf out = {0};
	struct str rest;

	body_escape_shortcodes(body, &out);
	rest = buf_str(&out);
	while (rest.n > 0) {
		size_t n = str_find(rest, STR("{{"));
		struct str close = STR("*/>}}");

		rest = str_skip(rest, n);
		if (rest.n < 3)
			break;
		if (rest.p[2] != '<' && rest.p[2] != '%') {
			rest = str_skip(rest, 1);
			continue;
		}
		if (rest.p[2] == '%')
			close = STR("*/%}}");
		rest = str_skip(rest, 3);
		n = str_find(rest, close);
		if (!str_starts(rest, STR("/*")) || n < 2 || n == rest.n)
			abort();
		rest = str_skip(rest, n + 5);
	}
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = {(const char *)data, size};
	struct body_reference *refs;
	struct arena a = {0};
	size_t n = body_references(&a, body, &scope, &refs);

	check_order(body, refs, n);
	if (n > 0 && !body_may_refer(&a, body, &any))
		abort();
	check_all(&a, body);
	check_rewrite(&a, body, refs, n);
	check_shortcodes(body);
	arena_fini(&a);
	return 0;
}
