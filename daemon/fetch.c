/*
 * fetch - one attachment's content, streamed from the server to the store.
 *
 *   request: bytes --> arrived --.   (paused while arrived is full)
 *   making:                       |--> content ---.    small ones
 *   job:                          `--> chunk --> content --> blob
 *
 * A small content is hashed and deflated on a thread of libuv's pool when it
 * is here, with others, and goes to the worker as a whole; a large one goes
 * there in chunks, of which one is under way at a time.  When the request is
 * tried again, the next job forgets what came before.  A content whose size
 * or digest is wrong is fetched a second time before it counts as failed.
 *
 * While the worker commits, contents go on coming, as far as there is room.
 */
#include "daemon/fetch.h"

#include <assert.h>
#include <stdlib.h>

#define SMALL ((int64_t)1024 * 1024)
#define CHUNK ((size_t)512 * 1024)
#define FULL ((size_t)1024 * 1024)
#define MAX_TRIES 2
#define TOGETHER 8 /* contents that are made at once */
#define FEW_AHEAD 2
#define ROOM ((size_t)16 << 20)
#define LARGE ((size_t)4 << 20) /* that a large one takes of it */
#define ASKED ((size_t)8 << 10) /* and any, beside its bytes */

static void give_chunk(struct fetch *f);

/* --- The worker's side -------------------------------------------------- */

static int add_chunk(struct fetch *f)
{
	int r = 0;

	if (f->content == NULL)
		r = store_content_begin(f->sync->mapper->store,
			f->need.attachment_id, f->need.size, &f->content,
			&f->job_err);
	if (r == 0 && f->chunk.n > 0) {
		struct buf spare = f->lent; /* from now on */

		r = store_content_add(
			f->content, f->chunk.p, f->chunk.n, &f->job_err);
		f->lent = f->chunk;
		f->chunk = spare;
	}
	return r;
}

static void drop(struct fetch *f)
{
	store_content_drop(f->content);
	f->content = NULL;
}

/* Before it is mapped, the state may not know the work package. */
static void tell(const struct fetch *f)
{
	struct mapper *m = f->sync->mapper;

	m->at = f->work_package;
	m->at_project = f->project_id;
	mapper_event(m, LOG_LEVEL_DEBUG, "fetched", f->work_package, STR_NONE,
		"attachment %lld, %lld bytes", (long long)f->need.attachment_id,
		(long long)f->need.size);
}

/* All of it is here. */
static int stage(struct fetch *f)
{
	struct mapper *m = f->sync->mapper;
	const char *digest = f->need.digest;
	struct store_content *content;
	int r = state_hold(store_state(m->store), &f->job_err);

	if (r != 0)
		return r;
	content = f->content;
	f->content = NULL;
	r = store_content_end(content, f->work_package,
		str_of(digest[0] != '\0' ? digest : NULL), &f->job_err);
	if (r == 0)
		tell(f);
	return r;
}

static void run_chunk(struct job *job)
{
	struct fetch *f = container_of(job, struct fetch, job);
	int r = 0;

	if (!f->whole && (f->restart || f->drop))
		drop(f);
	if (f->drop)
		return;
	if (!f->whole)
		r = add_chunk(f);
	if (r == 0 && f->last)
		r = stage(f);
	if (r != 0)
		drop(f);
	else if (f->last && f->staged != NULL)
		f->staged(f);
}

/* --- The loop's side ---------------------------------------------------- */

static void on_request_done(struct api_request *request);

static void ask(struct fetch *f)
{
	struct buf path = {0};

	api_request_fini(&f->request);
	api_path_content(&path, f->need.attachment_id);
	f->request.path = buf_take(&path);
	api_get(f->sync->client, &f->request, on_request_done);
}

/* --- Room --------------------------------------------------------------- */

void fetch_room_init(struct fetch_room *room)
{
	*room = (struct fetch_room){0};
	TAILQ_INIT(&room->waiting);
	TAILQ_INIT(&room->arrived);
}

/* As it came, and deflated. */
static size_t most_held(const struct fetch *f)
{
	return ASKED +
	       (f->need.size <= SMALL ? 2 * (size_t)f->need.size : LARGE);
}

static void leave_queue(struct fetch *f)
{
	TAILQ_REMOVE(&f->room->waiting, f, link);
	f->waits = false;
}

static void let_in(struct fetch_room *room)
{
	struct fetch *f;

	while ((f = TAILQ_FIRST(&room->waiting)) != NULL) {
		size_t n = most_held(f);

		if (room->taken > 0 && room->taken + n > ROOM)
			return;
		leave_queue(f);
		room->taken += f->held = n;
		ask(f);
	}
}

/* From now on it takes so much. */
static void hold(struct fetch *f, size_t n)
{
	f->room->taken = f->room->taken - f->held + n;
	f->held = n;
	let_in(f->room);
}

static void finish(struct fetch *f)
{
	hold(f, 0);
	f->done(f); /* f may be gone */
}

/* --- Making, on a thread of libuv's pool --------------------------------- */

struct making {
	uv_work_t work;
	struct store *store;
	size_t n;
	struct fetch *fetches[TOGETHER];
	struct store_arrival arrivals[TOGETHER];
};

static void run_make(uv_work_t *work)
{
	struct making *m = container_of(work, struct making, work);

	store_contents_arrived(m->store, m->arrivals, m->n);
}

