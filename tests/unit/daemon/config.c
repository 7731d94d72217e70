/*
 * The configuration: what is read, and each thing that is refused with its
 * place and the way out.
 */
#include "daemon/config.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define STORE(store)                                                           \
	"server: { url: https://x, token: { file: /k } }\nprojects: [x]\n"     \
	"store: " store "\n"

#define SERVER(keys)                                                           \
	"server: { url: https://x.org, " keys " }\nprojects: [x]\nstore: /x\n"

#define URL(url)                                                               \
	"server: { url: '" url "', token: { file: /k } }\n"                    \
	"projects: [x]\nstore: /x\n"

#define LONG "0123456789012345678901234567890123456789"

#define SITE "server: { url: https://x, token: { file: /k } }\nstore: /x\n"

#define HEAD                                                                   \
	"server: { url: https://op.example.org, token: { file: /k } }\n"       \
	"projects: [ccm]\n"                                                    \
	"store: /var/lib/content\n"

static char folder[] = "/tmp/opsync-config-XXXXXX";

static const char *write_file(const char *name, const char *text)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
}

static void test_three_lines(void **state)
{
	struct config c;
	struct err e = {0};

	(void)state;
	assert_int_equal(config_load(write_file("site.yaml", HEAD), &c, &e), 0);
	assert_string_equal(c.url, "https://op.example.org");
	assert_string_equal(c.instance, "site");
	assert_int_equal(c.n_projects, 1);
	assert_string_equal(c.projects[0].name.p, "ccm");
	assert_false(c.projects[0].subprojects);
	assert_string_equal(c.store_path, "/var/lib/content");
	assert_int_equal(c.max_requests, 2);
	assert_int_equal(c.poll, 30000000);
	assert_non_null(c.program);
	config_fini(&c);
}

static void test_slashes(void **state)
{
	static const char *const urls[][2] = {
		{"https://x.org/", "https://x.org"},
		{"https://x.org/op//", "https://x.org/op"},
	};
	struct config c;
	struct err e = {0};
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		snprintf(text, sizeof(text),
			"server: { url: '%s', token: { file: /k } }\n"
			"projects: [x]\nstore: /x\n",
			urls[i][0]);
		assert_int_equal(
			config_load(write_file("site.yaml", text), &c, &e), 0);
		assert_string_equal(c.url, urls[i][1]);
		config_fini(&c);
	}
}

/* That nobody is named is not the same as nothing said. */
static void test_storage_hosts(void **state)
{
	static const char *const lines[] = {"", "  storage_hosts: []\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char text[300];
		struct config c;
		struct err e = {0};

		snprintf(text, sizeof(text),
			"server:\n"
			"  url: https://op.example.org\n"
			"  token: { env: KEY }\n"
			"%s"
			"projects: [ccm]\n"
			"store: /srv/c\n",
			lines[i]);
		assert_int_equal(
			config_load(write_file("site.yaml", text), &c, &e), 0);
		assert_int_equal(c.n_storage_hosts, 0);
		assert_int_equal(c.storage_hosts != NULL, i == 1);
		config_fini(&c);
	}
}

/* What other programs get, which run elsewhere. */
static void test_paths(void **state)
{
	static const char *const names[][2] = {
		{"'../site.git'", "/../site.git"}, {"site.git/", "/site.git/"},
		{"..", "/.."}, {".", "/."}};
	char *here = getcwd(NULL, 0);
	char text[512];
	char wanted[512];
	struct config c;
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text),
			STORE("{ path: x, push: { remote: %s, ssh_key: k,"
			      " known_hosts: h, credentials: /c } }"),
			names[i][0]);
		assert_int_equal(
			config_load(write_file("p.yaml", text), &c, &e), 0);
		snprintf(wanted, sizeof(wanted), "%s%s", here, names[i][1]);
		assert_string_equal(c.push.remote, wanted);
		snprintf(wanted, sizeof(wanted), "%s/x", here);
		assert_string_equal(c.store_path, wanted);
		snprintf(wanted, sizeof(wanted), "%s/k", here);
		assert_string_equal(c.push.ssh_key, wanted);
		snprintf(wanted, sizeof(wanted), "%s/h", here);
		assert_string_equal(c.push.known_hosts, wanted);
		assert_string_equal(c.push.credentials, "/c");
		config_fini(&c);
	}
	free(here);
}

