#ifndef DAEMON_ITEMS_H
#define DAEMON_ITEMS_H

#include "daemon/fetch.h"
#include "daemon/sync.h"

struct items;
typedef void items_fn(struct items *items);

/*
 * Work packages on their way to a document that need more than their list
 * element: the attachment list, or contents.  Some are worked on at a time,
 * the others wait in order.  Zero it, set the first part.
 */
struct items {
	struct sync *sync;
	/* Called after an item has ended: there may be room for more. */
	items_fn *moved;

	/*
	 * Result: code 0, or a fault that ends the pass (the store's, or the
	 * server's as a whole); items that are left are then dropped.
	 */
	struct err err;
	size_t n_waiting;
	size_t n_active;

	/* Private. */
	struct fetch_room room;
	size_t weight; /* bytes of memory that the active ones take, */
	size_t usual;  /* and that one takes whose attachments are known */
	struct item *first;
	struct item **last;
	struct item *active;
	int64_t sound_at; /* when the server was found well; monotonic */
};

void items_init(struct items *items, struct sync *sync, items_fn *moved);

/* Takes the work packages (not the array); drops them after a cancel. */
void items_add(struct items *items, struct mapper_item **work, size_t n);

/* Drop those that wait, cancel those at work; moved() still comes for each. */
void items_cancel(struct items *items, const struct err *why);

/* Enough are here: no more are to be read, so that memory stays flat. */
static inline bool items_full(const struct items *items)
{
	return items->n_waiting + items->n_active > 300;
}

static inline bool items_idle(const struct items *items)
{
	return items->n_waiting == 0 && items->n_active == 0;
}

#endif
