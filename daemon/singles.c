/*
 * singles - what no list gives, asked for by the ids.
 *
 * They come in any order, and are taken on the worker's thread one by one.
 * That the server gives one shows that it is well; that it fails at a few, one
 * after the other, that it is not, and it is not asked for more than these.
 */
#include "daemon/singles.h"

#include "daemon/log.h"

static void go_on(struct singles *s);

static void finish(struct singles *s)
{
	for (size_t i = 0; i < SINGLES_ASKED; i++)
		api_request_fini(&s->asked[i].request);
	if (s->canceled && s->err.code == 0)
		err_set(&s->err, ERR_CANCELED, "canceled");
	if (s->despair.code != 0 && s->spare != NULL)
		log_warning("%s, as at those before: left for the next time, "
			    "with all %s behind it (%zu)",
			s->despair.text, s->spare, s->ids->n - s->next);
	else if (s->err.code == 0)
		s->err = s->despair;
	s->done(s); /* s may be gone */
}

/* Is it of this one alone?  It was shown just now to whom the key is of. */
static bool is_own(const struct single *one, const struct err *err)
{
	return err->code == ERR_UNAVAILABLE || err->code == ERR_QUERY ||
	       err->code == ERR_DATA ||
	       (err->code == ERR_AUTH && one->request.status == 403);
}

/* A right that lacks says nothing about how well the server is. */
static void leave(struct singles *s, const struct err *err)
{
	s->n_failed += err->code != ERR_AUTH;
	if (s->n_failed == SINGLES_ASKED)
		s->despair = *err;
	else
		log_warning("%s: left for the next time", err->text);
}

static void after(struct single *one, const struct err *err)
{
	struct singles *s = one->singles;

	one->singles = NULL;
	s->n_asked--;
	if (err->code == 0)
		s->n_failed = 0;
	else if (is_own(one, err))
		leave(s, err);
	else if (s->err.code == 0)
		s->err = *err;
	go_on(s);
}

static void run_take(struct job *job)
{
	struct single *one = container_of(job, struct single, job);
	struct singles *s = one->singles;
	bool is_there = one->request.err.code == 0;

	s->take(s, one->id, is_there ? buf_str(&one->request.body) : STR_NONE,
		&one->err);
}

static void on_taken(struct job *job)
{
	struct single *one = container_of(job, struct single, job);

	if (one->request.err.code == 0)
		sync_name_answer(&one->request, &one->err);
	after(one, &one->err);
}

static void on_answer(struct api_request *request)
{
	struct single *one = container_of(request, struct single, request);

	if (request->err.code == 0 || request->err.code == ERR_NOT_FOUND)
		worker_run(one->singles->sync->worker, &one->job, run_take,
			on_taken);
	else
		after(one, &request->err);
}

static void ask(struct singles *s, struct single *one)
{
	struct buf path = {0};

	one->singles = s;
	one->id = s->ids->items[s->next++];
	one->err = (struct err){0};
	s->n_asked++;
	s->path(&path, one->id);
	api_ask(s->sync->client, &one->request, &path, on_answer);
}

static void go_on(struct singles *s)
{
	bool ended = s->canceled || s->err.code != 0 || s->despair.code != 0;

	size_t most = SINGLES_ASKED - s->n_failed;

	for (size_t i = 0; i < SINGLES_ASKED && !ended; i++)
		if (s->asked[i].singles == NULL && s->n_asked < most &&
			s->next < s->ids->n)
			ask(s, &s->asked[i]);
	if (s->n_asked == 0)
		finish(s);
}

void singles_start(struct singles *s, singles_done_fn *done)
{
	s->done = done;
	go_on(s);
}

void singles_cancel(struct singles *s)
{
	s->canceled = true;
	for (size_t i = 0; i < SINGLES_ASKED; i++)
		if (s->asked[i].singles != NULL)
			api_cancel(&s->asked[i].request);
}