/* A name, and other addresses, stay. */
static void test_remotes(void **state)
{
	static const char *const names[] = {"origin", "/srv/site.git",
		"https://h/p", "me@h:p/q", "h:p", "ssh://me@h/p",
		"file:///srv/x"};
	char text[512];
	struct config c;
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text),
			STORE("{ path: x, push: { remote: '%s' } }"), names[i]);
		assert_int_equal(
			config_load(write_file("p.yaml", text), &c, &e), 0);
		assert_string_equal(c.push.remote, names[i]);
		config_fini(&c);
	}
}

static void check_socket(const struct config *c, const char *wanted)
{
	char *got = config_socket(c);

	assert_string_equal(got, wanted);
	free(got);
}

static void test_everything(void **state)
{
	struct config c;
	struct err e = {0};
	const char *text =
		"server:\n"
		"  url: https://op.example.org\n"
		"  token: { env: KEY }\n"
		"  max_requests: 4\n"
		"  max_retry_after: 2m\n"
		"  storage_hosts: [A.example, 'b.example:9000', '[::1]']\n"
		"  contact: Jörg <j@example.org>\n"
		"projects: [ccm, { project: docs, subprojects: true }, 7]\n"
		"store: { path: /srv/c, branch: site, bare: true,"
		" push: { remote: 'me@h:p', timeout: 1m } }\n"
		"hooks: { settle: 2s, calls: [{ on: [commit, held],"
		" run: [a, b] }, { on: [fault], shell: 'x | y' }] }\n"
		"schedule: { poll: 5m, overlap: 10s,"
		" full: { between: 22:30-04:00 } }\n"
		"guard: { max_delete: { share: 25%, count: 7, within: 2h } }\n"
		"commit: { name: Bot, email: bot@example.org }\n"
		"log: { keep: 10d }\n"
		"control: { socket: /run/x.sock }\n";

	(void)state;
	assert_int_equal(config_load(write_file("all.yaml", text), &c, &e), 0);
	assert_int_equal(c.token_kind, TOKEN_ENV);
	assert_int_equal(c.max_requests, 4);
	assert_int_equal(c.n_storage_hosts, 3);
	assert_true(c.projects[1].subprojects);
	assert_true(str_is(c.projects[2].name, "7"));
	assert_true(c.bare);
	assert_string_equal(c.branch, "site");
	assert_string_equal(c.push.remote, "me@h:p");
	assert_string_equal(c.push.branch, "site");
	assert_int_equal(c.push.timeout, 60000000);
	assert_int_equal(c.hooks.settle, 2000000);
	assert_int_equal(c.hooks.n, 2);
	assert_int_equal(c.hooks.items[0].on, HOOK_COMMIT | HOOK_HELD);
	assert_string_equal(c.hooks.items[0].argv[1], "b");
	assert_null(c.hooks.items[0].argv[2]);
	assert_string_equal(c.hooks.items[1].argv[0], "/bin/sh");
	assert_int_equal(c.poll, 300000000);
	assert_int_equal(c.full_from, INT64_C(81000000000));
	assert_int_equal(c.full_to, INT64_C(14400000000));
	assert_true(c.guard_share > 0.24 && c.guard_share < 0.26);
	assert_int_equal(c.guard_count, 7);
	assert_int_equal(c.guard_within, INT64_C(7200000000));
	check_socket(&c, "/run/x.sock");
	config_fini(&c);
}

/* The unit's folder stands before the user's, and that before the store. */
static void test_where_it_listens(void **state)
{
	struct config c;
	struct err e = {0};
	char *head;

	(void)state;
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("XDG_RUNTIME_DIR");
	assert_int_equal(config_load(write_file("my.yml", HEAD), &c, &e), 0);
	check_socket(&c, geteuid() == 0
				 ? "/run/opsync-my.sock"
				 : "/var/lib/content/.git/opsync/control.sock");
	assert_null(config_head(&c));
	setenv("XDG_RUNTIME_DIR", "/run/me", 1);
	check_socket(&c, "/run/me/opsync-my.sock");
	setenv("RUNTIME_DIRECTORY", "/run/unit", 1);
	check_socket(&c, "/run/unit/control.sock");
	head = config_head(&c);
	assert_string_equal(head, "/run/unit/head");
	free(head);
	config_rehearse(&c, "/tmp/aside");
	check_socket(&c, "/tmp/aside/opsync/control.sock");
	assert_null(config_head(&c));
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("XDG_RUNTIME_DIR");
	config_fini(&c);
}

