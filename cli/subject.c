/*
 * subject - the work package that a command is about.
 *
 * A file holds it as the API gives it; nothing else is read but what the
 * arguments name: no key, no store.  A number is a work package that the
 * state knows; of one that makes no document it does not keep what it said:
 * that comes from the server.  Nothing is written.
 */
#include "cli/subject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/resources.h"
#include "base/reads.h"
#include "cli/server.h"
#include "content/image.h"
#include "content/program.h"

#define MAX_FILE ((size_t)64 * 1024 * 1024)

static int read_file(const char *path, struct buf *out, struct err *e)
{
	char bytes[65536];
	FILE *f = fopen(path, "re");
	size_t n;
	int rc = 0;

	if (f == NULL)
		return err_errno(e, ERR_DATA, errno, "%s", path);
	while (rc == 0 && (n = fread(bytes, 1, sizeof(bytes), f)) > 0) {
		buf_add(out, bytes, n);
		if (out->n > MAX_FILE)
			rc = err_set(
				e, ERR_DATA, "%s: is more than 64 MiB", path);
	}
	if (rc == 0 && ferror(f))
		rc = err_errno(e, ERR_DATA, errno, "%s", path);
	fclose(f);
	return rc;
}

/* --- From a file -------------------------------------------------------- */

/* IDENT of "/projects/IDENT/" in a link, if it is no number. */
static struct str identifier_in(struct str link)
{
	const struct str mark = STR("/projects/");
	size_t at = str_find(link, mark);
	struct str ident;
	size_t n = 0;
	long long id;

	if (at == link.n)
		return STR_NONE;
	link = str_skip(link, at + mark.n);
	while (n < link.n && link.p[n] != '/' && link.p[n] != '?')
		n++;
	ident = (struct str){link.p, n};
	if (n == 0 || n == link.n || link.p[n] == '?' ||
		str_to_int64(ident, &id))
		return STR_NONE;
	return ident;
}

/* Under which path of its host the server is: "/prefix", or nothing. */
static struct str prefix_of(const char *url)
{
	const char *host = strstr(url, "://");
	const char *path = host != NULL ? strchr(host + 3, '/') : NULL;

	return str_of(path != NULL ? path : "");
}

/* The first that a link has behind that path, which may be /projects. */
static struct str identifier_in_links(struct str element, struct str prefix)
{
	struct str rest = api_member(element, "_links");
	struct str ident = STR_NONE;

	while (ident.p == NULL && rest.n > 0) {
		size_t n = str_find(rest, STR("\""));
		struct str text = {rest.p, n};

		if (str_starts(text, prefix))
			text = str_skip(text, prefix.n);
		ident = identifier_in(text);
		rest = str_skip(rest, n < rest.n ? n + 1 : n);
	}
	return ident;
}

static int find_project(struct subject *s, struct str element, struct err *e)
{
	struct str project = api_embedded(element, "project");
	struct project parsed;
	int rc;

	if (project.p != NULL) {
		rc = api_project_parse(&s->arena, project, &parsed, e);
		if (rc == 0)
			s->wp.project_identifier = parsed.identifier;
		return rc;
	}
	s->wp.project_identifier = arena_str(&s->arena,
		identifier_in_links(element, prefix_of(s->config.url)));
	if (s->wp.project_identifier.p == NULL) {
		fprintf(stderr,
			"opsync: note: %s does not say the identifier of its "
			"project: any match.project fits\n",
			s->what);
		s->wp.any_project = true;
	}
	return 0;
}

static int find_status(struct subject *s, struct str element, struct err *e)
{
	struct str status = api_embedded(element, "status");
	struct api_name name;
	int rc;

	if (status.p == NULL)
		return 0;
	rc = api_name_parse(&s->arena, status, "status", &name, e);
	if (rc == 0)
		s->wp.status_is_closed = name.is_closed;
	return rc;
}

/* One that is named may be of something else. */
static void take_schema(struct subject *s)
{
	const struct schema *schema = &s->schema;

	s->wp.schema = schema;
	if (schema->project_id != s->wp.project.id ||
		schema->type_id != s->wp.type.id)
		fprintf(stderr,
			"opsync: note: %s is of type %lld in project %lld, and "
			"%s of type %lld in project %lld: its custom fields "
			"may be called otherwise\n",
			s->schema_file != NULL ? s->schema_file : "its schema",
			(long long)schema->type_id,
			(long long)schema->project_id, s->what,
			(long long)s->wp.type.id, (long long)s->wp.project.id);
}

/* The schema that is named, else what is embedded. */
static int load_schema(struct subject *s, struct str element, struct err *e)
{
	struct str text = api_embedded(element, "schema");
	struct buf file = {0};
	int rc = 0;

	if (s->schema_file != NULL) {
		rc = read_file(s->schema_file, &file, e);
		text = buf_str(&file);
	}
	if (rc == 0 && text.p != NULL) {
		rc = api_schema_parse(&s->arena, text, &s->schema, e);
		if (rc == 0)
			take_schema(s);
		else if (s->schema_file != NULL)
			err_prefix(e, "%s", s->schema_file);
	}
	buf_fini(&file);
	return rc;
}

