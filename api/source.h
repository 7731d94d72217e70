#ifndef API_SOURCE_H
#define API_SOURCE_H

#include "api/resources.h"

/* Write a link of a source: its href and title, or what else is there. */
void source_put_link(struct buf *out, struct str value);

/* Write a value of a source, as it is but without white space. */
void source_put_value(struct buf *out, struct str value);

#endif
