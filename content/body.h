#ifndef CONTENT_BODY_H
#define CONTENT_BODY_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/work_package.h"

/*
 * What the body of a work package refers to, never inside code (fenced and
 * indented code blocks, code spans, <code>, <pre>) and comments:
 *
 * its own attachments: the target of a markdown image, link or reference
 * definition, and HTML src, href and poster, written as
 *   /api/v3/attachments/4/content, /attachments/4, /attachments/4/name.png,
 *   the same with scheme and host of the server, or the file name alone
 *   (name.png, inline%20pic.png) where it is the name of an attachment;
 * work packages, if it is asked for: by address (/work_packages/12,
 * /projects/ccm/work_packages/12/activity …), and by number in a text (#12,
 * ##12, ###12, and what OpenProject's editor and its HTML make of these);
 * people, mentioned with OpenProject's editor, and what its HTML has for
 * versions and wiki pages; wiki pages in a text ([[Page]], [[Page|Label]],
 * and with a backslash before each bracket);
 * users, groups, versions and projects by number (user#8).
 */
enum reference_kind {
	REFERENCE_ATTACHMENT, /* an address */
	REFERENCE_FILE,    /* the same as a text of its own, <…> included */
	REFERENCE_UNKNOWN, /* of one that the work package does not have */
	REFERENCE_ADDRESS, /* of a work package's page */
	REFERENCE_BARE,    /* the same as a text of its own */
	REFERENCE_LABEL,   /* the "[](" before it: a link without a text */
	REFERENCE_NUMBER,  /* of a work package, in a text */
	REFERENCE_NAMED,   /* of something else that has a name: user#8 */
	REFERENCE_TEXT,    /* a mention or the like, which becomes its text */
};

struct body_reference {
	enum reference_kind kind;
	size_t start; /* bytes into the body */
	size_t n;
	const struct attachment *attachment;
	int64_t unknown; /* id of the attachment */
	int64_t work_package;
	int detail;            /* 1 for #12, more for ##12 and ###12 */
	struct str identifier; /* where it is written so, PROJ-42, or none */
	bool html;             /* it stands among HTML */
	bool row;        /* or in a row of a table, where a '|' ends a cell */
	bool in_link;    /* in a link's text, where no other link can be */
	struct str text; /* of a mention, as it stands in the body */
	struct str path; /* of what is named: "/users/8", as addresses end */
};

/* Where a body comes from, and what to look for beside attachments. */
struct body_scope {
	const struct work_package *wp;
	struct str base; /* "https://host[:port][/path]"; none: any host */
	bool html;       /* the document is HTML, not markdown */
	bool addresses;  /* of work packages */
	bool numbers;    /* of work packages, people and so on */
};

/* More are not for one body. */
#define BODY_MOST_REFERENCES 100000

/*
 * Find them, in order.  Gives the number, or one more than the most if there
 * are too many; *out lives in the arena.
 */
size_t body_references(struct arena *arena, struct str body,
	const struct body_scope *scope, struct body_reference **out);

/*
 * True if some address there may mean an attachment of a work package whose
 * list of attachments is not known.
 */
bool body_may_refer(
	struct arena *arena, struct str body, const struct body_scope *scope);

/*
 * Copy body to out with each reference replaced by texts[i]; an address is
 * escaped as its place asks for (percent-encoded where markdown or HTML would
 * break).  texts[i].p NULL leaves it.  All else stays byte for byte.
 */
void body_rewrite(struct str body, const struct body_reference *refs, size_t n,
	const struct str *texts, struct buf *out);

/* Is nothing but marks (of quotes, of lists) before it in its line? */
bool body_begins_line(struct str body, size_t at);

/* An address as it can stand in a link of markdown, and in an attribute. */
void body_add_address(struct str address, struct buf *out);

/*
 * Hugo's shortcode delimiters made harmless, so that they show as written:
 * what stands between "{{<" and ">}}", or "{{%" and "%}}", becomes a comment
 * there, which Hugo shows with its delimiters.  An opening one that is never
 * closed gets a zero-width space (U+200B) inside.
 */
void body_escape_shortcodes(struct str body, struct buf *out);

#endif
