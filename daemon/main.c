/*
 * opsyncd - keep a git repository of documents in step with OpenProject.
 */
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "base/arguments.h"
#include "base/version.h"
#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/rehearsal.h"
#include "daemon/service.h"

#define MANY_FILES 65536

static const char usage[] =
	"usage: opsyncd --config FILE [--once]\n"
	"               [--reconcile | --full] [-v | -q]\n"
	"\n"
	"Keep a git repository of documents in step with the work packages of\n"
	"an OpenProject.\n"
	"\n"
	"  -c, --config FILE  the configuration: opsync.yaml(5)\n"
	"      --once         one pass, then exit\n"
	"      --reconcile    first compare all ids and look up names\n"
	"      --full         first read everything, not only what changed\n"
	"  -v, --verbose      log each document that changes; twice: all\n"
	"  -q, --quiet        log warnings and errors only\n"
	"  -V, --version      print the version\n"
	"  -h, --help         print this\n"
	"\n"
	"Exit codes are those of sysexits.h; 3, with --once: work packages "
	"failed,\n"
	"or documents are held.\n";

enum { OPT_ONCE = 256, OPT_FULL, OPT_RECONCILE, OPT_REHEARSE };

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"once", no_argument, NULL, OPT_ONCE},
	{"full", no_argument, NULL, OPT_FULL},
	{"reconcile", no_argument, NULL, OPT_RECONCILE},
	{"rehearse", no_argument, NULL, OPT_REHEARSE}, /* our own child */
	{"verbose", no_argument, NULL, 'v'},
	{"quiet", no_argument, NULL, 'q'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

struct arguments {
	const char *config;
	enum log_level level;
	struct service_options service;
	bool quiet;
	bool rehearse;
	bool done; /* --help or --version was all */
};

static const char *nearest_option(struct str name)
{
	const char *names[ARRAY_LEN(options)];
	size_t n = 0;

	for (const struct option *o = options; o->name != NULL; o++)
		if (o->val != OPT_REHEARSE)
			names[n++] = o->name;
	return str_nearest(name, names, n);
}

/* What getopt_long() found wrong: c, optopt, and the argument. */
static int complain(char **argv, int c)
{
	const struct option *known = options;
	struct str name = argument_taken(argv);
	const char *nearest =
		name.n > 2 ? nearest_option(str_skip(name, 2)) : NULL;

	while (known->name != NULL && known->val != optopt)
		known++;
	if (c == ':')
		fprintf(stderr, "opsyncd: --%s needs a value\n", known->name);
	else if (optopt != 0 && known->name != NULL)
		fprintf(stderr, "opsyncd: --%s takes no value\n", known->name);
	else if (optopt != 0)
		fprintf(stderr, "opsyncd: unknown option '-%c' (see --help)\n",
			optopt);
	else if (nearest == NULL)
		fprintf(stderr, "opsyncd: unknown option '%.*s' (see --help)\n",
			STR_ARGS(name));
	else
		fprintf(stderr,
			"opsyncd: unknown option '%.*s' (did you mean "
			"'--%s'?)\n",
			STR_ARGS(name), nearest);
	return EX_USAGE;
}

/* As getopt_long(), but for abbreviations, which are unknown options. */
static int next(int argc, char **argv)
{
	int at = -1;
	int c = getopt_long(argc, argv, ":c:vqVh", options, &at);

	if (c == -1 || at < 0 || !argument_is_cut(argv, options[at].name))
		return c;
	optopt = 0;
	return '?';
}

static int refuse(const char *why, const char *way_out)
{
	fprintf(stderr, "opsyncd: %s (%ssee --help)\n", why, way_out);
	return EX_USAGE;
}

/* What would be left out of account is refused. */
static int check_together(const struct arguments *a)
{
	if (a->service.full && a->service.reconcile)
		return refuse("--full does all that --reconcile does: leave "
			      "out one",
			"");
	if (a->quiet && a->level > LOG_LEVEL_NOTICE)
		return refuse("--quiet and --verbose: leave out one", "");
	if (a->config == NULL)
		return refuse("which configuration?", "--config FILE; ");
	return 0;
}

static int parse(int argc, char **argv, struct arguments *a)
{
	int c;

	opterr = 0;
	while ((c = next(argc, argv)) != -1) {
		switch (c) {
		case 'c':
			a->config = optarg;
			break;
		case OPT_ONCE:
			a->service.once = true;
			break;
		case OPT_FULL:
			a->service.full = true;
			break;
		case OPT_RECONCILE:
			a->service.reconcile = true;
			break;
		case OPT_REHEARSE:
			a->rehearse = true;
			break;
		case 'v':
			a->level = a->level < LOG_LEVEL_INFO ? LOG_LEVEL_INFO
							     : LOG_LEVEL_DEBUG;
			break;
		case 'q':
			a->quiet = true;
			break;
		case 'V':
			puts("opsyncd " OPSYNC_VERSION);
			a->done = true;
			return 0;
		case 'h':
			fputs(usage, stdout);
			a->done = true;
			return 0;
		default:
			return complain(argv, c);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "opsyncd: unexpected argument '%s'\n",
			argv[optind]);
		return EX_USAGE;
	}
	return check_together(a);
}

/*
 * Most of what is large (a list, a commit's work) lives for seconds: mapped
 * on its own it goes back to the system.  malloc() would learn to keep it, and
 * keep more for each thread of libuv's pool.  A little that is free at the end
 * of a heap is kept until the end of a pass: it is wanted again at once.
 */
static void keep_memory_small(void)
{
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
	mallopt(M_TRIM_THRESHOLD, 2 << 20);
	mallopt(M_ARENA_MAX, 2);
}

/*
 * A repository may have many packs.  There are programs, among those that are
 * run as hooks maybe, which close all that they might have open.
 */
static void allow_many_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
		files.rlim_cur >= MANY_FILES)
		return;
	files.rlim_cur =
		files.rlim_max < MANY_FILES ? files.rlim_max : MANY_FILES;
	setrlimit(RLIMIT_NOFILE, &files);
}

/* To read the configuration again, as soon as there is somebody who does. */
static void hold_back_reload(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
	struct arguments a = {.level = LOG_LEVEL_NOTICE};
	struct config *config;
	struct err e = {0};
	int r;

	standard_streams_init();
	r = parse(argc, argv, &a);
	if (r == 0 && a.done && fflush(stdout) != 0) {
		perror("opsyncd: standard output");
		return EX_IOERR;
	}
	if (r != 0 || a.done)
		return r;
	/* The key is in memory: no core dumps, no look by others. */
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0});
	if (a.rehearse)
		return rehearsal_serve(a.config);
	keep_memory_small();
	allow_many_files();
	hold_back_reload();
	log_init(a.quiet ? LOG_LEVEL_WARNING : a.level);
	config = xcalloc(1, sizeof(*config));
	r = config_load(a.config, config, &e);
	if (r == 0)
		r = service_run(config, &a.service, &e);
	else
		config_free(config);
	log_end();
	if (r != 0)
		log_error("%s", e.text);
	log_settle();
	return err_exit_code(r);
}
