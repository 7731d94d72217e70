#ifndef CONTENT_BODY_SCAN_H
#define CONTENT_BODY_SCAN_H

#include "content/body.h"

/*
 * A piece of a markdown text in which links may stand: a paragraph, a
 * heading, a table's row or a block of HTML.  Code blocks are in none.
 */
struct span {
	size_t start;
	size_t end;
	bool html; /* a block of HTML, where markdown means nothing */
	bool row;  /* of a table, as it seems: it starts with a '|' */

	/* Of a heading: 1 to 6 and, if it is underlined, where. */
	int level;
	size_t underline;
	size_t underline_end;
};

#define MAX_CONTAINERS 64 /* deeper ones are taken for text */

enum leaf {
	LEAF_NONE,
	LEAF_PARAGRAPH,
	LEAF_LINE, /* a heading or a table's row: over at the line's end */
	LEAF_FENCE,
	LEAF_CODE, /* indented */
	LEAF_HTML,
};

/* Reads a text's blocks, line by line.  Set body, zero the rest. */
struct block_reader {
	struct str body;

	/* Private. */
	size_t at;
	size_t n;                          /* containers */
	size_t containers[MAX_CONTAINERS]; /* 0: quote; else item's width */
	enum leaf leaf;
	char fence;
	size_t fence_length;
	const char *html_end; /* what ends the HTML; NULL: a blank line */
	bool is_open;
	struct span span; /* if open: not ended yet */
	bool is_done;
	struct span done;
};

/* The next piece of the text; false at its end. */
bool block_next(struct block_reader *r, struct span *out);

/*
 * If HTML starts a block there (the line's first '<'), what its end is made
 * known by: set *end as html_end above.  in_paragraph: it interrupts one.
 */
bool block_html_starts(struct str line, bool in_paragraph, const char **end);

/* True if a line has what ends a block of HTML. */
bool block_html_ends(struct str line, const char *end);

/* What addresses are held against. */
struct addresses {
	struct arena *arena;
	const struct work_package *wp; /* NULL for address_may_mean() */
	struct str base;               /* as struct body_scope's */
	struct attachment_name *names; /* sorted, once they were asked for */
};

/*
 * The attachment that an address means, or NULL.  *n is how many bytes of the
 * address stand for it: all but a fragment.
 */
const struct attachment *address_resolve(
	struct addresses *a, struct str address, size_t *n);

/* True if an address can mean an attachment of some work package. */
bool address_may_mean(const struct addresses *a, struct str address);

/* The attachment that it names by id, whose ever it is; 0 if it names none. */
int64_t address_attachment(const struct addresses *a, struct str address);

/* The work package whose page an address is; 0 if it is none. */
int64_t address_work_package(const struct addresses *a, struct str address);

/* The number at the front of s, at most 18 digits of it; *n of them. */
int64_t address_number(struct str s, size_t *n);

/* PROJ-42 of "#PROJ-42", "##PROJ-42" or "###PROJ-42"; STR_NONE of others. */
struct str address_identifier(struct str s);

#endif
