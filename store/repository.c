/*
 * repository - finding, making and checking the git repository of a store.
 *
 * Making one takes many steps.  A file in its folder, opsync/unfinished, says
 * that they are not all done, and on the disk: whoever holds the store's lock
 * next makes it anew, which git allows on top of what is there.
 */
#include "store/repository.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/user.h"
#include "base/util.h"
#include "store/files.h"
#include "store/git_error.h"
#include "store/index_mend.h"
#include "store/loose_read.h"

/* What cannot be looked at may be there: ERR_IO. */
static int has(const char *folder, const char *name, bool *there, struct err *e)
{
	char *path = xasprintf("%s/%s", folder, name);
	struct stat st;
	int code = 0;

	*there = stat(path, &st) == 0;
	if (!*there && errno != ENOENT && errno != ENOTDIR)
		code = err_errno(e, ERR_IO, errno, "cannot read %s", path);
	free(path);
	return code;
}

bool repository_is_unfinished(const char *folder)
{
	bool there;

	return has(folder, "opsync/unfinished", &there, NULL) == 0 && there;
}

static int is_repository(const char *folder, bool *is, struct err *e)
{
	int code;

	*is = repository_is_unfinished(folder);
	if (*is)
		return 0;
	code = has(folder, "HEAD", is, e);
	return code == 0 && *is ? has(folder, "objects", is, e) : code;
}

/* "gitdir: FOLDER", as in the work trees of git worktree and submodules. */
static int read_git_file(
	const char *path, const char *file, struct buf *folder, struct err *e)
{
	char line[4096];
	FILE *f = fopen(file, "re");
	struct str to = STR_NONE;

	if (f == NULL)
		return err_errno(e, ERR_IO, errno, "cannot open %s", file);
	if (fgets(line, sizeof(line), f) != NULL)
		to = (struct str){line, strcspn(line, "\r\n")};
	fclose(f);
	if (!str_starts(to, STR("gitdir: ")))
		return err_set(
			e, ERR_CONFIG, "%s is not a file of git's", file);
	to = str_skip(to, STR("gitdir: ").n);
	buf_clear(folder);
	if (to.n > 0 && to.p[0] != '/')
		buf_printf(folder, "%s/", path);
	buf_add_str(folder, to);
	return 0;
}

int repository_find(
	const char *path, struct buf *folder, bool *found, struct err *e)
{
	char *dot_git = xasprintf("%s/.git", path);
	const char *at = dot_git;
	struct stat st;
	int code;

	if (stat(dot_git, &st) == 0 && S_ISREG(st.st_mode)) {
		code = read_git_file(path, dot_git, folder, e);
		*found = true;
		free(dot_git);
		return code;
	}
	code = is_repository(at, found, e);
	if (code == 0 && !*found) {
		at = path;
		code = is_repository(at, found, e);
	}
	if (code == 0 && *found) {
		buf_clear(folder);
		buf_puts(folder, at);
	}
	free(dot_git);
	return code;
}

/* How many entries a folder has, other than name; 0 if it is missing. */
static int count_others(
	const char *folder, const char *name, size_t *n, struct err *e)
{
	DIR *d = opendir(folder);
	struct dirent *entry;

	*n = 0;
	if (d == NULL && errno == ENOENT)
		return 0;
	if (d == NULL && errno == ENOTDIR)
		return err_set(e, ERR_CONFIG, "%s is not a folder", folder);
	if (d == NULL)
		return err_errno(e, ERR_IO, errno, "cannot read %s", folder);
	while ((entry = readdir(d)) != NULL)
		if (!name_is_dots(entry->d_name) &&
			strcmp(entry->d_name, name) != 0)
			(*n)++;
	closedir(d);
	return 0;
}

int repository_may_make(const char *path, bool bare, struct err *e)
{
	size_t n = 0;
	char *dot_git = xasprintf("%s/.git", path);
	int code = count_others(path, bare ? "opsync" : ".git", &n, e);

	if (code == 0 && n == 0 && !bare) /* an empty .git is as good as none */
		code = count_others(dot_git, "opsync", &n, e);
	free(dot_git);
	if (code != 0 || n == 0)
		return code;
	return err_set(e, ERR_CONFIG,
		"%s is not a git repository (it holds %zu %s): name an empty "
		"folder, or run 'git init' there",
		path, n, n == 1 ? "file" : "files");
}

static int sync_parent(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char *parent;
	int code;

	if (slash == NULL)
		return folder_sync(".", e);
	parent = str_dup(
		(struct str){path, slash > path ? (size_t)(slash - path) : 1});
	code = folder_sync(parent, e);
	free(parent);
	return code;
}

int folder_make(const char *path, mode_t mode, struct err *e)
{
	char *part = xstrdup(path);
	int code = 0;

	for (size_t i = 1; code == 0 && i <= strlen(path); i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, mode) == 0)
			code = sync_parent(part, e);
		else if (errno != EEXIST && errno != EISDIR)
			code = err_errno(
				e, ERR_IO, errno, "cannot make %s", part);
		part[i] = path[i];
	}
	free(part);
	return code;
}

