#ifndef CONTENT_BODY_H
#define CONTENT_BODY_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/work_package.h"

/*
 * References from the body of a work package to its own attachments: the
 * target of a markdown image, link or reference definition, and HTML src and
 * href (img, a, source, video, audio …), written as
 *   /api/v3/attachments/4/content, /attachments/4, /attachments/4/name.png,
 *   the same with scheme and host of the server, or the file name alone
 *   (name.png, inline%20pic.png) where it is the name of an attachment.
 * Never inside code: fenced and indented code blocks, code spans, <code>,
 * <pre>, comments.
 */
struct body_reference {
	size_t start; /* of the address, bytes into the body */
	size_t n;
	const struct attachment *attachment;
};

/*
 * Find them, in order.  origin is the server's, "https://host[:port]", or
 * none: then any host counts.  Gives the number; *out lives in the arena.
 */
size_t body_references(struct arena *arena, struct str body,
	const struct work_package *wp, struct str origin,
	struct body_reference **out);

/*
 * True if some address there may mean an attachment of a work package whose
 * list of attachments is not known.
 */
bool body_may_refer(struct arena *arena, struct str body, struct str origin);

/*
 * Copy body to out with each reference replaced by links[i], escaped as its
 * place asks for (percent-encoded where markdown or HTML would break);
 * links[i].p NULL leaves it.  All else stays byte for byte.
 */
void body_rewrite(struct str body, const struct body_reference *refs, size_t n,
	const struct str *links, struct buf *out);

/*
 * Hugo's shortcode delimiters made harmless, so that they show as written:
 * what stands between "{{<" and ">}}", or "{{%" and "%}}", becomes a comment
 * there, which Hugo shows with its delimiters.  An opening one that is never
 * closed gets a zero-width space (U+200B) inside.
 */
void body_escape_shortcodes(struct str body, struct buf *out);

#endif
