/*
 * render - the document of one work package on standard output.
 *
 * A file holds a work package as the API gives it; nothing else is read but
 * what the arguments name: no key, no store.  A number is a work package that
 * the store knows: it is rendered from the state.  Nothing is written.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/resources.h"
#include "cli/cli.h"
#include "content/image.h"
#include "daemon/names.h"
#include "store/store.h"

#define MAX_FILE ((size_t)64 * 1024 * 1024)

struct render {
	const char *what; /* file or id */
	const char *schema_file;
	const char *attachments_dir;
	struct config config;
	struct arena arena;
	struct buf file;
	struct buf source;
	struct buf attachments;
	struct schema schema;
	struct work_package wp;
	struct names names;
};

static int read_file(const char *path, struct buf *out, struct err *e)
{
	char bytes[65536];
	FILE *f = fopen(path, "re");
	size_t n;
	int r = 0;

	if (f == NULL)
		return err_errno(e, ERR_DATA, errno, "%s", path);
	while (r == 0 && (n = fread(bytes, 1, sizeof(bytes), f)) > 0) {
		buf_add(out, bytes, n);
		if (out->n > MAX_FILE)
			r = err_set(
				e, ERR_DATA, "%s: is more than 64 MiB", path);
	}
	if (r == 0 && ferror(f))
		r = err_errno(e, ERR_DATA, errno, "%s", path);
	fclose(f);
	return r;
}

/* --- From a file -------------------------------------------------------- */

/* IDENT of the first "/projects/IDENT/" that is no number, in a link. */
static struct str identifier_in_links(struct str element)
{
	const struct str mark = STR("/projects/");
	struct str rest = api_member(element, "_links");

	while (rest.p != NULL) {
		size_t at = str_find(rest, mark);
		size_t n = 0;
		long long id;
		struct str ident;

		if (at == rest.n)
			break;
		rest = str_skip(rest, at + mark.n);
		while (n < rest.n && strchr("/\"?", rest.p[n]) == NULL)
			n++;
		ident = (struct str){rest.p, n};
		if (n > 0 && n < rest.n && rest.p[n] == '/' &&
			!str_to_int64(ident, &id))
			return ident;
	}
	return STR_NONE;
}

static int find_project(struct render *r, struct str element, struct err *e)
{
	struct str embedded = api_member(element, "_embedded");
	struct str project =
		embedded.p != NULL ? api_member(embedded, "project") : STR_NONE;
	struct project parsed;
	int rc;

	if (project.p != NULL) {
		rc = api_project_parse(&r->arena, project, &parsed, e);
		if (rc == 0)
			r->wp.project_identifier = parsed.identifier;
		return rc;
	}
	r->wp.project_identifier =
		arena_str(&r->arena, identifier_in_links(element));
	if (r->wp.project_identifier.p == NULL) {
		fprintf(stderr,
			"opsync: note: %s does not say the identifier of its "
			"project: any match.project fits\n",
			r->what);
		r->wp.project_identifier = STR("*");
	}
	return 0;
}

static int find_status(struct render *r, struct str element, struct err *e)
{
	struct str embedded = api_member(element, "_embedded");
	struct str status =
		embedded.p != NULL ? api_member(embedded, "status") : STR_NONE;
	struct api_name name;
	int rc;

	if (status.p == NULL)
		return 0;
	rc = api_name_parse(&r->arena, status, &name, e);
	if (rc == 0)
		r->wp.status_is_closed = name.is_closed;
	return rc;
}

/* A schema, or a list of them with the one that fits. */
static int load_schema(struct render *r, struct str element, struct err *e)
{
	struct str embedded = api_member(element, "_embedded");
	struct str text =
		embedded.p != NULL ? api_member(embedded, "schema") : STR_NONE;
	struct buf file = {0};
	int rc = 0;

	if (r->schema_file != NULL) {
		rc = read_file(r->schema_file, &file, e);
		text = buf_str(&file);
	}
	if (rc == 0 && text.p != NULL) {
		rc = api_schema_parse(&r->arena, text, &r->schema, e);
		if (rc == 0)
			r->wp.schema = &r->schema;
		else if (r->schema_file != NULL)
			err_prefix(e, "%s", r->schema_file);
	}
	buf_fini(&file);
	return rc;
}

