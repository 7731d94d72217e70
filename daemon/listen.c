/*
 * listen - a Unix socket at a place of its own.
 */
#include "daemon/listen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/util.h"

#define WAY_OUT "(control: { socket: PATH } names another place)"

static bool somebody_listens(int fd, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path, path, strlen(path) + 1);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ||
	       errno == EAGAIN; /* and many wait for it */
}

/*
 * The store's lock is ours: who listens there is no daemon of this store, but
 * one of another that has the same name.  Who was killed does not listen.
 */
static int check_deserted(const char *path, struct err *e)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool taken;

	if (fd < 0)
		return err_errno(
			e, ERR_IO, errno, "the control socket %s", path);
	taken = somebody_listens(fd, path);
	close(fd);
	if (!taken)
		return 0;
	return err_set(e, ERR_LOCKED,
		"the control socket %s: the daemon of another store listens "
		"there: give one of the two configuration files another "
		"name " WAY_OUT,
		path);
}

static int make_way(const char *path, struct err *e)
{
	struct sockaddr_un address;
	struct stat st;
	int r;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(e, ERR_IO,
			"the control socket %s: a socket's path has at most "
			"%zu bytes " WAY_OUT,
			path, sizeof(address.sun_path) - 1);
	if (lstat(path, &st) != 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_IO,
			"the control socket %s: there is something "
			"else " WAY_OUT,
			path);
	r = check_deserted(path, e);
	if (r == 0)
		unlink(path);
	return r;
}

/* libuv says of a folder that is not there that it may not be entered. */
static bool lacks_folder(const char *path)
{
	char *folder = xstrdup(path);
	char *slash = strrchr(folder, '/');
	bool lacks = false;

	if (slash != NULL && slash != folder) {
		*slash = '\0';
		lacks = access(folder, F_OK) != 0 && errno == ENOENT;
	}
	free(folder);
	return lacks;
}

int listen_at(uv_pipe_t *pipe, const char *path, bool for_all, int backlog,
	uv_connection_cb on_connection, struct err *e)
{
	mode_t mask;
	int r = make_way(path, e);

	if (r != 0)
		return r;
	mask = umask(for_all ? 0111 : 0117);
	r = uv_pipe_bind(pipe, path);
	umask(mask);
	if (r == 0)
		r = uv_listen((uv_stream_t *)pipe, backlog, on_connection);
	if (r != 0)
		return err_set(e, ERR_IO, "the control socket %s: %s " WAY_OUT,
			path,
			lacks_folder(path) ? "its folder is not there: make it"
					   : uv_strerror(r));
	return 0;
}
