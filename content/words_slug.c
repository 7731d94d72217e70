/*
 * words_slug - a text in any script as [a-z0-9] words joined with '-'.
 *
 * ASCII goes straight.  All else goes through ICU's transliterator, piece by
 * piece (cut at a space), since that takes quadratic time in long texts, and
 * then through the same joining.
 */
#include "content/words.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include <unicode/ustring.h>
#include <unicode/utrans.h>

#include "base/utf8.h"
#include "base/util.h"
#include "content/utf8.h"

#define PIECE 1024   /* bytes that are transliterated at once */
#define UNITS 32768U /* of UTF-16, that a piece may become */

/* Words that are being joined. */
struct slug {
	char *p;
	size_t n;
	size_t cap;
	bool gap; /* something else came since the last letter */
};

static void slug_add(struct slug *s, char c)
{
	if (s->n + 2 > s->cap) {
		s->cap = s->cap > 0 ? s->cap * 2 : 256;
		s->p = xrealloc(s->p, s->cap);
	}
	if (s->gap && s->n > 0)
		s->p[s->n++] = '-';
	s->gap = false;
	s->p[s->n++] = c;
}

static void slug_unit(struct slug *s, unsigned c)
{
	if (c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		slug_add(s, (char)c);
	else
		s->gap = true;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static void close_kept(void *kept)
{
	utrans_close(kept);
}

static void create_key(void)
{
	int rc = pthread_key_create(&key, close_kept);

	assert(rc == 0);
	(void)rc;
}

/*
 * The transliterator takes milliseconds to open and may not be used by two
 * threads at once, so each thread that makes slugs opens its own and keeps it
 * until it ends.
 */
static UTransliterator *transliterator(void)
{
	UErrorCode status = U_ZERO_ERROR;
	UTransliterator *kept;
	UChar id[64];

	pthread_once(&once, create_key);
	kept = pthread_getspecific(key);
	if (kept == NULL) {
		u_uastrcpy(id, "Any-Latin; Latin-ASCII; Lower");
		kept = utrans_openU(
			id, -1, UTRANS_FORWARD, NULL, 0, NULL, &status);
		assert(kept != NULL);
		pthread_setspecific(key, kept);
	}
	return kept;
}

/* False if the piece becomes longer than there is room for. */
static bool slug_piece(struct slug *s, struct str piece, UChar *text)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t n = 0;
	int32_t limit;

	u_strFromUTF8WithSub(text, (int32_t)UNITS, &n, piece.p,
		(int32_t)piece.n, ' ', NULL, &status);
	assert(U_SUCCESS(status));
	limit = n;
	utrans_transUChars(
		transliterator(), text, &n, (int32_t)UNITS, 0, &limit, &status);
	if (status == U_BUFFER_OVERFLOW_ERROR)
		return false;
	assert(U_SUCCESS(status));
	for (int32_t i = 0; i < n; i++)
		slug_unit(s, text[i]);
	return true;
}

/* Bytes of in, at most n, up to a space if there is one. */
static size_t piece_size(struct str in, size_t n)
{
	size_t cut = utf8_cut(in, n);

	if (cut == in.n)
		return cut;
	for (size_t i = cut; i > 0; i--)
		if (in.p[i - 1] == ' ' || in.p[i - 1] == '\n')
			return i;
	return cut > 0 ? cut : 1;
}

static void slug_unicode(struct arena *a, struct slug *s, struct str in)
{
	UChar *text = ARENA_ARRAY(a, UChar, UNITS);
	size_t at_most = PIECE;

	while (in.n > 0) {
		size_t n = piece_size(in, at_most);

		if (!slug_piece(s, (struct str){in.p, n}, text) &&
			at_most > 8) {
			at_most /= 2;
			continue;
		}
		in = str_skip(in, n);
	}
}

/* German's own letters, as German writes them without. */
static struct str spell_german(struct arena *a, struct str in)
{
	static const struct {
		int32_t cp;
		const char *as;
	} letters[] = {{0xE4, "ae"}, {0xF6, "oe"}, {0xFC, "ue"}, {0xDF, "ss"},
		{0xC4, "ae"}, {0xD6, "oe"}, {0xDC, "ue"}, {0x1E9E, "ss"}};
	struct str text = utf8_nfc(a, in);
	char *out = arena_alloc(a, text.n + 1); /* two bytes become two */
	size_t n = 0;

	for (size_t at = 0; at < text.n;) {
		size_t here = at;
		int32_t cp = utf8_next(text, &at);
		const char *as = NULL;

		for (size_t i = 0; i < ARRAY_LEN(letters); i++)
			if (letters[i].cp == cp)
				as = letters[i].as;
		if (as != NULL) {
			out[n++] = as[0];
			out[n++] = as[1];
			continue;
		}
		memcpy(out + n, text.p + here, at - here);
		n += at - here;
	}
	return (struct str){out, n};
}

struct str words_slug(struct arena *a, struct str in, const char *language)
{
	struct slug s = {0};
	struct str out;

	if (utf8_ascii(in)) {
		for (size_t i = 0; i < in.n; i++)
			slug_unit(&s, (unsigned char)in.p[i]);
	} else {
		if (language != NULL && strcmp(language, "de") == 0)
			in = spell_german(a, in);
		slug_unicode(a, &s, in);
	}
	out = arena_str(a, (struct str){s.p != NULL ? s.p : "", s.n});
	free(s.p);
	return out;
}
