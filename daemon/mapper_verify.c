/*
 * mapper_verify - what is not as it should be, in lines for who asked.
 *
 * The store is read, and what a full read would change is told instead of
 * committed.
 */
#include "daemon/mapper_parts.h"
#include "daemon/report.h"

static void on_finding(void *arg, enum store_place place, int64_t work_package,
	struct str path, const char *text)
{
	static const char *const places[] = {
		[STORE_OBJECTS] = "objects",
		[STORE_BRANCH] = "branch",
		[STORE_WORK_TREE] = "work tree",
		[STORE_STATE] = "state",
		[STORE_SERVER] = "server",
	};

	mapper_finding(arg, places[place], work_package, path, text);
}

void mapper_finding(struct buf *out, const char *place, int64_t work_package,
	struct str path, const char *text)
{
	report_open(out, NULL, '{');
	report_text(out, "finding", str_of(place));
	report_id(out, "work_package", work_package);
	report_text(out, "path", path);
	report_text(out, "text", str_of(text));
	buf_puts(out, "}\n");
}

int mapper_check(struct mapper *m, const atomic_bool *stop, struct buf *out,
	struct err *e)
{
	return store_check(m->store, stop, on_finding, out, e);
}

struct found {
	struct mapper *m;
	struct buf *out;
};

static void on_removal(void *arg, const struct removal *removal)
{
	const struct found *f = arg;

	if (!guard_holds(&f->m->guard, removal))
		on_finding(f->out, STORE_SERVER, removal->work_package,
			STR_NONE, removal->why);
}

/* On a branch that cannot be read nothing can be made; that is told already. */
int mapper_differences(struct mapper *m, struct buf *out, struct err *e)
{
	struct found f = {m, out};
	struct err told = {0};

	mapper_settle(m, &told);
	removals_each(&m->guard.removals, on_removal, &f);
	guard_forget(&m->guard);
	return store_differences(m->store, on_finding, out, e);
}

static void on_adopted(void *arg, int64_t work_package, struct str path)
{
	struct found *a = arg;

	if (work_package == 0) {
		mapper_finding(a->out, "stranger", 0, path,
			"no document makes it: it stays");
		return;
	}
	mapper_finding(a->out, "adopted", work_package, path,
		"a file of another tool becomes a document's");
	if (!a->m->dry)
		mapper_event(a->m, LOG_LEVEL_NOTICE, "adopted", work_package,
			path, "taken over from another tool");
}

int mapper_adopted(struct mapper *m, struct buf *out, struct err *e)
{
	struct found a = {m, out};

	return store_adopted(m->store, on_adopted, &a, e);
}
