#ifndef API_MASK_H
#define API_MASK_H

#include "base/buf.h"
#include "base/err.h"

/*
 * A server, or a proxy before it, may show the key in what it answers: in
 * the words of an error, or as the header that it got.  The bytes of a
 * secret become '*', wherever it stands whole, in whatever
 * case (a host's name is lower case).  An empty one masks nothing.
 */
void mask_text(struct buf *text, const char *secret);
void mask_error(struct err *e, const char *secret);

#endif