/* Custom fields are called by name, and only a schema has their names. */
static void note_schema(const struct subject *s)
{
	if (s->wp.schema == NULL &&
		program_mentions(s->config.program, READ_SCHEMA, STR_NONE))
		fprintf(stderr,
			"opsync: note: %s does not say what its custom fields "
			"are called: --schema FILE does, with what its link "
			"schema leads to\n",
			s->what);
}

/* One without a list has none. */
static int parse_attachments(struct subject *s, struct err *e)
{
	s->wp.attachments_known = true;
	return s->attachments.n > 0
		       ? api_attachments_parse(
				 &s->arena, buf_str(&s->attachments), &s->wp, e)
		       : 0;
}

/* _embedded.activities, as /work_packages/ID/activities gives them. */
static int load_comments(struct subject *s, struct str element, struct err *e)
{
	struct str list = api_embedded(element, "activities");
	int rc = 0;

	if (list.p == NULL)
		return 0;
	rc = api_comments_source_make(list, &s->comments, e);
	return rc == 0 ? api_comments_parse(
				 &s->arena, buf_str(&s->comments), &s->wp, e)
		       : rc;
}

/* _embedded.relations, as the API has them. */
static int load_relations(struct subject *s, struct str element, struct err *e)
{
	struct str whole = api_embedded(element, "relations");
	struct buf sources = {0};
	struct api_list list = {0};
	int rc = 0;

	if (whole.p == NULL)
		return 0;
	rc = api_list_scan(&s->arena, whole, &list, e);
	buf_putc(&sources, '[');
	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		struct api_relation one;

		rc = api_relation_make(&s->arena, list.elements[i], &one, e);
		buf_puts(&sources, i > 0 ? "," : "");
		if (rc == 0)
			buf_add_str(&sources, one.source);
	}
	buf_putc(&sources, ']');
	if (rc == 0)
		rc = api_relations_parse(
			&s->arena, buf_str(&sources), &s->wp, e);
	buf_fini(&sources);
	return rc;
}

static int from_file(struct subject *s, struct err *e)
{
	struct api_source head;
	struct str element;
	int rc = read_file(s->what, &s->file, e);

	if (rc != 0)
		return rc;
	element = buf_str(&s->file);
	rc = api_whole_make(element, &s->source, &s->attachments, &head, e);
	if (rc == 0)
		rc = api_work_package_parse(
			&s->arena, buf_str(&s->source), &s->wp, e);
	if (rc == 0)
		rc = load_schema(s, element, e);
	if (rc == 0)
		note_schema(s);
	if (rc == 0)
		rc = find_project(s, element, e);
	if (rc == 0)
		rc = find_status(s, element, e);
	if (rc == 0)
		rc = parse_attachments(s, e);
	if (rc == 0)
		rc = load_comments(s, element, e);
	if (rc == 0)
		rc = load_relations(s, element, e);
	if (rc == 0)
		s->wp.url = arena_printf(&s->arena, "%s/work_packages/%lld",
			s->config.url, (long long)head.id);
	if (rc == ERR_UNAVAILABLE)
		e->code = ERR_DATA; /* no server is to blame for a file */
	return rc == 0 ? 0 : err_prefix(e, "%s", s->what);
}

/* The contents of an attachment, by id or by file name. */
static void look_at_content(struct subject *s, struct attachment *a)
{
	char *paths[] = {
		xasprintf("%s/%lld", s->attachments_dir, (long long)a->id),
		xasprintf(
			"%s/%.*s", s->attachments_dir, STR_ARGS(a->file_name)),
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
	struct subject *s = arg;

	(void)e;
	if (wp->source.n == 0)
		return 0;
	buf_add_str(&s->source, wp->source);
	s->wp.attachments_known = wp->attachments.p != NULL;
	if (s->wp.attachments_known)
		buf_add_str(&s->attachments, wp->attachments);
	s->wp.comments_known = wp->comments.p != NULL;
	if (s->wp.comments_known)
		buf_add_str(&s->comments, wp->comments);
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
	struct subject *s, struct state *state, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->wp.n_attachments; i++) {
		struct attachment *a = &s->wp.attachments[i];
		bool found;

		rc = state_attachment(state, a->id, &found, take_image, a, e);
	}
	return rc;
}

