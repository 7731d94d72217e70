#ifndef DAEMON_NEWS_H
#define DAEMON_NEWS_H

#include "daemon/config.h"
#include "store/store.h"

/* What the sync log says that hooks want to know, as JSON. */
struct news_item {
	unsigned on; /* one of hook_on */
	int64_t work_package;
	char *text; /* owned: one JSON object and a newline */
};

struct news {
	char *url; /* owned, as the next two */
	char *instance;
	char *head_file; /* NULL: the store's */
	bool first;      /* what is in the log already is not new */
	int64_t seen;    /* the last event that was taken; -1: ask the state */
	char head[41];   /* what the file holds */
	size_t n, cap;
	struct news_item *items;
	struct err err;
};

void news_init(struct news *n, const struct config *config);
void news_fini(struct news *n);
void news_clear(struct news *n); /* forgets the items */

/*
 * Gather what was logged since, of each kind and work package the last only,
 * and put the branch's commit into the file head.  Worker's thread, as the
 * next.
 */
void news_collect(struct news *n, struct store *store);

/* All that was gathered is told: it is not told again after a start. */
void news_note(struct news *n, struct store *store);

#endif