static int mark(const char *file, struct err *e)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	int code;

	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "cannot make %s", file);
	code = file_sync(fd, file, e);
	close(fd);
	return code == 0 ? sync_parent(file, e) : code;
}

/* The second time libgit2 leaves HEAD as it is, which may be its default. */
static int init(const char *path, const char *branch, bool bare, struct err *e)
{
	git_repository_init_options o = {
		.version = GIT_REPOSITORY_INIT_OPTIONS_VERSION,
		.flags = GIT_REPOSITORY_INIT_MKPATH,
		.initial_head = branch,
	};
	char *ref = xasprintf("refs/heads/%s", branch);
	git_repository *repo = NULL;
	git_reference *head = NULL;
	int code = 0;

	if (bare)
		o.flags |= GIT_REPOSITORY_INIT_BARE;
	if (git_repository_init_ext(&repo, path, &o) != 0 ||
		git_reference_symbolic_create(
			&head, repo, "HEAD", ref, 1, NULL) != 0)
		code = git_failed(e, "cannot make a repository in %s", path);
	git_reference_free(head);
	git_repository_free(repo);
	free(ref);
	return code;
}

int repository_sync(const char *folder, struct err *e)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int code = 0;

	if (fd < 0 || syncfs(fd) != 0)
		code = err_errno(e, ERR_IO, errno, "cannot sync %s", folder);
	if (fd >= 0)
		close(fd);
	return code;
}

/* What a power cut has torn in an unfinished one is read by libgit2. */
static int forget_torn(const char *folder, struct err *e)
{
	static const char *const names[] = {"HEAD", "config"};
	int code = 0;

	for (size_t i = 0; code == 0 && i < ARRAY_LEN(names); i++) {
		char *path = xasprintf("%s/%s", folder, names[i]);

		if (unlink(path) != 0 && errno != ENOENT)
			code = err_errno(
				e, ERR_IO, errno, "cannot remove %s", path);
		free(path);
	}
	return code;
}

int repository_make(const char *path, const char *folder, const char *branch,
	bool bare, struct err *e)
{
	char *file = xasprintf("%s/opsync/unfinished", folder);
	int code = mark(file, e);

	if (code == 0) /* what libgit2 tries links with */
		code = folder_clean(path, "_git2_", e);
	if (code == 0)
		code = forget_torn(folder, e);
	if (code == 0)
		code = init(path, branch, bare, e);
	if (code == 0)
		code = repository_sync(folder, e);
	if (code == 0 && unlink(file) != 0)
		code = err_errno(e, ERR_IO, errno, "cannot remove %s", file);
	free(file);
	return code;
}

/* Git takes a remote with either value for one that has what is missing. */
#define PARTIAL_CLONE                                                          \
	"a partial clone",                                                     \
		"clone it anew without --filter, or run 'git fetch --refetch " \
		"--no-filter', 'git config --unset remote.origin.promisor' "   \
		"and 'git config --unset remote.origin.partialclonefilter' "   \
		"there"

/* Formats that libgit2 opens, and would then read or write wrongly. */
static const struct {
	const char *key; /* a pattern of names, as fnmatch(3) has them */
	const char *value;
	const char *what;
	const char *way_out;
} refused[] = {
	{"extensions.objectformat", "sha256", "a SHA-256 repository",
		"make one with 'git init --object-format=sha1'"},
	{"extensions.refstorage", "reftable", "a repository with reftables",
		"run 'git refs migrate --ref-format=files' there"},
	{"extensions.partialclone", NULL, PARTIAL_CLONE},
	{"remote.*.partialclonefilter", NULL, PARTIAL_CLONE},
	{"remote.*.promisor", "true", PARTIAL_CLONE},
	{"core.splitindex", "true", "a repository with a split index",
		"run 'git update-index --no-split-index' and 'git config "
		"--unset core.splitIndex' there"},
	{"index.sparse", "true", "a repository with a sparse index",
		"run 'git sparse-checkout disable' there"},
};

/* The last of a name counts, and "yes" is as true as "true". */
static bool is_set(git_config *config, const char *name, const char *value)
{
	git_buf got = {0};
	int truth = 0;
	bool set;

	if (value != NULL && strcmp(value, "true") == 0)
		return git_config_get_bool(&truth, config, name) == 0 && truth;
	set = git_config_get_string_buf(&got, config, name) == 0 &&
	      (value == NULL || strcasecmp(got.ptr, value) == 0);
	git_buf_dispose(&got);
	return set;
}

/* A regular expression of libgit2 leaks where it does not match. */
static bool is_refused(git_config *config, size_t i)
{
	git_config_iterator *iterator;
	git_config_entry *entry;
	bool set = false;

	if (git_config_iterator_new(&iterator, config) != 0)
		return false;
	while (!set && git_config_next(&entry, iterator) == 0)
		set = fnmatch(refused[i].key, entry->name, 0) == 0 &&
		      is_set(config, entry->name, refused[i].value);
	git_config_iterator_free(iterator);
	return set;
}