static const struct {
	const char *text;
	const char *error; /* behind "FILE:" */
} refused[] = {
	{"servre: {}\n" HEAD, "1:1: "},
	{"servre: {}\n" HEAD, "did you mean 'server'?"},
	{"projects: [ccm]\nstore: /x\n", "server: is missing"},
	{"server: { token: { file: /k } }\nprojects: [x]\nstore: /x\n",
		"1:9: server: needs url"},
	{"server: { url: https://x, token: secret }\nprojects: [x]\nstore: "
	 "/x\n",
		"1:34: token: says where the key is"},
	{"server: { url: https://x, token: { fiel: /k } }\nprojects: [x]\n"
	 "store: /x\n",
		"did you mean 'file'?"},
	{"server: { url: https://x, max_requests: 0 }\nprojects: [x]\n"
	 "store: /x\n",
		"1:41: "},
	{"server: { url: https://x }\nprojects: [x]\nstore: /x\n",
		"1:9: server: needs token"},
	{"server: { url: x.org, token: { file: /k } }\nprojects: [x]\n"
	 "store: /x\n",
		"1:16: server.url: 'x.org' is no address of a server"},
	{URL("http://u:pw@host"), "1:16: server.url: leave out user and"},
	{URL("http://host?x"), "1:16: server.url: 'http://host?x' is no"},
	{URL("http://host/#a"), "1:16: server.url: 'http://host/#a' is no"},
	{URL("https://host/api/v3/"), "1:16: server.url: 'https://host/api/v3"},
	{"server: { url: https://x, token: { file: /k } }\nprojects: []\n"
	 "store: /x\n",
		"2:11: projects: is a list"},
	{"server: { url: https://x, token: { file: /k } }\nprojects: ccm\n"
	 "store: /x\n",
		"2:11: projects: is a list"},
	{HEAD "schedule: { poll: 10ms }\n", "4:11: schedule: poll is at least"},
	{HEAD "schedule: { poll: soon }\n", "4:19: "},
	{HEAD "guard: { max_delete: { share: 10 } }\n", "4:31: share: is a "},
	{HEAD "documents:\n- path: ${ subject | slugg }.md\n",
		"did you mean 'slug'?"},
	{HEAD "store: /y\n", "4:1: "},
	{HEAD "commit: { by: day }\n", "by: is pass or work-package"},
	{HEAD "commit: { author: me }\n", "author: is daemon or last-editor"},
	{STORE("{ path: /x, push: {} }"), "push: needs remote"},
	{STORE("{ path: /x, push: { remote: '-x' } }"),
		"remote: is an address"},
	{STORE("{ path: /x, push: { remote: 'ext::sh -c x' } }"),
		"remote: is an address"},
	{STORE("{ path: /x, push: { remote: 'https://a:b@c/d' } }"),
		"remote: holds a name or a password"},
	{STORE("{ path: /x, push: { remote: 'HTTPS://ghp_x@c/d' } }"),
		"leave out what is before the '@'"},
	{STORE("{ path: /x, push: { remote: 'ssh://a:b@c/d' } }"),
		"remote: holds a name or a password"},
	{STORE("{ path: /x, branch: a..b }"),
		"3:28: branch: cannot be the name of a branch: write one"},
	{STORE("{ path: /x, branch: -a }"), "3:28: branch: cannot be"},
	{STORE("{ path: /x, push: { remote: x, branch: 'a b' } }"),
		"3:47: branch: cannot be the name of a branch"},
	{HEAD "commit: { name: '' }\n",
		"4:17: name: cannot be in a commit: write at least"},
	{HEAD "commit: { name: 'a <b>' }\n", "4:17: name: cannot be in a"},
	{HEAD "commit: { email: '<a@b>' }\n", "4:18: email: cannot be in a"},
	{HEAD "commit: { email: \"a@b\\n\" }\n", "4:18: email: cannot be"},
	{STORE("{ path: /x, push: { remoet: x } }"), "did you mean 'remote'?"},
	{HEAD "hooks: { settle: 1s, cals: [] }\n", "did you mean 'calls'?"},
	{HEAD "hooks: [{ on: [comit], run: [x] }]\n", "did you mean 'commit'?"},
	{HEAD "hooks: [{ on: [commit], run: [x], shell: y }]\n",
		"a hook has run: [PROGRAM, ARGUMENT"},
	{HEAD "hooks: [{ on: commit, run: [x] }]\n", "on: is a list"},
	{HEAD "hooks: [{ on: [commit], run: [''] }]\n", "names no program"},
	{HEAD "control: { socket: '' }\n", "4:20: socket: is empty"},
	{HEAD "control: { socket: /tmp/" LONG LONG LONG "/s }\n",
		"4:20: control.socket: a socket's path has at most 107 bytes"},
	{HEAD "status: { textfile: '' }\n", "4:21: textfile: is empty"},
	{STORE("''"), "3:8: path: is empty"},
	{HEAD "schedule: { full: { between: [] } }\n",
		"4:30: between: is a part of the day"},
	{HEAD "schedule: { full: { between: 1:00-5:00 } }\n",
		"4:30: between: "},
	{HEAD "schedule: { full: { between: 01:00+05:00 } }\n",
		"4:30: between: "},
	{HEAD "schedule: { full: { between: /1:00-05:00 } }\n",
		"4:30: between: "},
	{HEAD "schedule: { full: { between: a1:00-05:00 } }\n",
		"4:30: between: "},
	{HEAD "schedule: { full: { between: 0/:00-05:00 } }\n",
		"4:30: between: "},
	{HEAD "schedule: { full: { between: 0a:00-05:00 } }\n",
		"4:30: between: "},
	{HEAD "schedule: { full: { between: 01.00-05:00 } }\n",
		"4:30: between: "},
	{HEAD "schedule: { full: { between: 01:00-05:60 } }\n",
		"4:30: between: "},
	{HEAD "schedule: { full: { between: 01:00-24:01 } }\n",
		"4:30: between: "},
	{HEAD "guard: { max_delete: { share: [10] } }\n", "4:31: share: is a "},
	{HEAD "guard: { max_delete: { share: 1 } }\n", "4:31: share: is a "},
	{HEAD "guard: { max_delete: { share: -1% } }\n", "4:31: share: is a "},
	{HEAD "guard: { max_delete: { share: 101% } }\n", "4:31: share: is a "},
	{HEAD "guard: { max_delte: {} }\n", "did you mean 'max_delete'?"},
	{SERVER("token: { file: /k, env: K }"), "1:38: token: says where"},
	{SERVER("token: { file: [] }"), "1:46: file must be text"},
	{SERVER("storage_hosts: a.org"),
		"1:46: storage_hosts: is a list of hosts"},
	{SERVER("storage_hosts: [{}]"), "1:47: storage_hosts must be"},
	{SERVER("storage_hosts: ['https://a.example/x']"),
		"1:47: storage_hosts: 'https://a.example/x' is no host: write "
		"it as files.example or files.example:9000"},
	{SERVER("storage_hosts: [a, '']"), "1:50: storage_hosts: '' is no"},
	{SERVER("storage_hosts: ['*.example']"), "1:47: storage_hosts: '*.ex"},
	{SERVER("storage_hosts: ['a b']"), "1:47: storage_hosts: 'a b' is no"},
	{SERVER("storage_hosts: ['a/x']"), "1:47: storage_hosts: 'a/x' is no"},
	{SERVER("storage_hosts: ['u@a']"), "1:47: storage_hosts: 'u@a' is no"},
	{SERVER("storage_hosts: ['a:']"), "1:47: storage_hosts: 'a:' is no"},
	{SERVER("storage_hosts: ['a:x']"), "1:47: storage_hosts: 'a:x' is no"},
	{SERVER("storage_hosts: ['127.1']"), "1:47: storage_hosts: '127.1' is"},
	{SERVER("contact: \"a\\r\\nX-Evil: y\""),
		"1:40: contact: is one line, without control characters"},
	{SERVER("contact: \"a\\x7f\""), "1:40: contact: is one line"},
	{SERVER("rate: { requests: 0 }"), "1:49: requests must be"},
	{SERVER("rate: { bytes: 1000 }"), "1:46: bytes: is at least 1KiB"},
	{SERVER("share: 0%"), "1:38: share: is at least 1%"},
	{"projects: [{ subprojects: true }]\n" SITE,
		"1:12: projects: needs project: IDENTIFIER"},
	{"projects: [{ project: x, subprojects: y }]\n" SITE,
		"1:39: subprojects must be"},
	{"projects: [{ projct: x }]\n" SITE, "did you mean 'project'?"},
	{"projects: [1.5]\n" SITE, "1:12: project must be text: write \"1.5\""},
	{"projects: [0]\n" SITE, "1:12: project must be text: write \"0\""},
	{"projects: [ccm, '*']\n" SITE, "1:17: projects: '*' is all that"},
	{STORE("{ branch: main }"), "3:8: store: needs path: FOLDER"},
	{STORE("{ path: [] }"), "3:16: path must be text"},
	{STORE("~/x"), "3:8: path: ~ is nobody's home here (the daemon may run "
		       "as another user): write the whole path"},
	{STORE("{ path: ~/x }"), "3:16: path: ~ is nobody's home"},
	{STORE("{ path: /x, push: { remote: ~/x.git } }"),
		"3:36: remote: ~ is nobody's home"},
	{SERVER("token: { file: ~/k }"), "1:46: file: ~ is nobody's home"},
	{SERVER("ca_file: ~/ca"), "1:40: ca_file: ~ is nobody's home"},
	{STORE("{ path: /x, push: { remote: '' } }"), "3:36: remote: is empty"},
	{HEAD "commit: { by: [] }\n", "4:15: by must be text"},
	{HEAD "control: { readers: some }\n",
		"4:21: readers: is group, or all"},
	{HEAD "control: { readers: [] }\n", "4:21: readers must be text"},
	{HEAD "hooks: none\n", "4:8: hooks: is a list of"},
	{HEAD "hooks: [{ on: [], run: [x] }]\n", "4:15: on: is a list"},
	{HEAD "hooks: [{ on: [[]], run: [x] }]\n", "4:16: on must be text"},
	{HEAD "hooks: [{ on: [whatever], run: [x] }]\n",
		"4:16: on: knows commit, error, recovered, held and fault, "
		"not 'whatever'"},
	{HEAD "hooks: [{ run: [x] }]\n", "4:9: a hook needs on:"},
	{HEAD "hooks: [{ on: [held], run: x }]\n", "4:28: run: is a list"},
	{HEAD "hooks: [{ on: [held], run: [] }]\n", "4:28: run: is a list"},
	{HEAD "hooks: [{ on: [held], run: [[]] }]\n", "4:29: run must be text"},
	{HEAD "hooks: [{ on: [held], shell: [] }]\n",
		"4:30: shell must be text"},
	{HEAD "hooks: [{ on: [held], shell: x, timeout: y }]\n",
		"4:42: timeout must be a time"},
	{"{", "1:"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct config c;
		struct err e = {0};
		const char *path = write_file("bad.yaml", refused[i].text);
		int r = config_load(path, &c, &e);

		assert_int_equal(r, ERR_CONFIG);
		if (strstr(e.text, refused[i].error) == NULL)
			fail_msg("'%s' is not in '%s'", refused[i].error,
				e.text);
		assert_non_null(strstr(e.text, path));
		config_fini(&c);
	}
}

