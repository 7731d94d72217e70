#ifndef DAEMON_NEWS_H
#define DAEMON_NEWS_H

#include "base/hash.h"
#include "daemon/config.h"
#include "store/store.h"

/* What the sync log says that hooks want to know, as JSON. */
struct news_item {
	int64_t id;  /* the event's */
	unsigned on; /* one of hook_on */
	int64_t work_package;
	char *text; /* owned: one JSON object and a newline */
};

/* How far one hook was told. */
struct news_mark {
	char hook[SHA256_HEX]; /* of what it runs, and on what */
	int64_t at;            /* the last event; -1: the state was not asked */
};

struct news {
	char *url; /* owned, as the next two */
	char *instance;
	char *head_file; /* NULL: the store's */
	bool first;      /* what is in the log already is not new */
	int64_t noted;   /* so far all is told, says the state; -1: not asked */
	int64_t after;   /* this event, take what is new; -1: ask the state */
	int64_t seen;    /* the last one that was looked at, */
	bool more;       /* and there are others */
	bool anew;       /* it was asked: at first, or since it counts from 1 */
	char head[41];   /* what the file holds */
	size_t n_marks;  /* one for each hook of the configuration, */
	struct news_mark *marks; /* owned; at is theirs to set */
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

/* Private to news's files: what was logged behind n->after. */
int news_gather(struct news *n, struct store *store, struct err *e);

/*
 * Each hook is told as far as its mark says, or all up to n->seen where there
 * is none: that is not told again after a start.  Not where the state was made
 * again meanwhile: the next news_collect() says so.
 */
void news_note(struct news *n, struct store *store);

#endif
