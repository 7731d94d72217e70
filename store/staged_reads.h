#ifndef STORE_STAGED_READS_H
#define STORE_STAGED_READS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reads.h"
#include "store/state.h"

struct staged_set;
struct staged_read;

/*
 * What work packages read, until the next commit: a set for each, in place of
 * the recorded one.  Zeroed, it is empty.  Sets are lost with their process,
 * and take part in no transaction: they are cleared once it has ended well.
 */
struct staged_reads {
	size_t n_sets, cap_sets;
	struct staged_set *sets;
	size_t n, cap;
	struct staged_read *items;
	uint32_t *by_work_package; /* the newest set, */
	uint32_t *by_thing;        /* and read, of each hash */
};

/* Stage a set, or none: the recorded one holds. */
void staged_reads_put(struct staged_reads *r, int64_t work_package,
	const struct reads *reads);
void staged_reads_forget(struct staged_reads *r, int64_t work_package);

bool staged_reads_any(const struct staged_reads *r);
bool staged_reads_has(const struct staged_reads *r, int64_t work_package);

/* Those whose staged set has a thing; the things of a kind, in any order. */
typedef void staged_reads_fn(void *arg, int64_t id);
void staged_reads_readers(const struct staged_reads *r, enum read_kind kind,
	int64_t id, staged_reads_fn *fn, void *arg);
void staged_reads_things(const struct staged_reads *r, enum read_kind kind,
	staged_reads_fn *fn, void *arg);

/* Record all sets; inside of a transaction. */
int staged_reads_apply(
	const struct staged_reads *r, struct state *s, struct err *e);

/* Forget all of it. */
void staged_reads_clear(struct staged_reads *r);

#endif