static int token_of(const char *setting, char **token, struct err *e)
{
	char text[512];
	struct config c;
	int r;

	snprintf(text, sizeof(text),
		"server: { url: https://x, token: { %s } }\n"
		"projects: [x]\nstore: /x\n",
		setting);
	r = config_load(write_file("token.yaml", text), &c, e);
	assert_int_equal(r, 0);
	r = config_token(&c, token, e);
	config_fini(&c);
	return r;
}

static void test_tokens(void **state)
{
	char setting[256];
	char *token = NULL;
	struct err e = {0};

	(void)state;
	snprintf(setting, sizeof(setting), "file: %s",
		write_file("key", "  s3cret\n"));
	assert_int_equal(token_of(setting, &token, &e), 0);
	assert_string_equal(token, "s3cret");
	config_wipe_token(token);

	setenv("OPSYNC_TEST_KEY", "from-env", 1);
	assert_int_equal(token_of("env: OPSYNC_TEST_KEY", &token, &e), 0);
	assert_string_equal(token, "from-env");
	config_wipe_token(token);

	assert_int_equal(token_of("command: echo from-cmd", &token, &e), 0);
	assert_string_equal(token, "from-cmd");
	config_wipe_token(token);

	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	assert_int_equal(token_of("credential: key", &token, &e), 0);
	assert_string_equal(token, "s3cret");
	config_wipe_token(token);
	unsetenv("CREDENTIALS_DIRECTORY");

	assert_int_equal(
		token_of("file: /nowhere/key", &token, &e), ERR_CONFIG);
	assert_non_null(strstr(e.text, "/nowhere/key"));
	assert_int_equal(
		token_of("env: OPSYNC_NOT_SET", &token, &e), ERR_CONFIG);
	assert_int_equal(token_of("credential: key", &token, &e), ERR_CONFIG);
	assert_int_equal(token_of("command: exit 3", &token, &e), ERR_AGAIN);
	assert_non_null(strstr(e.text, "status 3"));
}

