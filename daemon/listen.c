/*
 * listen - a Unix socket at a place of its own.
 */
#include "daemon/listen.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define WAY_OUT "(control: { socket: PATH } names another place)"

/* The store's lock is ours: nobody listens at a socket that is there. */
static int make_way(const char *path, struct err *e)
{
	struct sockaddr_un address;
	struct stat st;

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
	unlink(path);
	return 0;
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
			path, uv_strerror(r));
	return 0;
}
