#ifndef STORE_REST_H
#define STORE_REST_H

#include "store/store.h"

/* Watch the repository and its objects, and no more, with the work tree. */
void rest_watch(struct store *s);
void rest_unwatch(struct store *s);

#endif
