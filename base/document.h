#ifndef BASE_DOCUMENT_H
#define BASE_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/reads.h"

/* A file that is saved beside a document: an attachment under a name. */
struct saved_file {
	int64_t attachment_id;
	char *path; /* in the store, owned by the document */
};

/*
 * A value of unique: that a document has, or would have if it were free:
 * level says how often it gave way before.
 */
struct unique_value {
	char *value; /* owned by the document */
	unsigned level;
};

/*
 * A document that the mapping made of a work package: what store keeps.
 * Owns all that it points to.
 */
struct document {
	char *entry;        /* name of the entry of documents: that made it */
	struct str was;     /* of that which has by now; borrowed; none: it */
	bool yields;        /* its files, to who has a path on record */
	char *natural_path; /* as the mapping says it */
	char *path;         /* in the store: natural, or with -ID */
	struct buf text;    /* the file's bytes */
	bool keep_when_gone;
	int64_t unknown_attachment; /* that its body leads to; 0: none */
	size_t n_files;
	struct saved_file *files; /* sorted by path */
	size_t n_values;
	struct unique_value *values;
};

void document_fini(struct document *d); /* frees, and zeroes d */

/* What became of one entry of documents: that a work package fits. */
struct rendering {
	const char *entry; /* its name, borrowed from the program */
	struct err err;    /* code 0: made; else kept as it was, and why */
	struct document document;
};

/* What a mapping makes of one work package.  Zeroed, it is nothing. */
struct rendered {
	size_t n;
	struct rendering *items; /* owned; empty: no entry fits */
	/*
	 * Code ERR_DATA when a condition could not be decided: then no
	 * document comes from that entry or any later one.
	 */
	struct err match_err;
	struct reads reads;  /* sorted; their names live as the work package */
	bool needs_list;     /* the list of attachments is needed first */
	bool needs_comments; /* these are */
	size_t n_needs;
	int64_t *needs; /* ids of attachments whose contents are needed */
};

void rendered_fini(struct rendered *r); /* frees, and zeroes r */

#endif