static void on_made(uv_work_t *work, int status)
{
	struct making *m = container_of(work, struct making, work);

	(void)status; /* it is never canceled */
	for (size_t i = 0; i < m->n; i++) {
		struct fetch *f = m->fetches[i];

		f->content = m->arrivals[i].content;
		hold(f, ASKED + store_content_memory(f->content));
		worker_give(f->sync->worker, &f->job);
	}
	free(m);
}

static void take_arrived(struct fetch_room *room, struct making *m)
{
	struct fetch *f = TAILQ_FIRST(&room->arrived);

	TAILQ_REMOVE(&room->arrived, f, link);
	room->n_arrived--;
	room->n_ahead++;
	m->fetches[m->n] = f;
	m->arrivals[m->n++] = (struct store_arrival){
		.attachment_id = f->need.attachment_id,
		.size = f->need.size,
		.bytes = f->chunk,
	};
	f->chunk = (struct buf){0};
}

static void make(struct fetch_room *room)
{
	const struct sync *sync = TAILQ_FIRST(&room->arrived)->sync;
	struct making *m = xcalloc(1, sizeof(*m));

	m->store = sync->mapper->store;
	while (m->n < TOGETHER && room->n_arrived > 0)
		take_arrived(room, m);
	if (uv_queue_work(sync->loop, &m->work, run_make, on_made) != 0)
		abort(); /* only without a callback */
}

/*
 * Several at once wake fewer threads, so they wait for each other: but only
 * while there are others ahead, of which the last ones come back here.
 */
static void make_some(struct fetch_room *room)
{
	while (room->n_arrived >= TOGETHER ||
		(room->n_arrived > 0 && room->n_ahead <= FEW_AHEAD))
		make(room);
}

/* --- Chunks ------------------------------------------------------------- */

static void on_chunk(struct job *job)
{
	struct fetch *f = container_of(job, struct fetch, job);
	bool was_last = f->last;

	f->busy = false;
	if (f->whole) {
		f->room->n_ahead--;
		make_some(f->room);
	}
	if (f->job_err.code != 0 && f->err.code == 0) {
		bool again = f->job_err.code == ERR_DATA && was_last &&
			     ++f->tries < MAX_TRIES;

		if (again) {
			f->job_err = (struct err){0};
			f->ended = f->last = false;
			ask(f);
			return;
		}
		f->err = f->job_err;
		if (!f->ended)
			api_cancel(&f->request);
	}
	if (was_last && f->ended) {
		finish(f);
		return;
	}
	if (f->ended || f->arrived.n >= CHUNK || f->err.code != 0)
		give_chunk(f);
	if (f->paused && !f->ended) {
		f->paused = false;
		api_resume(&f->request);
	}
}

/* Give the worker what arrived; the end too, once the request is done. */
static void give_chunk(struct fetch *f)
{
	struct buf spare;

	if (f->busy || (f->err.code != 0 && !f->ended))
		return;
	spare = f->chunk; /* not before: it is the worker's while busy */
	buf_clear(&spare);
	f->chunk = f->arrived;
	f->arrived = spare;
	f->last = f->ended;
	f->drop = f->err.code != 0;
	f->restart = f->restarted;
	f->restarted = false;
	f->busy = true;
	f->whole = f->last && !f->drop && f->need.size <= SMALL;
	if (!f->whole) {
		worker_give(f->sync->worker, &f->job);
		return;
	}
	TAILQ_INSERT_TAIL(&f->room->arrived, f, link);
	f->room->n_arrived++;
	make_some(f->room);
}

static int on_bytes(struct api_request *request, const void *bytes, size_t n)
{
	struct fetch *f = container_of(request, struct fetch, request);

	if (f->busy && f->arrived.n >= FULL) {
		f->paused = true;
		return 1;
	}
	if (f->arrived.cap == 0 && f->need.size <= SMALL)
		buf_reserve(&f->arrived, (size_t)f->need.size);
	buf_add(&f->arrived, bytes, n);
	if (f->need.size > SMALL && f->arrived.n >= CHUNK)
		give_chunk(f);
	return 0;
}

static void on_restart(struct api_request *request)
{
	struct fetch *f = container_of(request, struct fetch, request);

	buf_clear(&f->arrived);
	f->restarted = true;
}

static void on_request_done(struct api_request *request)
{
	struct fetch *f = container_of(request, struct fetch, request);

	f->ended = true;
	if (f->err.code == 0)
		f->err = request->err;
	give_chunk(f);
}

void fetch_start(struct fetch *f, fetch_done_fn *done)
{
	f->done = done;
	f->job = (struct job){
		.run = run_chunk, .done = on_chunk, .shares = true};
	f->request.content = true;
	f->request.single = true;
	/* An empty one may be empty, but a cap of nothing is none. */
	f->request.max_size = f->need.size > 0 ? f->need.size : 1;
	f->request.on_bytes = on_bytes;
	f->request.on_restart = on_restart;
	f->waits = true;
	TAILQ_INSERT_TAIL(&f->room->waiting, f, link);
	let_in(f->room);
}

void fetch_cancel(struct fetch *f)
{
	if (!f->waits) {
		if (!f->ended)
			api_cancel(&f->request);
		return;
	}
	leave_queue(f);
	err_set(&f->err, ERR_CANCELED, "attachment %lld: canceled",
		(long long)f->need.attachment_id);
	f->ended = true;
	give_chunk(f);
}

void fetch_fini(struct fetch *f)
{
	assert(!f->busy && f->content == NULL);
	api_request_fini(&f->request);
	buf_fini(&f->arrived);
	buf_fini(&f->chunk);
	buf_fini(&f->lent);
}
