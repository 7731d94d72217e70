#ifndef CONTENT_MAPPING_H
#define CONTENT_MAPPING_H

#include "base/arena.h"
#include "base/hash.h"
#include "content/constants.h"
#include "content/emit.h"
#include "content/program.h"
#include "content/template.h"

/*
 * The compiled mapping, as compiling fills it and rendering reads it.  All of
 * it lives in the program's arena.
 */
enum match_key {
	MATCH_PROJECT,
	MATCH_TYPE,
	MATCH_STATUS,
	MATCH_PRIORITY,
	MATCH_AUTHOR,
	MATCH_ASSIGNEE,
	MATCH_RESPONSIBLE,
	MATCH_VERSION,
	MATCH_CATEGORY,
	MATCH_KEYS,
};

/* Names of which one must fit; none asked for if n is 0. */
struct names {
	size_t n;
	struct str *items;
};

struct match {
	struct names names[MATCH_KEYS];
	const struct expression *where; /* or NULL */
};

struct let {
	size_t slot;
	struct template value;
	bool unique; /* gets -ID where another document has the value */
};

/* An expression of attachments, and where it stands. */
struct form {
	struct str key; /* attachments.picks[0].save_as */
	struct expression expression;
};

/* How an attachment is saved and linked; NULL for the defaults. */
struct saving {
	struct str key; /* attachments, or attachments.picks[0] */
	const struct form *save_as;
	const struct form *link_as;
	size_t slot; /* of the name attachment in both */
};

struct pick {
	struct form pick;
	struct saving saving;
	bool bound; /* has a name (as) */
	size_t slot;
};

/* What becomes of the body's addresses of work packages in OpenProject. */
enum links { LINKS_KEEP, LINKS_RELATIVE };

/* And of #12, ##12 and mentions. */
enum references { REFERENCES_KEEP, REFERENCES_TEXT, REFERENCES_LINK };

/* A value that no other document may have. */
struct unique {
	struct str key; /* unique[0] */
	struct expression value;
};

enum files { FILES_NONE, FILES_REFERENCED, FILES_ALL };

struct entry {
	struct str name; /* NUL-terminated */
	struct match match;
	bool goes_on; /* continue: later entries are tried too */
	size_t n_lets;
	struct let *lets;
	size_t n_uniques; /* those that are errors where they clash */
	struct unique *uniques;
	struct expression path;
	enum files files;
	struct saving saving; /* of files */
	int64_t max_size;     /* 0: no limit */
	struct names types;   /* globs of content types */
	size_t n_picks;
	struct pick *picks;
	bool has_front_matter;
	struct template front_matter;
	bool has_body;
	struct template body;
	enum links links;
	enum references references;
	struct emit_style style;
	bool final_newline;
	bool keep_when_gone;
	bool escape_shortcodes;
	bool all_neighbours; /* also those without a document here */
	struct names fields; /* custom fields that it names, each once */
	size_t n_slots;
};

/* A text that may be a name, where expressions compare it with names. */
struct comparison {
	struct str text;
	unsigned kinds; /* a bit for each read_kind */
};

struct program {
	struct arena arena;
	const char *zone;
	struct constants constants;
	size_t n_entries;
	struct entry *entries;
	size_t n_names;
	struct program_name *names;
	size_t n_comparisons;
	struct comparison *comparisons; /* sorted, each text once */
	char hash[SHA256_HEX];
	char text_hash[SHA256_HEX]; /* of the mapping alone */
};

/* The mapping that serves where a configuration has no documents:. */
struct str default_mapping(void);

/* What compiling one program shares. */
struct compiling {
	struct program *program;
	struct templating templating;
	struct scope scope;
	struct uses uses;
	size_t cap_names;
	struct err *err;
};

int compile_entry(struct compiling *c, const struct node *node,
	struct str default_name, struct entry *out);
int compile_match(
	struct compiling *c, const struct node *node, struct match *out);
int compile_unique(
	struct compiling *c, const struct node *entry, struct entry *out);
int compile_attachments(
	struct compiling *c, const struct node *entry, struct entry *out);

/* The index of a word among those that are allowed, or an error. */
int compile_word(struct compiling *c, const struct node *node, const char *what,
	const char *const *words, size_t n);

/* The same for a key that may not be there: 0, the first word. */
int compile_word_of(struct compiling *c, const struct node *map,
	const char *key, const char *const *words, size_t n);

/* Remember a name that the server must know. */
void compile_note(struct compiling *c, enum named kind, struct str name,
	const struct node *at);

/* A document that wants values of unique:. */
struct unique_claim {
	struct evaluation *with;
	const struct entry *entry;
	struct document *document; /* notes what it wants */
};

/*
 * Note that it wants to have a value, and see that it may.  With suffix the
 * value gets -ID until it is free; else one that is taken is ERR_DATA.
 */
int unique_claim(const struct unique_claim *c, struct str key, bool suffix,
	struct value *v, struct err *e);

/* The same for all that are no let of its entry. */
int unique_claim_all(const struct unique_claim *c, struct err *e);

/* The keys of match: beside where, and what they mean of a work package. */
struct match_name {
	const char *name;
	size_t offset; /* of its link in struct work_package */
	enum read_kind kind;
};

extern const struct match_name match_keys[MATCH_KEYS];

/*
 * Is there a text that fits in a literal or constant, the keys of its maps
 * among them?  Of x alone, not of its arguments.
 */
typedef bool text_fn(void *arg, struct str text);
bool texts_any(const struct program *p, const struct expression *x,
	text_fn *fits, void *arg);

/* Find all comparisons of the entries' expressions beside match:. */
void comparisons_find(struct program *p);

/* What a work package has there: a name, or none. */
struct str match_value(const struct work_package *wp, enum match_key key);

/* The first of match:'s names that does not fit, or MATCH_KEYS. */
enum match_key match_unfit(
	const struct match *m, const struct work_package *wp);

/* Does a work package fit?  ERR_DATA when that cannot be decided. */
int match_decide(struct evaluation *with, const struct match *m, bool *fits,
	struct err *e);

/*
 * The hash of program_hash(), over the mapping's part of a root; and without
 * what the program adds to it.
 */
void mapping_hash(const struct node *root, char out[SHA256_HEX]);
void mapping_text_hash(const struct node *root, char out[SHA256_HEX]);

#endif
