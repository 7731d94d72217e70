/*
 * No byte of the key goes to a server whose certificate is not trusted, or is
 * another host's.  The server is openssl's, which prints what it gets.
 */
#include <curl/curl.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/api/fixture.h"

static char folder[] = "/tmp/opsync-tls-XXXXXX";

/* An openssl s_server and the pipe to its standard output. */
struct secure {
	pid_t pid;
	int out;
	int in; /* kept open: it ends when its input does */
	char url[64];
	char got[4096];
};

static void run(const char *command)
{
	if (system(command) != 0) // NOLINT(cert-env33-c)
		fail_msg("%s", command);
}

static void make_certificate(const char *name, const char *host)
{
	char *command =
		xasprintf("openssl req -x509 -newkey ec -pkeyopt "
			  "ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=%s "
			  "-addext subjectAltName=IP:%s -keyout %s/%s.key "
			  "-out %s/%s.pem 2>/dev/null",
			host, host, folder, name, folder, name);

	run(command);
	free(command);
}

static int start(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	make_certificate("right", "127.0.0.1");
	make_certificate("other", "127.0.0.2");
	return 0;
}

static int stop(void **state)
{
	char *command = xasprintf("rm -r %s", folder);

	(void)state;
	run(command);
	free(command);
	return 0;
}

/* Add what it prints to got, until there is text in it or time is over. */
static void read_until(struct secure *s, const char *text, int ms)
{
	struct pollfd p = {.fd = s->out, .events = POLLIN};
	size_t n = strlen(s->got);

	while (strstr(s->got, text) == NULL && poll(&p, 1, ms) == 1) {
		ssize_t k = read(s->out, s->got + n, sizeof(s->got) - 1 - n);

		if (k <= 0)
			return;
		n += (size_t)k;
		s->got[n] = '\0';
	}
}

static void exec_server(const char *name, int in, int out)
{
	char *cert = xasprintf("%s/%s.pem", folder, name);
	char *key = xasprintf("%s/%s.key", folder, name);

	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0",
		"-cert", cert, "-key", key, (char *)NULL);
	_exit(127);
}

static void secure_start(struct secure *s, const char *name)
{
	int in[2];
	int out[2];
	const char *accept;

	memset(s, 0, sizeof(*s));
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0)
		exec_server(name, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	s->in = in[1];
	s->out = out[0];
	read_until(s, "ACCEPT 127.0.0.1:", 10000);
	accept = strstr(s->got, "ACCEPT 127.0.0.1:");
	assert_non_null(accept);
	snprintf(s->url, sizeof(s->url), "https://127.0.0.1:%d",
		(int)strtol(accept + strlen("ACCEPT 127.0.0.1:"), NULL, 10));
}

static void secure_stop(struct secure *s)
{
	int status;

	kill(s->pid, SIGTERM);
	waitpid(s->pid, &status, 0);
	close(s->in);
	close(s->out);
}

static void answer(struct conn *c)
{
	conn_json(c, 200, "{}");
}

/* Ask the server with that certificate; trust is a name or NULL. */
static void ask(const char *name, const char *trust, struct secure *s,
	struct api_request *r)
{
	struct fixture f;
	char *ca_file = NULL;

	secure_start(s, name);
	fixture_start(&f, answer, NULL);
	f.options.url = s->url;
	f.options.stall_timeout = STAMP_SECOND;
	if (trust != NULL)
		ca_file = xasprintf("%s/%s.pem", folder, trust);
	f.options.ca_file = ca_file;
	fixture_client(&f);
	fetch(&f, r, "/api/v3");
	fixture_stop(&f);
	read_until(s, "Authorization", 300);
	secure_stop(s);
	free(ca_file);
}

static const struct {
	const char *name;
	const char *trust;
	const char *fault; /* NULL: trusted */
} cases[] = {
	{"right", "right", NULL},
	{"right", NULL, "certificate"},
	{"right", "other", "certificate"},
	{"other", "other", "127.0.0.1"},
};

