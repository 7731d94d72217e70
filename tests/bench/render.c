/*
 * render - from JSON in memory to documents in memory, without anything else.
 *
 *   render MAPPING SCHEMA CONTENTS TIMES WORK_PACKAGE ATTACHMENTS …
 *
 * Renders each work package TIMES times, from the element of a list and the
 * collection of its attachments, whose contents are in the folder CONTENTS by
 * id.  Prints the seconds of processor time, the bytes of the documents, and
 * the resident memory in KiB after a tenth of it and at the end; or with
 * TIMES 0 the documents.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/resources.h"
#include "content/image.h"
#include "content/program.h"

#define MAX_PICTURES 16

struct picture {
	int64_t id;
	struct image_info image;
};

struct bench {
	struct arena arena;   /* lives as long as the program */
	struct arena scratch; /* of one work package */
	struct program *program;
	struct schema schema;
	const char *contents;
	size_t n_pictures;
	struct picture pictures[MAX_PICTURES];
	struct buf source, attachments;
	size_t bytes;
};

static void die(const char *what, const struct err *e)
{
	fprintf(stderr, "render: %s: %s\n", what, e->text);
	exit(1);
}

static struct str load(const char *path)
{
	struct buf bytes = {0};
	char piece[65536];
	FILE *f = fopen(path, "re");
	size_t n;

	if (f == NULL)
		die(path, &(struct err){.text = "cannot be read"});
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(&bytes, piece, n);
	fclose(f);
	n = bytes.n;
	return (struct str){buf_take(&bytes), n};
}

/* As the state remembers them: a picture is looked at once. */
static const struct image_info *image_of(struct bench *b, int64_t id)
{
	struct picture *picture;
	char *path;
	int fd;

	for (size_t i = 0; i < b->n_pictures; i++)
		if (b->pictures[i].id == id)
			return &b->pictures[i].image;
	if (b->n_pictures == MAX_PICTURES)
		die("pictures", &(struct err){.text = "too many"});
	picture = &b->pictures[b->n_pictures++];
	picture->id = id;
	path = xasprintf("%s/%lld", b->contents, (long long)id);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		image_probe_fd(fd, &picture->image);
		close(fd);
	}
	free(path);
	return &picture->image;
}

static int parse(struct bench *b, struct str element, struct str list,
	struct work_package *wp, struct err *e)
{
	struct api_source head;
	int rc;

	buf_clear(&b->source);
	buf_clear(&b->attachments);
	rc = api_source_make(element, &b->source, &head, e);
	if (rc == 0)
		rc = api_work_package_parse(
			&b->scratch, buf_str(&b->source), wp, e);
	if (rc == 0)
		rc = api_attachments_source_make(list, &b->attachments, e);
	if (rc == 0)
		rc = api_attachments_parse(
			&b->scratch, buf_str(&b->attachments), wp, e);
	return rc;
}

static void render(
	struct bench *b, struct str element, struct str list, bool print)
{
	struct work_package wp = {.schema = &b->schema,
		.project_identifier = STR("ccm"),
		.attachments_known = true};
	struct rendered out = {0};
	struct err e = {0};

	arena_reset(&b->scratch);
	if (parse(b, element, list, &wp, &e) != 0)
		die("parse", &e);
	wp.schema = &b->schema;
	wp.project_identifier = STR("ccm");
	wp.attachments_known = true;
	wp.url = STR("https://openproject.example.org/work_packages/1");
	for (size_t i = 0; i < wp.n_attachments; i++) {
		wp.attachments[i].fetched = true;
		wp.attachments[i].image = *image_of(b, wp.attachments[i].id);
	}
	if (program_render(b->program, &wp, NULL, &b->scratch, &out) != 0 ||
		out.n != 1 || out.items[0].err.code != 0)
		die("render", out.n > 0 ? &out.items[0].err : &out.match_err);
	b->bytes += out.items[0].document.text.n;
	if (print)
		fwrite(out.items[0].document.text.p, 1,
			out.items[0].document.text.n, stdout);
	rendered_fini(&out);
}

static double processor_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The second number of statm, in KiB. */
static long resident(void)
{
	char line[128] = "";
	char *behind = line;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) != NULL)
		strtol(line, &behind, 10);
	fclose(f);
	return strtol(behind, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

static void load_all(struct bench *b, char **argv)
{
	struct node root;
	struct str schema = load(argv[2]);
	struct err e = {0};

	if (tree_load(&b->arena, argv[1], &root, &e) != 0 ||
		program_compile(&root, &b->program, &e) != 0 ||
		api_schema_parse(&b->arena, schema, &b->schema, &e) != 0)
		die(argv[1], &e);
	b->contents = argv[3];
}

int main(int argc, char **argv)
{
	struct bench b = {0};
	struct str texts[2 * MAX_PICTURES];
	long times;
	long early = 0;
	double began;
	int n = argc - 5;

	if (n < 2 || n % 2 != 0 || n > 2 * MAX_PICTURES)
		return 64;
	load_all(&b, argv);
	times = strtol(argv[4], NULL, 10);
	for (int i = 0; i < n; i++)
		texts[i] = load(argv[5 + i]);
	for (int i = 0; times == 0 && i < n; i += 2)
		render(&b, texts[i], texts[i + 1], true);
	began = processor_time();
	for (long k = 0; k < times; k++) {
		for (int i = 0; i < n; i += 2)
			render(&b, texts[i], texts[i + 1], false);
		if (k == times / 10)
			early = resident();
	}
	if (times > 0)
		printf("%.6f %zu %ld %ld\n", processor_time() - began, b.bytes,
			early, resident());
	return 0;
}
