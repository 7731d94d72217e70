#ifndef CONTENT_BODY_LINK_H
#define CONTENT_BODY_LINK_H

#include "base/str.h"

/* An address that was found in a text, by where it stands. */
struct address {
	size_t start;
	size_t end;
};

/*
 * What stands behind the "](" of a link: an address, perhaps a title, and
 * ")".  Gives the place behind it, or 0 if that is no link.
 */
size_t link_target(struct str body, size_t at, size_t end, struct address *out);

/*
 * "[label]: address", perhaps with a title, at the start of a line.  Gives
 * the place behind the address, or 0 if that is no definition.
 */
size_t link_definition(
	struct str body, size_t at, size_t end, struct address *out);

/* A tag that is being read: its name, and where its attributes go on. */
struct tag {
	struct str name;
	bool closing;
	size_t at;
};

/* Start reading the tag whose '<' is at at; false if it is none. */
bool tag_start(struct str body, size_t at, size_t end, struct tag *out);

/* An attribute and the place of its value (empty if it has none). */
struct attribute {
	struct str name;
	struct address value;
};

/*
 * The next attribute: 1; or 0 behind the tag's '>', where tag->at is then;
 * or -1 if the tag does not end.
 */
int tag_next(
	struct str body, size_t end, struct tag *tag, struct attribute *out);

#endif