static void test_trust(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct secure s;
		struct api_request r = {0};
		bool got_key;

		ask(cases[i].name, cases[i].trust, &s, &r);
		got_key = strstr(s.got, TOKEN_LINE) != NULL;
		assert_int_equal(r.err.code, ERR_UNAVAILABLE);
		if (got_key != (cases[i].fault == NULL))
			fail_msg(
				"%s, %s: %s", cases[i].name, r.err.text, s.got);
		if (cases[i].fault != NULL &&
			strstr(r.err.text, cases[i].fault) == NULL)
			fail_msg("%s", r.err.text);
		api_request_fini(&r);
	}
}

static void copy_trust(const char *name, const char *how)
{
	char *command = xasprintf(
		"cd %s && cat %s.pem %s renewed.pem", folder, name, how);

	run(command);
	free(command);
}

/* The file is written anew while the client is in use. */
static void test_renewed(void **state)
{
	static const char *const added[] = {"other", "right"};
	char *ca_file = xasprintf("%s/renewed.pem", folder);
	struct fixture f;
	struct secure s;

	(void)state;
	secure_start(&s, "right");
	fixture_start(&f, answer, NULL);
	f.options.url = s.url;
	f.options.stall_timeout = STAMP_SECOND;
	f.options.ca_file = ca_file;
	copy_trust("other", ">");
	fixture_client(&f);
	for (size_t i = 0; i < ARRAY_LEN(added); i++) {
		struct api_request r = {0};

		copy_trust(added[i], ">>");
		fetch(&f, &r, "/api/v3");
		read_until(&s, "Authorization", 300);
		if ((strstr(s.got, TOKEN_LINE) != NULL) != (i == 1))
			fail_msg("%s: %s", added[i], r.err.text);
		api_request_fini(&r);
	}
	fixture_stop(&f);
	secure_stop(&s);
	free(ca_file);
}

/* Where curl looks for the system's certificates, or NULL: a copy. */
static char *system_folder(void)
{
	CURL *easy = curl_easy_init();
	char *path = NULL;

	curl_easy_getinfo(easy, CURLINFO_CAPATH, &path);
	path = path != NULL ? xstrdup(path) : NULL;
	curl_easy_cleanup(easy);
	return path;
}

/* For this process, "right" is one of the system's certificates. */
static bool make_system(void)
{
	char *path = system_folder();
	char *command = xasprintf("cd %s && mkdir system && "
				  "cp right.pem system && "
				  "openssl rehash system && "
				  "cp other.pem system/ca-certificates.crt",
		folder);
	char *system = xasprintf("%s/system", folder);
	bool made;

	run(command);
	made = path != NULL && unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount(system, path, NULL, MS_BIND, NULL) == 0;
	free(system);
	free(command);
	free(path);
	return made;
}

/* Whoever names certificates trusts none of the system's. */
static void test_system(void **state)
{
	static const char *const trusts[] = {NULL, "other"};

	(void)state;
	if (!make_system())
		skip(); /* not root */
	for (size_t i = 0; i < ARRAY_LEN(trusts); i++) {
		struct secure s;
		struct api_request r = {0};

		ask("right", trusts[i], &s, &r);
		if ((strstr(s.got, TOKEN_LINE) != NULL) != (trusts[i] == NULL))
			fail_msg("%zu: %s: %s", i, r.err.text, s.got);
		api_request_fini(&r);
	}
}

static void test_ca_file(void **state)
{
	char *right = xasprintf("%s/right.pem", folder);
	struct err e = {0};

	(void)state;
	assert_int_equal(api_check_ca_file("/nowhere/ca.pem", &e), ERR_CONFIG);
	assert_string_equal(e.text,
		"server.ca_file: /nowhere/ca.pem: No such file or directory");
	assert_int_equal(api_check_ca_file("/dev/null", &e), ERR_CONFIG);
	assert_string_equal(e.text,
		"server.ca_file: /dev/null: there is no certificate in it, as "
		"PEM has it");
	assert_int_equal(api_check_ca_file(right, &e), 0);
	free(right);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trust), cmocka_unit_test(test_ca_file),
		cmocka_unit_test(test_renewed),
		cmocka_unit_test(test_system), /* the last */
	};

	alarm(120); /* a hang is a failure */
	return cmocka_run_group_tests(tests, start, stop);
}
