/*
 * What is said where something may not be written: by hand, and as a unit of
 * systemd with the drop-in to paste.
 */
#include "daemon/writable.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"

#define NOBODY 65534

/* What only we see; the mounts go with the process. */
static int begin(void **state)
{
	(void)state;
	if (getuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("tmpfs", "/srv", "tmpfs", 0, "mode=755") != 0 ||
		mount("tmpfs", "/home", "tmpfs", MS_RDONLY, NULL) != 0 ||
		mount("tmpfs", "/root", "tmpfs", 0, "mode=700") != 0)
		return 0;
	assert_int_equal(mkdir("/srv/theirs", 0700), 0);
	assert_int_equal(mkdir("/srv/ours", 0700), 0);
	assert_int_equal(chown("/srv/ours", NOBODY, NOBODY), 0);
	assert_int_equal(mknod("/srv/file", S_IFREG | 0600, 0), 0);
	assert_int_equal(mkdir("/srv/closed", 0500), 0);
	assert_int_equal(chown("/srv/closed", NOBODY, NOBODY), 0);
	assert_int_equal(chdir("/srv"), 0);
	*state = "";
	return 0;
}

/* Who runs there, by /proc/self/cgroup. */
static void run_as(const char *line)
{
	static const char file[] = "/srv/cgroup";
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fputs(line, f);
	fclose(f);
	assert_int_equal(
		mount(file, "/proc/self/cgroup", NULL, MS_BIND, NULL), 0);
}

static const struct {
	const char *path;
	const char *error;   /* or none */
	const char *says[2]; /* by hand, as a unit */
} stores[] = {
	{"/srv/ours", NULL, {NULL, NULL}},
	{"/srv/ours/new/one", NULL, {NULL, NULL}},
	{"/dev/null/x", NULL, {NULL, NULL}}, /* whoever opens it says */
	{"/srv/file", NULL, {NULL, NULL}},
	{"/srv/theirs", "Permission denied",
		{"run opsyncd as its owner, or give it to this one (chown -R)",
			"\"[Service]\", \"User=ITS OWNER\" (or chown it to "
			"opsync), \"ReadWritePaths=/srv/theirs\"; then "
			"systemctl restart opsync@site.service"}},
	{"/srv/new", "Permission denied",
		{"the store /srv/new cannot be made by this user (65534), who "
		 "may not write in /srv: Permission denied; have root make it "
		 "(install -d -o 65534 /srv/new), or name another folder",
			"make the folder, owned by opsync, and allow it with a "
			"drop-in (systemctl edit opsync@site.service): "
			"\"[Unit]\", \"RequiresMountsFor=/srv/new\", "
			"\"[Service]\", \"ReadWritePaths=/srv/new\""}},
	{"/srv/closed", "Permission denied", /* no other user would help */
		{"run opsyncd as its owner",
			"\"[Service]\", \"ReadWritePaths=/srv/closed\""}},
	{"/root/site", "Permission denied",
		{"the store /root/site cannot be reached by this user (65534), "
		 "who may not enter /root: Permission denied; run opsyncd as "
		 "its owner",
			"cannot be written: Permission denied; allow it with a "
			"drop-in (systemctl edit opsync@site.service): "
			"\"[Unit]\", \"RequiresMountsFor=/root/site\", "
			"\"[Service]\", \"ProtectHome=read-only\", "
			"\"ReadWritePaths=/root/site\""}},
	{"/srv/theirs/a/b", "Permission denied",
		{"may not enter /srv/theirs: ",
			"\"ReadWritePaths=/srv/theirs/a/b\""}},
	{"theirs", "Permission denied", /* from /srv */
		{"run opsyncd as its owner", "\"ReadWritePaths=theirs\""}},
	{"new", "Permission denied",
		{"may not write in .: ", "\"ReadWritePaths=new\""}},
	{"/new", "Permission denied",
		{"may not write in /: ", "make the folder"}},
	{"/home/site", "Read-only file system",
		{"mount it writable, or name another folder as the store",
			"make the folder, owned by opsync, and allow it with a "
			"drop-in (systemctl edit opsync@site.service): "
			"\"[Unit]\", \"RequiresMountsFor=/home/site\", "
			"\"[Service]\", \"ProtectHome=read-only\", "
			"\"ReadWritePaths=/home/site\""}},
};

static void check_stores(bool unit)
{
	for (size_t i = 0; i < ARRAY_LEN(stores); i++) {
		const char *error = stores[i].error;
		struct err e = {0};
		int r;

		assert_int_equal(seteuid(NOBODY), 0);
		r = writable_check(stores[i].path, &e);
		assert_int_equal(seteuid(0), 0);
		assert_int_equal(r, error != NULL ? ERR_CONFIG : 0);
		if (error == NULL)
			continue;
		assert_non_null(strstr(e.text, stores[i].path));
		assert_non_null(strstr(e.text, error));
		assert_non_null(strstr(e.text, stores[i].says[unit]));
	}
}

