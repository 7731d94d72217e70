#ifndef DAEMON_NEWS_H
#define DAEMON_NEWS_H

#include "daemon/config.h"
#include "store/store.h"

/* What the sync log says that hooks want to know, as JSON. */
struct news_item {
	int64_t id;  /* the event's */
	unsigned on; /* one of hook_on */
	int64_t work_package;
	char *text; /* owned: one JSON object and a newline */
};

struct news {
	char *url; /* owned, as the next two */
	char *instance;
	char *head_file; /* NULL: the store's */
	bool first;      /* what is in the log already is not new */
	int64_t noted;   /* what the state says is told; -1: it was not asked */
	int64_t after;   /* this event, take what is new; -1: ask the state */
	int64_t seen;    /* the last one that was looked at, */
	bool more;       /* and there are others */
	bool anew;       /* the state was made again: it counts from 1 */
	char head[41];   /* what the file holds */
	size_t n, cap;
	struct news_item *items;
	struct err err;
};

void news_init(struct news *n, const struct config *config);
void news_fini(struct news *n);
void news_clear(struct news *n); /* forgets the items */

#define NEWS_MOST 1000 /* at a time */

/*
 * Gather what was logged since, of each kind and work package the last only,
 * and put the branch's commit into the file head.  Worker's thread, as the
 * next.
 */
void news_collect(struct news *n, struct store *store);

/*
 * All up to n->seen is told: it is not told again after a start.  Not where
 * the state was made again meanwhile: the next news_collect() says so.
 */
void news_note(struct news *n, struct store *store);

#endif