static int load_attachments(struct render *r, struct str element, struct err *e)
{
	struct str embedded = api_member(element, "_embedded");
	struct str list = embedded.p != NULL
				  ? api_member(embedded, "attachments")
				  : STR_NONE;
	int rc = 0;

	r->wp.attachments_known = true;
	if (list.p == NULL)
		return 0;
	rc = api_attachments_source_make(list, &r->attachments, e);
	if (rc == 0)
		rc = api_attachments_parse(
			&r->arena, buf_str(&r->attachments), &r->wp, e);
	return rc;
}

static int from_file(struct render *r, struct err *e)
{
	struct api_source head;
	struct str element;
	int rc = read_file(r->what, &r->file, e);

	if (rc != 0)
		return rc;
	element = buf_str(&r->file);
	rc = api_source_make(element, &r->source, &head, e);
	if (rc == 0)
		rc = api_work_package_parse(
			&r->arena, buf_str(&r->source), &r->wp, e);
	if (rc == 0)
		rc = load_schema(r, element, e);
	if (rc == 0)
		rc = find_project(r, element, e);
	if (rc == 0)
		rc = find_status(r, element, e);
	if (rc == 0)
		rc = load_attachments(r, element, e);
	if (rc == 0)
		r->wp.url = arena_printf(&r->arena, "%s/work_packages/%lld",
			r->config.url, (long long)head.id);
	if (rc == ERR_UNAVAILABLE)
		e->code = ERR_DATA; /* no server is to blame for a file */
	return rc == 0 ? 0 : err_prefix(e, "%s", r->what);
}

/* The contents of an attachment, by id or by file name. */
static void look_at_content(struct render *r, struct attachment *a)
{
	char *paths[] = {
		xasprintf("%s/%lld", r->attachments_dir, (long long)a->id),
		xasprintf(
			"%s/%.*s", r->attachments_dir, STR_ARGS(a->file_name)),
	};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC);

		if (fd >= 0 && !a->fetched) {
			a->fetched = true;
			image_probe_fd(fd, &a->image);
		}
		if (fd >= 0)
			close(fd);
		free(paths[i]);
	}
}

/* --- From the state ----------------------------------------------------- */

static int take_row(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	struct render *r = arg;

	if (wp->source.p == NULL || wp->source.n == 0)
		return err_set(e, ERR_DATA,
			"work package %lld makes no document, so its source "
			"is not kept",
			(long long)wp->id);
	buf_add_str(&r->source, wp->source);
	r->wp.attachments_known = wp->attachments.p != NULL;
	buf_add_str(&r->attachments, wp->attachments);
	return 0;
}

static int take_image(
	void *arg, const struct state_attachment *a, struct err *e)
{
	struct attachment *out = arg;

	(void)e;
	out->fetched = a->size == out->size;
	out->image = a->image;
	return 0;
}

static int look_up_contents(
	struct render *r, struct state *state, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->wp.n_attachments; i++) {
		struct attachment *a = &r->wp.attachments[i];
		bool found;

		rc = state_attachment(state, a->id, &found, take_image, a, e);
	}
	return rc;
}

static int parse_row(struct render *r, struct state *state, struct err *e)
{
	bool known = r->wp.attachments_known;
	const struct project *project;
	int rc = api_work_package_parse(
		&r->arena, buf_str(&r->source), &r->wp, e);

	r->wp.attachments_known = known;
	if (rc == 0 && known)
		rc = api_attachments_parse(
			&r->arena, buf_str(&r->attachments), &r->wp, e);
	if (rc == 0)
		rc = names_load(&r->names, state, e);
	if (rc != 0)
		return rc;
	project = names_project(&r->names, r->wp.project.id);
	if (project != NULL)
		r->wp.project_identifier = project->identifier;
	r->wp.status_is_closed =
		names_status_is_closed(&r->names, r->wp.status.id);
	r->wp.schema = names_schema(&r->names, r->wp.project.id, r->wp.type.id);
	r->wp.url = arena_printf(&r->arena, "%s/work_packages/%lld",
		r->config.url, (long long)r->wp.id);
	return look_up_contents(r, state, e);
}