#define PLAIN(path, error) "status: cannot write " path ": " error
#define READ_ONLY                                                              \
	"Read-only file system: mount it writable again (the system's log "    \
	"says why it is not)"
#define DROP_IN(error, more)                                                   \
	"status: cannot write /srv/x.prom: " error                             \
	"; allow it with a drop-in "                                           \
	"(systemctl edit opsync@site.service): \"[Service]\", "                \
	"\"ReadWritePaths=/srv\"" more                                         \
	"; then systemctl restart opsync@site.service"

static const struct {
	int error;
	const char *path;
	const char *says[2]; /* by hand, as a unit */
} files[] = {
	{EROFS, "/srv/x.prom",
		{PLAIN("/srv/x.prom", READ_ONLY),
			DROP_IN("Read-only file system", "")}},
	{EACCES, "/srv/x.prom",
		{PLAIN("/srv/x.prom", "Permission denied"),
			DROP_IN("Permission denied",
				", and let its user write there")}},
	{EISDIR, "/srv/x.prom",
		{PLAIN("/srv/x.prom", "Is a directory"),
			PLAIN("/srv/x.prom", "Is a directory")}},
	{EROFS, "x.prom",
		{PLAIN("x.prom", READ_ONLY), PLAIN("x.prom", READ_ONLY)}},
};

static void check_files(bool unit)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct err e = {0};

		assert_int_equal(writable_complain("status", files[i].path,
					 files[i].error, &e),
			ERR_IO);
		assert_string_equal(e.text, files[i].says[unit]);
	}
}

static void test_by_hand(void **state)
{
	if (*state == NULL)
		skip();
	unsetenv("INVOCATION_ID");
	check_stores(false);
	check_files(false);
}

/* Of a terminal that systemd started, say. */
static void test_no_unit(void **state)
{
	if (*state == NULL)
		skip();
	setenv("INVOCATION_ID", "1", 1);
	run_as("2:cpu\n0::/user.slice/session-1.scope\n");
	check_stores(false);
	check_files(false);
}

static void test_unit(void **state)
{
	if (*state == NULL)
		skip();
	setenv("INVOCATION_ID", "1", 1);
	run_as("2:cpu:/\n0::/system.slice/opsync@site.service\n");
	check_stores(true);
	check_files(true);
}

/* --- Within the store ----------------------------------------------------- */

/* Errors as functions of the system, libgit2, and others say them. */
static const char *explained(int code, const char *text)
{
	static struct err e;

	e = (struct err){.code = code};
	snprintf(e.text, sizeof(e.text), "%s", text);
	assert_int_equal(seteuid(NOBODY), 0);
	writable_explain("/srv/ours", &e);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(e.code, code);
	return e.text;
}

#define DENIED(file) "cannot create /srv/ours/" file ": Permission denied"
#define WAY_OUT                                                                \
	" belongs to root: have root give the store back, 'chown -R nobody "   \
	"/srv/ours'"

static void test_explained(void **state)
{
	if (*state == NULL)
		skip();
	assert_string_equal(explained(ERR_IO, DENIED("a/b")), DENIED("a/b"));
	assert_int_equal(mknod("/srv/ours/log", S_IFREG | 0644, 0), 0);
	assert_string_equal(explained(ERR_IO, DENIED("a/b")), DENIED("a/b"));
	assert_string_equal(explained(ERR_IO, DENIED("log")),
		DENIED("log") "; /srv/ours/log" WAY_OUT);
	assert_int_equal(mkdir("/srv/ours/a", 0755), 0);
	assert_string_equal(explained(ERR_IO, DENIED("a/b")),
		DENIED("a/b") "; /srv/ours/a" WAY_OUT);
	assert_string_equal(
		explained(ERR_CONFIG, DENIED("a/b")), DENIED("a/b"));
	assert_string_equal(
		explained(ERR_IO, "No space left"), "No space left");
	assert_int_equal(rmdir("/srv/ours/a"), 0);
	assert_int_equal(mknod("/srv/ours/secret", S_IFREG | 0600, 0), 0);
	assert_string_equal(explained(ERR_IO, DENIED("a/b")),
		DENIED("a/b") "; /srv/ours/secret" WAY_OUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_no_unit),
		cmocka_unit_test(test_unit),
		cmocka_unit_test(test_explained),
	};

	return cmocka_run_group_tests_name("writable", tests, begin, NULL);
}
