#ifndef DAEMON_REPORT_H
#define DAEMON_REPORT_H

#include "base/buf.h"
#include "store/state.h"

/*
 * What the state tells, as JSON: the same words whether the daemon answers
 * or opsync reads the state itself.  Each adds to out lines of one object.
 * The objects are described in docs/control.md.
 */

/* One line: counts, cursor, the last runs, work packages in error. */
int report_status(struct state *s, struct buf *out, struct err *e);

/* A line a run, the newest first. */
int report_runs(struct state *s, int64_t limit, struct buf *out, struct err *e);

/* A line a day, the newest first: what it cost the server. */
int report_usage(
	struct state *s, int64_t limit, struct buf *out, struct err *e);

/* A line an event, in order. */
int report_log(struct state *s, const struct state_event_query *q,
	struct buf *out, struct err *e);

/*
 * One line: what is known of a work package (0: of the one whose document or
 * attachment is, or was, at path: if that is unknown, "work_package" is null,
 * and git may know more: daemon/show_commit.h).  ERR_USAGE if nothing is, and
 * of a folder.
 */
int report_show(struct state *s, int64_t work_package, struct str path,
	struct buf *out, struct err *e);

/* Add an event as an object, without its last brace. */
void report_event(struct buf *out, const struct state_event *event);

/*
 * Each adds a member of an object, or (key NULL) an item of a list, with the
 * comma before it that it needs: there is none at the beginning of out or of a
 * line, nor behind the bracket that opens an object or a list.  Text may be
 * STR_NONE: null, as are an id and a stamp of 0.
 */
void report_key(struct buf *out, const char *key); /* the value is to follow */
void report_open(struct buf *out, const char *key, char bracket);
void report_text(struct buf *out, const char *key, struct str text);
void report_int(struct buf *out, const char *key, int64_t number);
void report_id(struct buf *out, const char *key, int64_t id);
void report_bool(struct buf *out, const char *key, bool is);
void report_stamp(struct buf *out, const char *key, int64_t stamp);

#endif
