/*
 * config_push - store: { push: … }.
 */
#include "daemon/config_parts.h"

#include <string.h>

/* A secret belongs into a file that only the daemon reads. */
static bool has_password(const char *remote)
{
	const char *at = strstr(remote, "://");
	const char *end;
	const char *sign;
	const char *colon;

	if (at == NULL)
		return false;
	at += 3;
	end = at + strcspn(at, "/");
	sign = memchr(at, '@', (size_t)(end - at));
	colon = memchr(at, ':', (size_t)(end - at));
	return sign != NULL && colon != NULL && colon < sign;
}

static int check(
	const struct node *at, const struct config_push *push, struct err *e)
{
	const struct node *remote = node_get(at, "remote");

	if (push->remote == NULL)
		return node_err(at, e,
			"push: needs remote: ADDRESS, or the name of a remote "
			"in the repository");
	if (push->remote[0] == '-' || push->remote[0] == '\0' ||
		strstr(push->remote, "::") != NULL)
		return node_err(remote, e,
			"remote: is an address of git's (https, ssh, a folder)"
			", or the name of a remote in the repository");
	if (has_password(push->remote))
		return node_err(remote, e,
			"remote: holds a password, which others could see: "
			"credentials: FILE names a file as git credential-store"
			" has it, ssh_key: FILE a key");
	return 0;
}

int config_read_push(struct config *c, const struct node *at, struct err *e)
{
	static const struct config_key keys[] = {
		KEY("remote", KIND_STRING, push.remote),
		KEY("branch", KIND_BRANCH, push.branch),
		KEY("timeout", KIND_DURATION, push.timeout),
		KEY("ssh_key", KIND_STRING, push.ssh_key),
		KEY("known_hosts", KIND_STRING, push.known_hosts),
		KEY("credentials", KIND_STRING, push.credentials),
	};
	int r;

	c->push.branch = c->branch;
	c->push.timeout = 300 * SECONDS;
	r = config_read_section(c, at,
		&(struct config_section){
			"push", keys, ARRAY_LEN(keys), NULL, 0},
		e);
	return r == 0 ? check(at, &c->push, e) : r;
}
