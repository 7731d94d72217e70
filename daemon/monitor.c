/*
 * monitor - after each pass: count, judge, and have it written.
 *
 *   pass ends --> counted, judged --> job: event, day's usage, textfile
 *
 * An idle pass costs no transaction: usage goes into the state with the next
 * run, every ten minutes and at the end.  Where it cannot be written, as on a
 * full disk, it is after the next pass.  A textfile that cannot be written is
 * said once, and disturbs nothing.
 */
#include "daemon/monitor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "daemon/event.h"
#include "daemon/log.h"
#include "daemon/report.h"
#include "daemon/writable.h"
#include "store/files.h"
#include "store/state_guard.h"

#define FLUSH_AFTER (600 * STAMP_SECOND)
#define DAY (86400 * STAMP_SECOND)

/*
 * The state's values: when the last good pass ended, and the last good one of
 * --once; the sentence of a fault that is on.
 */
static const char value_good[] = "last_good";
static const char value_single[] = "last_single";
static const char value_fault[] = "fault";

int monitor_init(struct monitor *m, struct state *state, const char *instance,
	struct err *e)
{
	int64_t ago = 0;
	int r = state_get_int(state, value_good, NULL, &m->last_success, e);

	if (m->last_success != 0)
		ago = stamp_now() - m->last_success;
	m->instance = xstrdup(instance);
	m->health.good_at = stamp_monotonic() - (ago > 0 ? ago : 0);
	m->good_began = m->health.good_at;
	m->flushed_at = stamp_monotonic();
	if (r == 0)
		r = state_has(state, value_fault, &m->health.fault, e);
	return r;
}

static int report(
	struct state *s, const char *key, struct buf *out, struct err *e)
{
	int64_t stamp = 0;
	int r = state_get_int(s, key, NULL, &stamp, e);

	report_stamp(out, key, stamp);
	return r;
}

int monitor_report(struct state *s, struct buf *out, struct err *e)
{
	int r = report(s, value_good, out, e);

	return r == 0 ? report(s, value_single, out, e) : r;
}

int64_t monitor_lag(const struct monitor *m)
{
	return m->last_success != 0 ? stamp_monotonic() - m->good_began : -1;
}

/* --- Writing, on the worker's thread ------------------------------------ */

static enum log_level level_of(enum health_turn turn)
{
	return turn == HEALTH_FAULT ? LOG_LEVEL_ERROR : LOG_LEVEL_NOTICE;
}

static const char *kind_of(enum health_turn turn)
{
	return turn == HEALTH_FAULT ? "fault" : "recovered";
}

static int add_event(
	const struct monitor_turn *turn, struct state *s, struct err *e)
{
	int r = event_add(s, level_of(turn->turn), kind_of(turn->turn),
		turn->sentence, e);

	if (r == 0 && turn->turn == HEALTH_FAULT)
		r = state_put(s, value_fault, str_of(turn->sentence), e);
	else if (r == 0)
		r = state_delete(s, value_fault, e);
	return r;
}

static int write_state(const struct monitor *m, struct state *s, struct err *e)
{
	int r = state_begin(s, e);

	if (r != 0)
		return r;
	for (size_t i = 0; r == 0 && i < m->write.turns.n; i++)
		r = add_event(&m->write.turns.items[i], s, e);
	if (r == 0 && m->write.usage.passes > 0)
		r = state_usage_add(s, &m->write.usage, e);
	if (r == 0 && m->write.last_success != 0)
		r = state_put_int(s, value_good, m->write.last_success, e);
	if (r == 0 && m->single && m->write.last_success >= m->started)
		r = state_put_int(s, value_single, m->write.last_success, e);
	return state_end(s, r, e);
}

/* A count is not worth a wait for the disk, what became of a fault is. */
static int write_flushed(
	const struct monitor *m, struct state *s, struct err *e)
{
	int r;

	if (m->write.turns.n == 0)
		state_relax(s);
	r = write_state(m, s, e);
	state_strict(s);
	return r;
}

static int write_textfile(struct monitor *m, struct state *s, struct err *e)
{
	struct metrics_now *now = &m->write.now;
	struct buf out = {0};
	int r = state_count(s, &now->counts, e);

	if (r == 0)
		r = state_held_count(s, &now->held, e);
	if (r == 0) {
		metrics_render(now, &out);
		if (file_replace(m->write.textfile, buf_str(&out), true) != 0)
			r = writable_complain(
				"status.textfile", m->write.textfile, errno, e);
	}
	buf_fini(&out);
	return r;
}

static void run_write(struct job *job)
{
	struct monitor *m = container_of(job, struct monitor, write.job);
	struct state *state = store_state(m->sync->mapper->store);
	int r = 0;

	if (m->write.flush)
		r = write_flushed(m, state, &m->write.err);
	m->write.failed = r != 0;
	/* It may lie on another disk than the one that is full. */
	if (m->write.textfile != NULL)
		write_textfile(m, state, r == 0 ? &m->write.err : NULL);
}

/* --- On the loop -------------------------------------------------------- */

