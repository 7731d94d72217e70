#ifndef CONTENT_PROGRAM_H
#define CONTENT_PROGRAM_H

#include "base/arena.h"
#include "base/document.h"
#include "base/work_package.h"
#include "content/tree.h"

/*
 * The mapping: the documents: section of a configuration, compiled.  It does
 * not change once compiled, so any thread may use it.
 */
struct program;

/*
 * Compile the keys of the mapping (documents, fragments, timezone, links and
 * so on: program_keys()) of a configuration's root.  Without documents: the
 * default mapping serves.  The tree may go afterwards.  The caller owns *out.
 */
int program_compile(
	const struct node *root, struct program **out, struct err *e);
void program_free(struct program *p); /* accepts NULL */

/* The root keys of a configuration that belong to the mapping. */
const char *const *program_keys(size_t *n);

/*
 * SHA-256, in hex, of all that decides what a document looks like beside the
 * work package: the mapping itself, its defaults, and the versions of the
 * libraries that shape text (ICU, gumbo) and of our own rendering.
 */
const char *program_hash(const struct program *p);

/*
 * True if mapping wp needs its attachment list: some entry whose project and
 * type fit uses attachments.
 */
bool program_needs_attachments(
	const struct program *p, const struct work_package *wp);

/*
 * What the mapping names of the server's things, to be checked against them.
 * at is where it stands.
 */
enum named { NAMED_PROJECT, NAMED_TYPE, NAMED_STATUS, NAMED_FIELD };

struct program_name {
	enum named kind;
	struct str name;
	struct node at; /* its place, for node_err() */
};

const struct program_name *program_names(const struct program *p, size_t *n);

/*
 * Map one work package.  0: out holds what each entry that fits made (or why
 * it failed: its err is ERR_DATA and names key, expression and value).
 * ERR_NEED: out->needs lists attachments whose contents must be fetched (the
 * attachment's fetched and image set) before it is asked again; nothing else
 * in out counts then.  with_id asks for paths with -ID in them, for the entry
 * that lost its natural path to another work package; it is a bit mask by
 * the entry's index in the program (bit 63 stands for all from there on).
 * scratch is used and left for the caller to reset.  wp's project_identifier
 * "*" fits every match.project (a work package from a file may not tell).
 */
int program_render(const struct program *p, const struct work_package *wp,
	uint64_t with_id, struct arena *scratch, struct rendered *out);

/*
 * Tell in words, a line each, which entries fit wp and why the others do not;
 * or with a key (front_matter.slug, let.base, path, or slug for short), what
 * each step of its expressions gives.  ERR_USAGE if no entry that fits has
 * the key; ERR_DATA if its document fails before.
 */
int program_explain(const struct program *p, const struct work_package *wp,
	struct str key, struct arena *scratch, struct buf *out, struct err *e);

/* The index of an entry by its name, for the bit mask above; -1 if none. */
int program_entry(const struct program *p, struct str name);

#endif
