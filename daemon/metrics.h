#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include "api/client.h"
#include "store/state.h"

/* What is counted over the life of a process, in Prometheus' words. */
#define METRICS_BUCKETS 10

enum metrics_result {
	METRICS_OK,
	METRICS_PARTIAL, /* done, but some work packages failed */
	METRICS_FAILED,
	METRICS_CANCELED,
	METRICS_RESULTS
};

struct metrics {
	uint64_t passes[METRICS_RESULTS];
	uint64_t buckets[METRICS_BUCKETS]; /* by duration, not added up */
	int64_t duration;                  /* of all of them, microseconds */
};

void metrics_count(
	struct metrics *m, enum metrics_result result, int64_t duration);

/* What is known at the moment of writing.  Stamps; 0: not yet. */
struct metrics_now {
	const char *instance;
	struct metrics passes;
	struct api_counters api;
	struct state_counts counts;
	int64_t held;
	int64_t started;
	int64_t last_attempt;
	int64_t last_success;
	int64_t lag; /* microseconds since the last good pass began, or -1 */
	bool failing;
	bool fault;
	bool pushes; /* commits are pushed: the next two are known */
	int64_t push_pending;
	bool push_failing;
};

/* In the text format that node_exporter's textfile collector reads. */
void metrics_render(const struct metrics_now *now, struct buf *out);

#endif
