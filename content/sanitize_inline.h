#ifndef CONTENT_SANITIZE_INLINE_H
#define CONTENT_SANITIZE_INLINE_H

#include "base/buf.h"

/*
 * markup_sanitize()'s state, and its half that works within lines.
 */
#define MAX_OPEN 512 /* elements */
#define MAX_CUT 32   /* kinds of them whose end was looked for in vain */

struct cleaning {
	struct str text;
	struct buf out;
	size_t at;
	size_t line_end;       /* of the line that at is in */
	size_t end;            /* of the chunk: lines up to a blank one */
	size_t no_comment;     /* the chunk's end, if no comment ends before */
	bool no_comment_block; /* in the rest of the text */
	bool fences_trusted;   /* no fence was in doubt so far */
	bool had_tag;          /* since the last blank line */
	bool after_label;      /* the line above ends with "]:" */
	size_t address;        /* in out, behind "](" or "]:"; 0: none since */
	bool spans_trusted;    /* in this chunk */
	bool ends_in_code;
	char fence; /* of the one that we take to be open, in doubt; or NUL */
	size_t fence_length;
	size_t colon; /* an address's colon that is to go, ahead of at */
	size_t colon_length;
	size_t n_open;
	struct str open[MAX_OPEN]; /* names of elements */
	size_t n_lost;
	struct str lost[MAX_CUT]; /* names whose end tag does not come */
};

/* The line from at on, without its line feed; and where the next one begins. */
struct str cleaning_line(const struct cleaning *c, size_t at);
size_t cleaning_behind_line(const struct cleaning *c, size_t at);

/* The byte that was written last; a line feed if there is none. */
char cleaning_last(const struct cleaning *c);

/* Clean what is at c->at, in text, and go on. */
void clean_one(struct cleaning *c);

/* What we take for code, and another reader perhaps not, up to end. */
void clean_code(struct cleaning *c, size_t end);

/*
 * May the code spans of a chunk stay?  Each ends in its line, holds no '|'
 * (which ends a cell), and outside of them there is nothing that could be
 * HTML, nor an escaped backtick.
 */
bool cleaning_trusts_spans(const struct cleaning *c, size_t at, size_t end);

#endif
