#ifndef DAEMON_MONITOR_H
#define DAEMON_MONITOR_H

#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/pass.h"

/*
 * What monitoring is told after each pass: faults, which go to the sync log;
 * what the day cost the server; the file of metrics.  Loop's thread; what
 * blocks is done by a job.
 */

/* A fault that begins or ends: the journal has it. */
struct monitor_turn {
	enum health_turn turn;
	char sentence[640];
};

/* In order. */
struct monitor_turns {
	size_t n;
	struct monitor_turn items[4];
};

/* Zero it, set the first part. */
struct monitor {
	const struct sync *sync;
	bool single;     /* of --once */
	int64_t started; /* wall clock */

	/* Set before monitor_pass(), where commits are pushed. */
	bool pushes;
	int64_t push_pending;
	bool push_failing;

	/* To be read. */
	struct health health;
	int64_t last_attempt; /* wall clock: the end of the last pass */
	int64_t last_success; /* of the last good one, maybe before the start */

	/* Private. */
	char *instance;     /* owned: a reload frees it while a job reads it */
	int64_t good_began; /* monotonic: when the last good pass did */
	bool failing;
	struct metrics metrics;
	struct api_counters seen;   /* by the end of the pass before */
	struct state_usage usage;   /* not yet in the state */
	int64_t flushed_at;         /* monotonic */
	bool flush;                 /* it is to go there */
	struct monitor_turns turns; /* and these */
	struct err complained;
	struct {
		struct job job;
		bool pending;
		bool flush;
		bool failed; /* then that is tried again */
		struct state_usage usage;
		int64_t last_success;
		struct monitor_turns turns;
		char *textfile; /* or NULL; owned */
		struct metrics_now now;
		struct err err;
	} write;
};

/* Members of status: "last_good" as the state has it, and "last_single". */
int monitor_report(struct state *s, struct buf *out, struct err *e);

/* Recall what an earlier process knew.  Before the worker has jobs. */
int monitor_init(struct monitor *m, struct state *state, const char *instance,
	struct err *e);

/*
 * A pass has ended; last: no other comes.  Gives what turns with it: log and
 * journal are told.
 */
enum health_turn monitor_pass(
	struct monitor *m, const struct pass *p, bool last);

/* What is not in the state yet: before the end. */
void monitor_flush(struct monitor *m);

/* Time since all that was there then is in the store; -1: there never was. */
int64_t monitor_lag(const struct monitor *m);

/* When the worker has no job of it any more. */
void monitor_fini(struct monitor *m);

#endif
