#ifndef CONTENT_BODY_WALK_H
#define CONTENT_BODY_WALK_H

#include "content/body_link.h"
#include "content/body_scan.h"

/* Where an address stands. */
enum place {
	PLACE_LINK,       /* [text](address) */
	PLACE_PICTURE,    /* ![text](address) */
	PLACE_DEFINITION, /* [name]: address */
	PLACE_HREF,       /* the attribute of a tag */
	PLACE_SRC,        /* src or poster */
	PLACE_BARE,       /* https://…, alone or in angles */
};

#define WALK_MAX_TAG 8192 /* bytes; longer ones are text */

/* A tag that is whole: <name …> or </name>. */
struct seen_tag {
	struct str name;
	bool closing;
	size_t start;
	size_t end; /* behind its '>' */
};

/*
 * A walk through a text, block by block and from left to right, past all that
 * is code (fences, indented blocks, code spans, <code>, <pre>, <script> …)
 * and past comments.  Set body, arg and the callbacks that are wanted.
 */
struct walker {
	struct str body;
	bool html; /* all of it is HTML, whatever it looks like */
	void *arg;

	/* A piece begins; false: there is no need to look into it. */
	bool (*on_span)(void *arg, const struct span *span);
	void (*on_address)(void *arg, enum place place, struct address at);
	/* Gives the place to go on from: its end, or further. */
	size_t (*on_tag)(void *arg, const struct seen_tag *tag);
	/* A '#' in text: gives the place to go on from, or 0. */
	size_t (*on_number)(void *arg, size_t at);
	/* The same for a '#' right behind a word that starts at start. */
	size_t (*on_named)(void *arg, size_t start, size_t at);
	/* The same for "[[" and, in markdown, for "\[\[". */
	size_t (*on_wiki)(void *arg, size_t at);
	/* What stands in the brackets of a link or a picture. */
	void (*on_label)(void *arg, size_t start, size_t end, bool picture);
};

void body_walk(const struct walker *w);

/* A tag that ends within end, without its attributes; false if it is none. */
bool walk_tag(struct str body, size_t at, size_t end, struct seen_tag *out);

/* Behind "</name" and its '>', from at up to end; 0 if it is not there. */
size_t walk_behind_end(
	struct str body, size_t at, size_t end, const char *name);

#endif
