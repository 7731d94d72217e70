/*
 * words - the same long and short texts in every run.
 */
#include "tests/openproject/words.h"

#include <string.h>

uint64_t words_draw(struct words *g)
{
	uint64_t z = g->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

size_t words_below(struct words *g, size_t n)
{
	return (size_t)(words_draw(g) % n);
}

void words_init(struct words *g, unsigned long seed)
{
	static const char *const syllables[] = {"ta", "ri", "mo", "ken", "sol",
		"vi", "der", "an", "pro", "lin", "es", "chu", "for", "bel",
		"gra", "ton", "ul", "mer", "is", "qua", "no", "fi", "dar", "ep",
		"str", "ing", "ly", "com", "par", "te", "hu", "ro"};

	*g = (struct words){.state = seed};
	for (size_t i = 0; i < N_WORDS; i++) {
		size_t n = 1 + words_below(g, 4);

		for (size_t k = 0; k < n; k++)
			strncat(g->list[i],
				syllables[words_below(g, ARRAY_LEN(syllables))],
				sizeof(g->list[i]) - strlen(g->list[i]) - 1);
	}
}

/* Some words are used often and most seldom. */
static const char *word(struct words *g)
{
	return g->list[words_below(g, N_WORDS) * words_below(g, N_WORDS) >> 12];
}

void words_add(struct words *g, struct buf *out, size_t n)
{
	static const char *const foreign[] = {"Prüfung", "naïve", "données",
		"日本語", "😀", "Größe", "“quoted”"};

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(out, ' ');
		if (words_below(g, 100) == 0)
			buf_puts(out,
				foreign[words_below(g, ARRAY_LEN(foreign))]);
		else
			buf_puts(out, word(g));
	}
}

static void add_list(struct buf *raw, struct buf *html, struct str words)
{
	buf_puts(html, "<ul class=\\\"op-uc-list\\\">");
	while (words.n > 0) {
		size_t end = words.n < 40 ? words.n : 40;

		while (end < words.n && words.p[end] != ' ')
			end++;
		buf_printf(raw, "* %.*s\\n", (int)end, words.p);
		buf_printf(html, "<li class=\\\"op-uc-list--item\\\">%.*s</li>",
			(int)end, words.p);
		words = str_skip(words, end < words.n ? end + 1 : end);
	}
	buf_puts(html, "</ul>");
}

/* One paragraph, heading, list or piece of code, as JSON texts. */
static void add_block(
	struct words *g, struct buf *raw, struct buf *html, size_t n)
{
	struct buf words = {0};
	size_t shape = words_below(g, 20);
	const char *w = word(g);

	words_add(g, &words, shape < 3 ? 5 : n);
	if (shape < 3) {
		buf_printf(raw, "## %s", words.p);
		buf_printf(html, "<h2 class=\\\"op-uc-h2\\\">%s</h2>", words.p);
	} else if (shape < 8) {
		add_list(raw, html, buf_str(&words));
	} else if (shape < 10) {
		buf_printf(raw, "```ruby\\n%s\\n```", words.p);
		buf_printf(html,
			"<pre class=\\\"op-uc-code-block\\\"><code>%s</code>"
			"</pre>",
			words.p);
	} else {
		buf_printf(raw,
			"%s. See **%s** and [link](https://example.com/%s).",
			words.p, w, w);
		buf_printf(html,
			"<p class=\\\"op-uc-p\\\">%s. See <strong>%s</strong> "
			"and <a href=\\\"https://example.com/%s\\\" class=\\\""
			"op-uc-link\\\">link</a>.</p>",
			words.p, w, w);
	}
	buf_puts(raw, "\\n\\n");
	buf_puts(html, "\\n\\n");
	buf_fini(&words);
}

/* 5 to some 900 words, most often about 150; one in twenty is empty. */
void words_description(struct words *g, struct buf *raw, struct buf *html)
{
	size_t left = 5 + words_below(g, 24) * words_below(g, 24) *
				  (1 + words_below(g, 2));

	buf_reserve(raw, 0);
	buf_reserve(html, 0);
	if (words_below(g, 20) == 0)
		return;
	while (left > 0) {
		size_t n = 8 + words_below(g, 50);

		n = n < left ? n : left;
		add_block(g, raw, html, n);
		left -= n;
	}
	raw->n -= 4; /* the last \n\n */
	html->n -= 4;
	raw->p[raw->n] = html->p[html->n] = '\0';
}