static int parse_row(struct subject *s, struct state *state, struct err *e)
{
	bool known = s->wp.attachments_known;
	bool comments = s->wp.comments_known;
	int64_t unknown;
	const struct project *project;
	int rc = api_work_package_parse(
		&s->arena, buf_str(&s->source), &s->wp, e);

	s->wp.attachments_known = known;
	if (rc == 0 && known)
		rc = parse_attachments(s, e);
	if (rc == 0 && comments)
		rc = api_comments_parse(
			&s->arena, buf_str(&s->comments), &s->wp, e);
	if (rc != 0)
		return rc;
	project = names_project(&s->names, s->wp.project.id);
	if (project != NULL)
		s->wp.project_identifier = project->identifier;
	s->wp.status_is_closed =
		names_status_is_closed(&s->names, s->wp.status.id);
	s->wp.schema = names_schema(&s->names, s->wp.project.id, s->wp.type.id);
	s->wp.url = arena_printf(&s->arena, "%s/work_packages/%lld",
		s->config.url, (long long)s->wp.id);
	lookup_init(&s->lookup, s->config.program, NULL, state, s->wp.id);
	s->wp.neighbours = &s->lookup.neighbours;
	rc = lookup_rename(&s->lookup, &s->arena, &s->wp, e);
	if (rc == 0)
		rc = lookup_relations(&s->lookup, &s->arena, &s->wp, e);
	if (rc == 0)
		rc = lookup_authors(&s->lookup, &s->arena, &s->wp, &unknown, e);
	return rc == 0 ? look_up_contents(s, state, e) : rc;
}

/* --- From the server ---------------------------------------------------- */

static int ask_server(
	struct subject *s, int64_t id, struct api_source *head, struct err *e)
{
	struct server *server = NULL;
	int rc = server_open(&s->config, NULL, &server, e);

	if (rc == 0)
		rc = server_work_package(
			server, id, &s->source, &s->attachments, head, e);
	server_close(server);
	if (rc == ERR_NOT_FOUND)
		e->code = ERR_USAGE;
	return rc == 0 ? 0
		       : err_prefix(e,
				 "work package %lld is not known here, or "
				 "makes no document; and what it says could "
				 "not be asked for",
				 (long long)id);
}

/* Only what is synced can be explained by the configuration. */
static int check_scope(
	struct subject *s, const struct api_source *head, struct err *e)
{
	struct names_scope scope = {0};
	int rc = names_find_scope(&s->names, &s->config, false, &scope, e);
	bool meant = names_in_scope(scope.ids, scope.n, head->project_id);

	free(scope.ids);
	if (rc != 0 || meant)
		return rc;
	return err_set(e, ERR_USAGE,
		"work package %lld is not in the projects that are synced",
		(long long)head->id);
}

static int from_server(struct subject *s, int64_t id, struct err *e)
{
	struct api_source head = {0};
	int rc = ask_server(s, id, &head, e);

	s->wp.attachments_known = true;
	return rc == 0 ? check_scope(s, &head, e) : rc;
}

static int from_state(struct subject *s, int64_t id, struct err *e)
{
	bool found = false;
	int rc = cli_state(&s->config, &s->state, e);

	if (rc == 0)
		rc = names_load(&s->names, s->state, e);
	if (rc == 0)
		rc = names_whole(&s->names, e);
	if (rc == 0)
		rc = state_work_package(s->state, id, &found, take_row, s, e);
	if (rc == 0 && s->source.n == 0)
		rc = from_server(s, id, e);
	if (rc == 0)
		rc = parse_row(s, s->state, e);
	return rc;
}

/* --- All of it ---------------------------------------------------------- */

int subject_parse(struct subject *s, struct cli *cli, int more, struct err *e)
{
	const struct cli_option options[] = {
		{"schema", "FILE",
			"for FILE.json: its schema, which has the names of\n"
			"its custom fields",
			.text = &s->schema_file},
		{"attachments", "DIR",
			"a folder with its attachments, each named by its id\n"
			"or by its own name",
			.text = &s->attachments_dir},
		{0},
	};
	int rc = cli_parse(cli, options, NULL, NULL, e);

	if (rc != 0)
		return rc;
	if (optind >= cli->argc)
		return err_set(e, ERR_USAGE,
			"%s: which work package? (an id, or a file with "
			"one as the API gives it)",
			cli->argv[0]);
	s->what = cli->argv[optind];
	rc = cli_arguments(cli, 1, 1 + more, e);
	optind++;
	return rc;
}

int subject_load(struct subject *s, const struct cli *cli, struct err *e)
{
	long long id;
	int rc = cli_config(cli, &s->config, e);

	if (rc == 0)
		rc = str_to_int64(str_of(s->what), &id) && id > 0
			     ? from_state(s, id, e)
			     : from_file(s, e);
	s->wp.unsaved = true;
	for (size_t i = 0; rc == 0 && s->attachments_dir != NULL &&
			   i < s->wp.n_attachments;
		i++)
		look_at_content(s, &s->wp.attachments[i]);
	return rc;
}

void subject_fini(struct subject *s)
{
	names_fini(&s->names);
	lookup_fini(&s->lookup);
	state_close(s->state);
	buf_fini(&s->file);
	buf_fini(&s->source);
	buf_fini(&s->attachments);
	buf_fini(&s->comments);
	config_fini(&s->config);
	arena_fini(&s->arena);
}