/* Configuration is read by itself, since opening may fail for its sake. */
static int check_config(
	const char *path, const char *folder, const char *name, struct err *e)
{
	char *file = xasprintf("%s/%s", folder, name);
	git_config *config = NULL;
	int code = 0;

	if (git_config_open_ondisk(&config, file) == 0) {
		for (size_t i = 0; code == 0 && i < ARRAY_LEN(refused); i++)
			if (is_refused(config, i))
				code = err_set(e, ERR_CONFIG,
					"%s is %s, which opsync cannot use: %s",
					path, refused[i].what,
					refused[i].way_out);
		git_config_free(config);
	}
	free(file);
	return code;
}

static int check_format(const char *path, const char *folder, struct err *e)
{
	int code = check_config(path, folder, "config", e);

	return code == 0 ? check_config(path, folder, "config.worktree", e)
			 : code;
}

/* Another's index that we may not read is no fault of its format. */
static int say_index(
	const char *path, const char *file, int error, struct err *e)
{
	struct err why = {0};

	if (error == EACCES)
		return err_errno(e, ERR_IO, error, "cannot read %s", file);
	git_failed(&why, "%s has an index that opsync cannot read", path);
	if (git_code(ERR_CONFIG) == ERR_IO)
		return err_set(e, ERR_IO, "%s", why.text);
	return err_set(e, ERR_CONFIG,
		"%.400s: run 'git sparse-checkout disable' and 'git "
		"update-index --no-split-index' there",
		why.text);
}

/*
 * A split or sparse index shows only when it is read.  Apart from the
 * repository, which would keep all of it.
 */
static int check_index(git_repository *repo, const char *path, struct err *e)
{
	git_buf file = {0};
	git_index *index = NULL;
	int code = 0;

	if (git_repository_is_bare(repo))
		return 0;
	if (git_repository_item_path(&file, repo, GIT_REPOSITORY_ITEM_INDEX) !=
		0)
		return git_failed(e, "cannot open %s", path);
	if (git_index_open(&index, file.ptr) != 0) {
		bool denied =
			faccessat(AT_FDCWD, file.ptr, R_OK, AT_EACCESS) != 0 &&
			errno == EACCES;

		if (denied || (!index_is_damaged(file.ptr) && /* made again */
				      !index_has_no_digest(file.ptr)))
			code = say_index(
				path, file.ptr, denied ? EACCES : 0, e);
	}
	git_buf_dispose(&file);
	git_index_free(index);
	return code;
}

/* Whose it is, if not ours; false: it is. */
static bool is_anothers(const char *path, uid_t *owner)
{
	struct stat st;

	if (stat(path, &st) != 0 || st.st_uid == geteuid())
		return false;
	*owner = st.st_uid;
	return true;
}

/*
 * Root can write there, and what it makes its owner cannot: root is told how to
 * be that one, and not of git's way to let it.
 */
static int say_anothers(const char *path, uid_t owner, struct err *e)
{
	char *prefix;
	int code;

	if (geteuid() != 0)
		return err_set(e, ERR_CONFIG,
			"%s belongs to another user: run opsyncd as that user, "
			"give the folder to this one (chown -R), or allow it "
			"with 'git config --global --add safe.directory %s'",
			path, path);
	prefix = user_prefix(owner);
	code = err_set(e, ERR_CONFIG,
		"%s belongs to another user, who could not write what root "
		"makes there: run it as that user, '%s opsyncd ...'",
		path, prefix);
	free(prefix);
	return code;
}

/* Libgit2 1.5 says so by GIT_EOWNER, or that it found no exception. */
static int cannot_open(
	const char *path, const char *folder, int rc, struct err *e)
{
	uid_t owner = 0;

	if (is_anothers(folder, &owner) ||
		(rc == GIT_EOWNER && is_anothers(path, &owner)))
		return say_anothers(path, owner, e);
	git_failed(e, "cannot open %s", path);
	if (e != NULL)
		e->code = (int)git_code(ERR_CONFIG);
	return (int)git_code(ERR_CONFIG);
}

int repository_open(const char *path, git_repository **out, struct err *e)
{
	struct buf folder = {0};
	git_repository *repo;
	bool found;
	int rc;
	int code = repository_find(path, &folder, &found, e);

	if (code == 0)
		code = check_format(path, buf_str(&folder).p, e);
	if (code == 0) {
		rc = git_repository_open_ext(
			&repo, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
		if (rc != 0)
			code = cannot_open(path, buf_str(&folder).p, rc, e);
	}
	buf_fini(&folder);
	if (code != 0)
		return code;
	code = check_index(repo, path, e);
	if (code == 0)
		code = loose_read_plug_in(repo, e);
	if (code != 0)
		git_repository_free(repo);
	else
		*out = repo;
	return code;
}
