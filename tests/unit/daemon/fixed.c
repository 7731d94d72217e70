/*
 * What a daemon that reads its configuration again refuses, and what it takes.
 */
#include "daemon/fixed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define SERVER(keys)                                                           \
	"server: { token: { file: /k }, " keys " }\n"                          \
	"projects: [x]\nstore: /s\n"
#define MORE(keys) SERVER("url: https://x, " keys)
#define STORE(keys)                                                            \
	"server: { url: https://x, token: { file: /k } }\n"                    \
	"projects: [x]\nstore: { " keys " }\n"
#define PUSH(keys) STORE("path: /s, push: { " keys " }")
#define WITH(section) STORE("path: /s") section "\n"
#define HOOK(keys) WITH("hooks: [{ " keys " }]")

static const struct {
	const char *what; /* NULL: may change */
	const char *one, *other;
} rows[] = {
	{"server", SERVER("url: https://x"), SERVER("url: https://y")},
	{"server", MORE(""), MORE("ca_file: /a")},
	{"server", MORE("ca_file: /a"), MORE("ca_file: /b")},
	{"server", MORE("contact: a"), MORE("contact: b")},
	{"server", MORE("auth: basic"), MORE("auth: bearer")},
	{"server", MORE("max_requests: 3"), MORE("max_requests: 4")},
	{"server", MORE("rate: { requests: 3 }"),
		MORE("rate: { requests: 4 }")},
	{"server", MORE("rate: { bytes: 3MiB }"),
		MORE("rate: { bytes: 4MiB }")},
	{"server", MORE("max_tries: 3"), MORE("max_tries: 4")},
	{"server", MORE("connect_timeout: 3s"), MORE("connect_timeout: 4s")},
	{"server", MORE("stall_timeout: 3s"), MORE("stall_timeout: 4s")},
	{"server", MORE("max_retry_after: 3s"), MORE("max_retry_after: 4s")},
	{"server", MORE(""), MORE("storage_hosts: []")},
	{"server", MORE("storage_hosts: [a]"), MORE("storage_hosts: [b]")},
	{"server", MORE("storage_hosts: [a]"), MORE("storage_hosts: [a, b]")},
	{"store", STORE("path: /s"), STORE("path: /t")},
	{"store", STORE("path: /s"), STORE("path: /s, branch: b")},
	{"store", STORE("path: /s"), STORE("path: /s, bare: true")},
	{"store", STORE("path: /s"), STORE("path: /s, consolidate: 9h")},
	{"store", STORE("path: /s"), PUSH("remote: r")},
	{"store", PUSH("remote: r"), PUSH("remote: s")},
	{"store", PUSH("remote: r"), PUSH("remote: r, branch: b")},
	{"store", PUSH("remote: r"), PUSH("remote: r, ssh_key: /a")},
	{"store", PUSH("remote: r"), PUSH("remote: r, known_hosts: /a")},
	{"store", PUSH("remote: r"), PUSH("remote: r, credentials: /a")},
	{"store", PUSH("remote: r"), PUSH("remote: r, timeout: 7m")},
	{"commit", WITH(""), WITH("commit: { name: me }")},
	{"commit", WITH(""), WITH("commit: { email: me }")},
	{"control", WITH(""), WITH("control: { socket: /a }")},
	{"control", WITH(""), WITH("control: { readers: all }")},
	{"hooks", WITH(""), HOOK("on: [held], run: [a]")},
	{"hooks", WITH(""), WITH("hooks: { settle: 9s }")},
	{"hooks", HOOK("on: [held], run: [a]"),
		HOOK("on: [held, fault], run: [a]")},
	{"hooks", HOOK("on: [held], run: [a]"), HOOK("on: [held], run: [b]")},
	{"hooks", HOOK("on: [held], run: [a]"),
		HOOK("on: [held], run: [a, b]")},
	{"hooks", HOOK("on: [held], run: [a]"),
		HOOK("on: [held], run: [a], timeout: 9s")},
	{NULL, MORE("storage_hosts: [a]"), MORE("storage_hosts: [a]")},
	{NULL, HOOK("on: [held], run: [a]"), HOOK("on: [held], run: [a]")},
	{NULL, MORE("share: 10%"), MORE("share: 20%")},
	{NULL, WITH("schedule: { poll: 3s }"), WITH("schedule: { poll: 4s }")},
	{NULL, WITH("control: { readers: group }"), WITH("")},
};

static void load(const char *text, struct config *out)
{
	char path[] = "/tmp/opsync-fixed-XXXXXX";
	struct err e = {0};
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_true(dprintf(fd, "%s", text) > 0);
	close(fd);
	if (config_load(path, out, &e) != 0)
		fail_msg("%s", e.text);
	unlink(path);
}

static void check(const char *old, const char *new, const char *what)
{
	struct config a, b;
	struct err e = {0};
	char wanted[256] = "";

	load(old, &a);
	load(new, &b);
	if (what != NULL)
		snprintf(wanted, sizeof(wanted),
			"%s: %s: changed, and that needs a restart of opsyncd",
			b.file, what);
	assert_int_equal(
		fixed_check(&a, &b, &e), what != NULL ? ERR_CONFIG : 0);
	assert_string_equal(e.text, wanted);
	config_fini(&a);
	config_fini(&b);
}

static void test_what_may_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check(rows[i].one, rows[i].other, rows[i].what);
		check(rows[i].other, rows[i].one, rows[i].what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_may_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
