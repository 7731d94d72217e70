#ifndef CONTENT_PROGRAM_H
#define CONTENT_PROGRAM_H

#include "base/arena.h"
#include "base/document.h"
#include "base/reads.h"
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

/* The same of the mapping alone: another where a person edited it. */
const char *program_text_hash(const struct program *p);

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

/* An entry that lost its natural path to another: its paths get -ID. */
struct evasion {
	size_t entry; /* its index */
	int times;    /* so often */
};

/*
 * Map one work package.  0: out holds what each entry that fits made (or why
 * it failed: its err is ERR_DATA and names key, expression and value).
 * ERR_NEED: something must be here before it is asked again, and nothing else
 * in out counts: out->needs_list, the list of attachments; needs_comments;
 * needs, their contents (the attachment's fetched and image set).  The list is
 * needed only where an entry that fits, or a condition on the way to it,
 * really reads it: an expression that is evaluated, a pick, files: all, or a
 * body with an address that may mean an attachment.  What was made without
 * the list is what would have been made with it.  evasion may be NULL.  scratch
 * is used and left for the caller to reset.  A work package from a file may not
 * tell its project: any_project.
 */
int program_render(const struct program *p, const struct work_package *wp,
	const struct evasion *evasion, struct arena *scratch,
	struct rendered *out);

/*
 * Of n documents that a work package has, and that no entry makes any more:
 * which of those that come takes its place?  Sets each one's successor: the
 * index in rendered of one that is new, or -1.  It takes over the document at
 * its very path, and else one that the mapping cannot make beside it: by an
 * entry that is in the mapping no more, or the earlier of both ends the search.
 * One that is to be kept stays where its entry does not fit.  One that failed
 * may be a successor, too: then the document stays for it.
 */
void program_successors(const struct program *p,
	const struct rendered *rendered, struct arena *scratch,
	struct own_document *own, size_t n);

/*
 * Tell in words, a line each, which entries fit wp and why the others do not;
 * or with a key (front_matter.slug, let.base, path, or slug for short), what
 * each step of its expressions gives.  ERR_USAGE if no entry that fits has
 * the key; ERR_DATA if its document fails before.
 */
int program_explain(const struct program *p, const struct work_package *wp,
	struct str key, struct arena *scratch, struct buf *out, struct err *e);

/*
 * Tell in words what an entry asks of a work package, and where its document
 * lies.
 */
void program_outline(const struct program *p, size_t entry, struct buf *out);

/*
 * What an entry of documents: names: n texts, borrowed from the program.  Of
 * projects, types and statuses those of match (0: any); of fields all that it
 * reads.
 */
size_t program_entries(const struct program *p);
size_t program_keeping(const struct program *p); /* when_gone: keep */
struct str program_entry_name(const struct program *p, size_t entry);
const struct str *program_entry_names(
	const struct program *p, size_t entry, enum named kind, size_t *n);

/*
 * Where an entry makes an address (its path, slug, url or aliases) of the
 * title alone: two work packages may have the same, and a title changes.
 * fn gets the key and its text, as written.
 */
typedef void program_address_fn(
	void *arg, size_t entry, struct str key, struct str text);
void program_poor_addresses(
	const struct program *p, program_address_fn *fn, void *arg);

/*
 * Does an entry whose match has no where: (which may let one alone through)
 * make its path of what many work packages share?
 */
bool program_shares_path(const struct program *p, size_t entry);

/* The entry before it that takes every work package; -1: there is none. */
int program_taken_before(const struct program *p, size_t entry);

/*
 * Does match: name something of that kind so, or (READ_SCHEMA) does it read a
 * custom field of that name?  Any string of a condition, or of a constant that
 * one reads, may be a name.  name STR_NONE: whatever it is called.
 */
bool program_mentions(
	const struct program *p, enum read_kind kind, struct str name);

/* Do expressions elsewhere compare names of that kind with this one? */
bool program_compares(
	const struct program *p, enum read_kind kind, struct str name);

/* Has a project of that identifier constants of its own? */
bool program_has_constants(const struct program *p, struct str project);

/* The index of an entry by its name, for the bit mask above; -1 if none. */
int program_entry(const struct program *p, struct str name);

#endif
