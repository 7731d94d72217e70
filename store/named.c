/*
 * named - whom the texts of work packages name, each looked through once.
 */
#include "store/named.h"

#include <stdlib.h>

#include "base/util.h"
#include "store/ids.h"
#include "store/query.h"

/*
 * Of so many texts, as many ids in all.  Ids that follow each other have
 * different places, so that those that are asked one after the other, again
 * and again, do not drive each other out.
 */
#define TEXTS 4096
#define MOST ((size_t)1 << 20)

struct named_by {
	bool known;
	int64_t work_package;
	struct ids ids; /* in order */
};

void named_forget(struct named_texts *n)
{
	for (size_t i = 0; n->texts != NULL && i < TEXTS; i++)
		free(n->texts[i].ids.items);
	free(n->texts);
	*n = (struct named_texts){.in = n->in};
}

/* The number at the start of a text, written as we write it, and a '"'. */
static bool read_id(struct str text, int64_t *id)
{
	char bytes[STR_INT];
	struct str digits = {text.p, 0};
	long long number;

	while (digits.n < text.n && digits.n < STR_INT &&
		text.p[digits.n] != '"')
		digits.n++;
	if (digits.n == text.n || digits.n == STR_INT ||
		!str_to_int64(digits, &number) ||
		!str_eq(digits, str_int(bytes, number)))
		return false;
	*id = number;
	return true;
}

static void gather(struct str text, struct str head, struct ids *out)
{
	size_t at;

	while ((at = str_find(text, head)) < text.n) {
		int64_t id;

		text = str_skip(text, at + head.n);
		if (read_id(text, &id))
			ids_add(out, id);
	}
}

static int look_through(struct state *s, const struct named_in *in,
	int64_t work_package, struct ids *out, struct err *e)
{
	struct query q = query_open(s, in->sql);
	struct buf room = {0};
	bool whole = true;

	bind_int(&q, work_package);
	if (query_next(&q)) {
		struct str text = column_long_text(&q, &room, &whole);

		for (size_t i = 0; i < ARRAY_LEN(in->heads); i++)
			if (in->heads[i] != NULL)
				gather(text, str_of(in->heads[i]), out);
	}
	buf_fini(&room);
	out->n = ids_distinct(out->items, out->n);
	return query_close(&q, e);
}

static struct named_by *place_of(struct named_texts *n, int64_t work_package)
{
	if (n->n > MOST)
		named_forget(n);
	if (n->texts == NULL)
		n->texts = xcalloc(TEXTS, sizeof(*n->texts));
	return &n->texts[(uint64_t)work_package % TEXTS];
}

int named_has(struct named_texts *n, struct state *s, int64_t work_package,
	int64_t id, bool *has, struct err *e)
{
	struct named_by *by = place_of(n, work_package);
	int code = 0;

	if (!by->known || by->work_package != work_package) {
		n->n -= by->ids.n;
		by->ids.n = 0;
		code = look_through(s, n->in, work_package, &by->ids, e);
		by->work_package = work_package;
		by->known = code == 0;
		n->n += by->ids.n;
	}
	*has = code == 0 && ids_have(by->ids.items, by->ids.n, id);
	return code;
}
