/*
 * ref_mend - packed refs that are damaged.
 *
 *   lines that can be read -> packed-refs.lock
 *   packed-refs -> opsync/damaged/packed-refs-TIME
 *   packed-refs.lock -> packed-refs
 *
 * Killed in between, the refs are in the one that was put aside; our branch
 * is found again as one that is gone (heal.c).
 */
#include "store/ref_mend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "store/files.h"
#include "store/shared.h"

#define ID ((size_t)GIT_OID_HEXSZ)

/* "ID NAME\n" */
static bool is_ref(const char *line, size_t n)
{
	char *name;
	git_oid oid;
	int valid = 0;

	if (n < ID + 3 || line[n - 1] != '\n' || line[ID] != ' ' ||
		git_oid_fromstrn(&oid, line, ID) != 0)
		return false;
	line += ID + 1;
	n -= ID + 2;
	name = str_dup((struct str){line, n});
	if (strlen(name) != n || strncmp(name, "refs/", 5) != 0 ||
		git_reference_name_is_valid(&valid, name) != 0)
		valid = 0;
	free(name);
	return valid != 0;
}

/* What a ref points to in the end, which git works out again without. */
static bool is_peeled(const char *line, size_t n)
{
	git_oid oid;

	return n == ID + 2 && line[0] == '^' && line[n - 1] == '\n' &&
	       git_oid_fromstrn(&oid, line + 1, ID) == 0;
}

static bool is_head(const char *line, size_t n)
{
	return line[0] == '#' && line[n - 1] == '\n';
}

/*
 * What can be read of it; *damaged false: it is all in order.  One that cannot
 * be opened now may be.
 */
static int find_damage(
	const char *file, struct buf *refs, bool *damaged, struct err *e)
{
	FILE *f = fopen(file, "re");
	char *line = NULL;
	size_t cap = 0;
	struct stat st;
	ssize_t n;

	*damaged = false;
	if (f == NULL && errno == ENOENT)
		return 0;
	if (f == NULL)
		return err_errno(e, ERR_IO, errno, "cannot open %s", file);
	while ((n = getline(&line, &cap, f)) > 0)
		if (is_ref(line, (size_t)n))
			buf_add(refs, line, (size_t)n);
		else if (!is_peeled(line, (size_t)n) &&
			 !is_head(line, (size_t)n))
			*damaged = true;
	if (ferror(f) != 0)
		*damaged = lstat(file, &st) == 0 && S_ISDIR(st.st_mode);
	free(line);
	fclose(f);
	return 0;
}

static int write_refs(struct store *s, const char *lock, const struct buf *refs,
	struct err *e)
{
	int fd = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int code;

	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "cannot make %s", lock);
	shared_fd(objects_shared(s->objects), fd);
	code = file_write(fd, buf_str(refs).p, refs->n, lock, e);
	if (code == 0)
		code = file_sync(fd, lock, e);
	close(fd);
	if (code != 0)
		unlink(lock);
	return code;
}

static int replace(
	struct store *s, const char *file, const char *lock, struct err *e)
{
	char *to;
	int code = store_put_aside(s, file, "packed-refs", &to, e);

	if (code == 0 && rename(lock, file) != 0)
		code = err_errno(e, ERR_IO, errno, "cannot make %s", file);
	if (code != 0)
		unlink(lock);
	else
		code = folder_sync(git_repository_commondir(s->repo), e);
	if (code == 0)
		store_tell(s, LOG_LEVEL_WARNING,
			"%s was damaged: the refs of it that can be read are "
			"kept, for others see %s",
			file, to);
	free(to);
	return code;
}

int ref_mend(struct store *s, struct err *e)
{
	const char *folder = git_repository_commondir(s->repo);
	char *file = xasprintf("%spacked-refs", folder);
	char *lock = xasprintf("%spacked-refs.lock", folder);
	struct buf refs = {0};
	bool damaged;
	int code = find_damage(file, &refs, &damaged, e);

	if (code == 0 && damaged) {
		code = write_refs(s, lock, &refs, e);
		if (code == 0)
			code = replace(s, file, lock, e);
	}
	buf_fini(&refs);
	free(file);
	free(lock);
	return code;
}