static int from_state(struct render *r, int64_t id, struct err *e)
{
	struct buf path = {0};
	struct state *state = NULL;
	bool found = false;
	int rc = store_state_path(r->config.store_path, &path, e);

	if (rc == 0)
		rc = state_open(path.p, true, &state, e);
	if (rc == 0)
		rc = state_work_package(state, id, &found, take_row, r, e);
	if (rc == 0 && !found)
		rc = err_set(e, ERR_DATA, "work package %lld is not known here",
			(long long)id);
	if (rc == 0)
		rc = parse_row(r, state, e);
	state_close(state);
	buf_fini(&path);
	return rc;
}

/* --- The document ------------------------------------------------------- */

static const struct attachment *find_attachment(
	const struct work_package *wp, int64_t id)
{
	for (size_t i = 0; i < wp->n_attachments; i++)
		if (wp->attachments[i].id == id)
			return &wp->attachments[i];
	return NULL;
}

static int complain_needs(
	const struct render *r, const struct rendered *rendered, struct err *e)
{
	const struct attachment *a =
		rendered->n_needs > 0
			? find_attachment(&r->wp, rendered->needs[0])
			: NULL;

	if (rendered->needs_list)
		return err_set(e, ERR_DATA,
			"%s: the mapping needs the list of attachments, which "
			"is not here",
			r->what);
	return err_set(e, ERR_DATA,
		"%s: the mapping needs the contents of attachment %lld "
		"(%.*s): --attachments DIR with a file %lld or of that name",
		r->what, (long long)(a != NULL ? a->id : 0),
		STR_ARGS(a != NULL ? a->file_name : STR_NONE),
		(long long)(a != NULL ? a->id : 0));
}

static int print(
	const struct render *r, const struct rendered *rendered, struct err *e)
{
	const struct err *bad = &rendered->match_err;

	for (size_t i = 0; i < rendered->n; i++) {
		const struct rendering *one = &rendered->items[i];

		if (one->err.code != 0) {
			bad = &one->err;
			continue;
		}
		fwrite(one->document.text.p, 1, one->document.text.n, stdout);
	}
	if (bad->code != 0) {
		*e = *bad;
		return err_prefix(e, "%s", r->what);
	}
	if (rendered->n == 0)
		return err_set(e, ERR_DATA,
			"%s: no entry of documents: fits work package %lld",
			r->what, (long long)r->wp.id);
	return 0;
}

static int render(struct render *r, struct err *e)
{
	struct rendered rendered = {0};
	int rc;

	for (size_t i = 0;
		r->attachments_dir != NULL && i < r->wp.n_attachments; i++)
		look_at_content(r, &r->wp.attachments[i]);
	rc = program_render(r->config.program, &r->wp, 0, &r->arena, &rendered);
	if (rc == ERR_NEED)
		rc = complain_needs(r, &rendered, e);
	else
		rc = print(r, &rendered, e);
	rendered_fini(&rendered);
	return rc;
}

static int parse(struct cli *cli, struct render *r, struct err *e)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"schema", required_argument, NULL, 's'},
		{"attachments", required_argument, NULL, 'a'},
		{0},
	};
	int c;

	while ((c = getopt_long(cli->argc, cli->argv, "c:", options, NULL)) !=
		-1) {
		switch (c) {
		case 'c':
			cli->config_file = optarg;
			break;
		case 's':
			r->schema_file = optarg;
			break;
		case 'a':
			r->attachments_dir = optarg;
			break;
		default:
			return cli_bad_usage("render", e);
		}
	}
	if (optind + 1 != cli->argc)
		return err_set(e, ERR_USAGE,
			"render: which work package? (an id, or a file with "
			"one as the API gives it)");
	r->what = cli->argv[optind];
	return 0;
}

int cli_render(struct cli *cli, struct err *e)
{
	struct render r = {0};
	long long id;
	int rc = parse(cli, &r, e);

	if (rc == 0)
		rc = cli_config(cli, &r.config, e);
	if (rc == 0)
		rc = str_to_int64(str_of(r.what), &id) && id > 0
			     ? from_state(&r, id, e)
			     : from_file(&r, e);
	if (rc == 0)
		rc = render(&r, e);
	names_fini(&r.names);
	buf_fini(&r.file);
	buf_fini(&r.source);
	buf_fini(&r.attachments);
	config_fini(&r.config);
	arena_fini(&r.arena);
	return rc;
}
