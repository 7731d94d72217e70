/*
 * long_text - texts that are kept compressed in the state.
 *
 *   short, or not made smaller   TEXT, as it is
 *   else                         BLOB: its length, 4 bytes, little-endian
 *                                      the text as an LZ4 block
 *
 * What the server gave of work packages is most of a state: at half the size,
 * half is held in memory while it is staged, written to SQLite's log, and
 * copied from there.  LZ4 takes less time than that saves.
 */
#include "store/query.h"

#include <endian.h>
#include <libdeflate.h>
#include <lz4.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

#define SHORT ((size_t)128)
#define HEAD sizeof(uint32_t)
#define RATIO_MAX 255 /* of LZ4, to what a text can be unpacked */

void bind_long_text(struct query *q, struct str text)
{
	uint32_t length = htole32((uint32_t)text.n);
	char *packed;
	int n;

	if (text.n < SHORT || text.n > LZ4_MAX_INPUT_SIZE) {
		bind_text(q, text);
		return;
	}
	packed = xmalloc(text.n);
	memcpy(packed, &length, HEAD);
	n = LZ4_compress_default(
		text.p, packed + HEAD, (int)text.n, (int)(text.n - HEAD));
	if (n > 0) {
		bind_own_blob(q, packed, HEAD + (size_t)n);
		return;
	}
	free(packed);
	bind_text(q, text);
}

static bool unpack(struct str packed, struct buf *text)
{
	uint32_t length;
	size_t n;

	if (packed.n < HEAD)
		return false;
	memcpy(&length, packed.p, HEAD);
	n = le32toh(length);
	if (n > LZ4_MAX_INPUT_SIZE || n / RATIO_MAX > packed.n)
		return false;
	buf_clear(text);
	buf_reserve(text, n);
	if (LZ4_decompress_safe(packed.p + HEAD, text->p,
		    (int)(packed.n - HEAD), (int)n) != (int)n)
		return false;
	text->n = n;
	text->p[n] = '\0';
	return true;
}

struct str column_long_text(struct query *q, struct buf *room, bool *whole)
{
	if (sqlite3_column_type(q->stmt, q->column) != SQLITE_BLOB)
		return column_text(q);
	if (unpack(column_bytes(q), room))
		return buf_str(room);
	*whole = false;
	return STR_NONE;
}

int64_t texts_checksum(const struct str *texts, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		if (texts[i].n > 0)
			sum = libdeflate_crc32(sum, texts[i].p, texts[i].n);
	return sum;
}

bool column_is_checksum(struct query *q, int64_t is)
{
	bool none = sqlite3_column_type(q->stmt, q->column) == SQLITE_NULL;

	return column_int(q) == is || none;
}

/* plain(x) in SQL: the text of a column that may be packed; NULL: damaged. */
static void plain(sqlite3_context *at, int n, sqlite3_value **values)
{
	struct buf text = {0};
	struct str packed;

	(void)n;
	if (sqlite3_value_type(values[0]) != SQLITE_BLOB) {
		sqlite3_result_value(at, values[0]);
		return;
	}
	packed.p = sqlite3_value_blob(values[0]);
	packed.n = (size_t)sqlite3_value_bytes(values[0]);
	if (!unpack(packed, &text)) {
		sqlite3_result_null(at);
		buf_fini(&text);
		return;
	}
	sqlite3_result_text64(at, text.p, text.n, free, SQLITE_UTF8);
}

int long_text_init(struct state *s, struct err *e)
{
	int rc = sqlite3_create_function(s->db, "plain", 1,
		SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, plain, NULL, NULL);

	return rc == SQLITE_OK ? 0 : state_fail(s, rc, e);
}
