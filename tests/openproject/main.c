/*
 * openproject - a stand-in that answers as a real OpenProject 14.1 does.
 *
 *   openproject --recorded tests/openproject/recorded --listen-print
 *   openproject --generate 10000 --attachments 10000 --port 8808
 *
 * It serves 127.0.0.1 alone, keeps all in memory and ends on SIGTERM or
 * SIGINT.  README.md, beside this file, tells its options and its side door.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "tests/openproject/load.h"
#include "tests/openproject/server.h"

struct options {
	const char *recorded;
	const char *port_file;
	struct generate generate;
	unsigned long port;
	unsigned long threads;
	bool print;
};

static int usage(void)
{
	fputs("usage: openproject (--recorded DIR | --generate N) [options]\n"
	      "  --attachments M --attachment-size BYTES --projects P --seed "
	      "S\n"
	      "  --key USER=KEY --max-page-size N --no-gzip --bearer --cost "
	      "[FACTOR]\n"
	      "  --port N --port-file FILE --listen-print --threads N\n"
	      "  --die-with-parent\n",
		stderr);
	return EX_USAGE;
}

static bool set_key(struct model *m, const char *text)
{
	const char *eq = strchr(text, '=');
	struct account *a;
	char *name;

	if (eq == NULL)
		return false;
	name = str_dup((struct str){text, (size_t)(eq - text)});
	a = model_account(m, name);
	free(name);
	if (a == NULL)
		return false;
	free(a->key);
	a->key = xstrdup(eq + 1);
	return true;
}

static long number(const char *text)
{
	return strtol(text, NULL, 10);
}

static bool set_option(struct options *o, struct server *s, int option)
{
	switch (option) {
	case 'r':
		o->recorded = optarg;
		return true;
	case 'g':
		o->generate.n = number(optarg);
		return true;
	case 'a':
		o->generate.n_files = number(optarg);
		return true;
	case 'b':
		o->generate.file_size = number(optarg);
		return true;
	case 'P':
		o->generate.n_projects = number(optarg);
		return true;
	case 's':
		o->generate.seed = strtoul(optarg, NULL, 10);
		return true;
	case 'k':
		return set_key(&s->model, optarg);
	case 'm':
		s->max_page_size = number(optarg);
		return s->max_page_size > 0;
	case 'z':
		s->gzip = false;
		return true;
	case 'B':
		s->bearer = true;
		return true;
	case 'c':
		s->cost = optarg != NULL ? strtod(optarg, NULL) : 1;
		return true;
	case 'p':
		o->port = strtoul(optarg, NULL, 10);
		return o->port <= UINT16_MAX;
	case 'f':
		o->port_file = optarg;
		return true;
	case 'l':
		o->print = true;
		return true;
	case 't':
		o->threads = strtoul(optarg, NULL, 10);
		return o->threads > 0;
	case 'd':
		return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0;
	default:
		return false;
	}
}

static bool read_options(
	struct options *o, struct server *s, int argc, char **argv)
{
	static const struct option names[] = {
		{"recorded", required_argument, NULL, 'r'},
		{"generate", required_argument, NULL, 'g'},
		{"attachments", required_argument, NULL, 'a'},
		{"attachment-size", required_argument, NULL, 'b'},
		{"projects", required_argument, NULL, 'P'},
		{"seed", required_argument, NULL, 's'},
		{"key", required_argument, NULL, 'k'},
		{"max-page-size", required_argument, NULL, 'm'},
		{"no-gzip", no_argument, NULL, 'z'},
		{"bearer", no_argument, NULL, 'B'},
		{"cost", optional_argument, NULL, 'c'},
		{"port", required_argument, NULL, 'p'},
		{"port-file", required_argument, NULL, 'f'},
		{"listen-print", no_argument, NULL, 'l'},
		{"threads", required_argument, NULL, 't'},
		{"die-with-parent", no_argument, NULL, 'd'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (!set_option(o, s, option))
			return false;
	}
	return optind == argc && (o->recorded != NULL) != (o->generate.n > 0) &&
	       o->generate.n_projects > 0 && o->generate.file_size >= 0 &&
	       o->generate.file_size <= 1L << 30;
}

static int fill(struct server *s, const struct options *o)
{
	struct err e = {0};

	if (o->recorded == NULL) {
		generate(&s->model, &o->generate);
		return 0;
	}
	if (load_recorded(&s->model, o->recorded, &e) == 0)
		return 0;
	fprintf(stderr, "openproject: %s\n", e.text);
	return EX_NOINPUT;
}

/* Who waits for the file finds it whole. */
static int write_port(const char *path, uint16_t port)
{
	char *part = xasprintf("%s.part", path);
	FILE *f = fopen(part, "w");
	bool ok = f != NULL && fprintf(f, "%u\n", port) > 0;

	if (f != NULL)
		ok = fclose(f) == 0 && ok;
	ok = ok && rename(part, path) == 0;
	if (!ok)
		fprintf(stderr, "openproject: %s: %s\n", path, strerror(errno));
	free(part);
	return ok ? 0 : EX_CANTCREAT;
}

static int serve(struct server *s, const struct options *o, const sigset_t *end)
{
	uint16_t port =
		server_start(s, (uint16_t)o->port, (unsigned)o->threads);
	int rc = 0;
	int got;

	if (port == 0) {
		fprintf(stderr, "openproject: port %lu: %s\n", o->port,
			strerror(errno));
		rc = EX_UNAVAILABLE;
	}
	if (rc == 0 && o->print) {
		printf("http://127.0.0.1:%u\n", port);
		fflush(stdout);
	}
	if (rc == 0 && o->port_file != NULL)
		rc = write_port(o->port_file, port);
	if (rc == 0)
		sigwait(end, &got);
	server_stop(s);
	return rc;
}

int main(int argc, char **argv)
{
	struct options o = {
		.threads = 2,
		.generate = {.n_projects = 1, .file_size = 51200, .seed = 4711},
	};
	struct server s = {.max_page_size = 1000, .gzip = true};
	sigset_t end;
	int rc;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	pthread_sigmask(SIG_BLOCK, &end, NULL);
	model_init(&s.model);
	rc = read_options(&o, &s, argc, argv) ? fill(&s, &o) : usage();
	if (rc == 0)
		rc = serve(&s, &o, &end);
	server_fini(&s);
	return rc;
}