/* Two words, or nothing, are no key; and are not shown. */
static void test_no_tokens(void **state)
{
	static const char *const words[][2] = {
		{"two words", "it is not one word"},
		{"two\177words", "it is not one word"},
		{"\n", "there is no key in it"},
	};
	char many[CONFIG_TOKEN_MOST + 1];
	char setting[256];
	char *token = NULL;
	struct err e = {0};

	(void)state;
	snprintf(setting, sizeof(setting), "file: %s/key", folder);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		write_file("key", words[i][0]);
		assert_int_equal(token_of(setting, &token, &e), ERR_CONFIG);
		assert_non_null(strstr(e.text, words[i][1]));
		assert_null(strstr(e.text, "words"));
	}
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	assert_int_equal(token_of("credential: key", &token, &e), ERR_CONFIG);
	assert_non_null(strstr(e.text, "LoadCredential=key: of the unit"));
	unsetenv("CREDENTIALS_DIRECTORY");
	memset(many, 'x', CONFIG_TOKEN_MOST);
	many[CONFIG_TOKEN_MOST] = '\0';
	write_file("key", many);
	assert_int_equal(token_of(setting, &token, &e), ERR_CONFIG);
	assert_non_null(strstr(e.text, "the key's file /"));
	assert_non_null(strstr(e.text, "is that the key?"));
	assert_int_equal(token_of("file: /tmp", &token, &e), ERR_CONFIG);
	assert_string_equal(e.text,
		"the key's file /tmp is no regular file (token: { command: "
		"COMMAND } takes what a command prints)");
	many[CONFIG_TOKEN_MOST - 1] = '\0'; /* the most that is one */
	write_file("key", many);
	assert_int_equal(token_of(setting, &token, &e), 0);
	assert_int_equal(strlen(token), CONFIG_TOKEN_MOST - 1);
	config_wipe_token(token);
}

static void test_examples(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob("examples/*.yaml", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 2);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct config c;
		struct err e = {0};

		if (config_load(found.gl_pathv[i], &c, &e) != 0)
			fail_msg("%s", e.text);
		config_fini(&c);
	}
	globfree(&found);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"site.yaml", "all.yaml", "bad.yaml",
		"token.yaml", "p.yaml", "my.yml", "key"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_lines),
		cmocka_unit_test(test_slashes),
		cmocka_unit_test(test_storage_hosts),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_remotes),
		cmocka_unit_test(test_where_it_listens),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_no_tokens),
		cmocka_unit_test(test_examples),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
