/*
 * config_push - store: { push: … }.
 */
#include "daemon/config_parts.h"

#include <string.h>
#include <strings.h>

/*
 * A secret belongs into a file that only the daemon reads, since the address is
 * told in many places.  A token may be the name alone, but for ssh.
 */
static bool has_secret(const char *remote)
{
	const char *at = strstr(remote, "://");
	struct str user;

	if (at == NULL)
		return false;
	user = (struct str){at + 3, strcspn(at + 3, "/?#")};
	while (user.n > 0 && user.p[user.n - 1] != '@')
		user.n--;
	return user.n > 0 && (memchr(user.p, ':', user.n) != NULL ||
				     strncasecmp(remote, "http", 4) == 0);
}

/* A folder, as git sees it; a name alone is one of the repository's remotes. */
static bool is_folder(const char *remote)
{
	size_t n = strcspn(remote, ":/");

	return remote[n] == '/' || strcmp(remote, ".") == 0 ||
	       strcmp(remote, "..") == 0;
}

static int check(
	const struct node *at, const struct config_push *push, struct err *e)
{
	const struct node *remote = node_get(at, "remote");

	if (push->remote == NULL)
		return node_err(at, e,
			"push: needs remote: ADDRESS, or the name of a remote "
			"in the repository");
	if (push->remote[0] == '-' || strstr(push->remote, "::") != NULL)
		return node_err(remote, e,
			"remote: is an address of git's (https, ssh, a folder)"
			", or the name of a remote in the repository");
	if (has_secret(push->remote))
		return node_err(remote, e,
			"remote: holds a name or a password, which others "
			"could see: leave out what is before the '@'; "
			"credentials: FILE names a file as git credential-store"
			" has it (https://NAME:PASSWORD@HOST), ssh_key: FILE a "
			"key");
	return 0;
}

int config_read_push(struct config *c, const struct node *at, struct err *e)
{
	static const struct config_key keys[] = {
		KEY("remote", KIND_STRING, push.remote),
		KEY("branch", KIND_BRANCH, push.branch),
		KEY("timeout", KIND_DURATION, push.timeout),
		KEY("ssh_key", KIND_PATH, push.ssh_key),
		KEY("known_hosts", KIND_PATH, push.known_hosts),
		KEY("credentials", KIND_PATH, push.credentials),
	};
	int r;

	c->push.branch = c->branch;
	c->push.timeout = 300 * SECONDS;
	r = config_read_section(c, at, "push", keys, ARRAY_LEN(keys), e);
	if (r == 0)
		r = check(at, &c->push, e);
	if (r == 0 && is_folder(c->push.remote))
		c->push.remote = config_absolute(c, c->push.remote);
	return r;
}