static struct metrics_now look(const struct monitor *m)
{
	return (struct metrics_now){
		.instance = m->instance,
		.passes = m->metrics,
		.api = *api_client_counters(m->sync->client),
		.started = m->started,
		.last_attempt = m->last_attempt,
		.last_success = m->last_success,
		.lag = monitor_lag(m),
		.failing = m->failing,
		.pushes = m->pushes,
		.push_pending = m->push_pending,
		.push_failing = m->push_failing,
		.fault = m->health.fault,
	};
}

/* Of more than there is room for, a fault and its end go together. */
static void add_turn(struct monitor_turns *to, const struct monitor_turn *turn)
{
	if (to->n == ARRAY_LEN(to->items))
		to->n -= 2;
	to->items[to->n++] = *turn;
}

/* What was not written goes before what came meanwhile. */
static void put_back(struct monitor *m)
{
	struct monitor_turns *turns = &m->write.turns;
	const struct state_usage *usage = &m->write.usage;

	for (size_t i = 0; i < m->turns.n; i++)
		add_turn(turns, &m->turns.items[i]);
	m->turns = *turns;
	m->usage.passes += usage->passes;
	m->usage.requests += usage->requests;
	m->usage.bytes += usage->bytes;
	m->usage.server_time += usage->server_time;
	m->flush = true;
}

static void write_due(struct monitor *m);

static void on_written(struct job *job)
{
	struct monitor *m = container_of(job, struct monitor, write.job);
	const struct err *err = &m->write.err;
	bool more = m->flush;

	if (err->code != 0 && strcmp(err->text, m->complained.text) != 0)
		log_warning("%s", err->text);
	m->complained = *err;
	m->write.pending = false;
	free(m->write.textfile);
	if (m->write.failed)
		put_back(m);
	if (more)
		write_due(m);
}

/* What is to be written is; or will be, when the job before is done. */
static void write_due(struct monitor *m)
{
	const char *textfile = m->sync->config->textfile;

	if (m->write.pending || (!m->flush && textfile == NULL))
		return;
	m->write.flush = m->flush;
	m->write.turns = m->turns;
	m->write.usage = m->usage;
	m->write.last_success = m->last_success;
	if (m->flush) {
		m->usage = (struct state_usage){.day = m->usage.day};
		m->flushed_at = stamp_monotonic();
		m->turns.n = 0;
		m->flush = false;
	}
	m->write.textfile = textfile != NULL ? xstrdup(textfile) : NULL;
	m->write.now = look(m);
	m->write.err = (struct err){0};
	m->write.pending = true;
	worker_run(m->sync->worker, &m->write.job, run_write, on_written);
}

void monitor_flush(struct monitor *m)
{
	m->flush = true;
	write_due(m);
}

static void add_usage(struct monitor *m)
{
	const struct api_counters *c = api_client_counters(m->sync->client);

	m->usage.passes++;
	m->usage.requests += (int64_t)(c->requests - m->seen.requests);
	m->usage.bytes += (int64_t)(c->bytes - m->seen.bytes);
	m->usage.server_time += c->server_time - m->seen.server_time;
	m->seen = *c;
}

static enum metrics_result result_of(const struct pass *p)
{
	if (p->err.code == ERR_CANCELED)
		return METRICS_CANCELED;
	if (p->err.code != 0)
		return METRICS_FAILED;
	return p->counts.failed > 0 ? METRICS_PARTIAL : METRICS_OK;
}

static enum health_turn judge(struct monitor *m, const struct pass *p)
{
	int64_t now = stamp_monotonic();
	int64_t since = now - m->health.good_at;
	struct monitor_turn turn = {
		.turn = health_pass(&m->health, p->err.code == 0, now,
			m->sync->config->fault_after),
	};
	char span[STAMP_SPAN];

	stamp_span(since, span);
	if (turn.turn == HEALTH_FAULT)
		snprintf(turn.sentence, sizeof(turn.sentence),
			"nothing was synced for %s: %s", span, p->err.text);
	else if (turn.turn == HEALTH_RECOVERED)
		snprintf(turn.sentence, sizeof(turn.sentence),
			"synced again, after %s", span);
	if (turn.turn != HEALTH_SAME) {
		event_say(
			level_of(turn.turn), kind_of(turn.turn), turn.sentence);
		add_turn(&m->turns, &turn);
	}
	return turn.turn;
}

enum health_turn monitor_pass(
	struct monitor *m, const struct pass *p, bool last)
{
	int64_t now = stamp_now();
	int64_t today = now - now % DAY;
	enum metrics_result result = result_of(p);
	bool reads = pass_reads_changes(p) && result != METRICS_CANCELED;
	enum health_turn turn = HEALTH_SAME;

	if (m->usage.passes > 0 && m->usage.day != today)
		monitor_flush(m); /* a day that is over */
	m->usage.day = today;
	add_usage(m);
	metrics_count(&m->metrics, result, stamp_monotonic() - p->started);
	m->last_attempt = now;
	if (reads)
		m->failing = p->err.code != 0;
	if (reads && p->err.code == 0) {
		m->last_success = now;
		m->good_began = p->started;
	}
	if (reads)
		turn = judge(m, p);
	m->flush |= last || p->run != 0 || turn != HEALTH_SAME ||
		    stamp_monotonic() - m->flushed_at >= FLUSH_AFTER;
	write_due(m);
	return turn;
}

void monitor_fini(struct monitor *m)
{
	free(m->instance);
}
