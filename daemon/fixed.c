/*
 * fixed - what a configuration that is read again must leave as it was.
 */
#include "daemon/fixed.h"

#include <string.h>

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_hosts(const struct config *a, const struct config *b)
{
	if (a->storage_hosts == NULL || b->storage_hosts == NULL)
		return a->storage_hosts == b->storage_hosts;
	if (a->n_storage_hosts != b->n_storage_hosts)
		return false;
	for (size_t i = 0; i < a->n_storage_hosts; i++)
		if (!same(a->storage_hosts[i], b->storage_hosts[i]))
			return false;
	return true;
}

static bool same_server(const struct config *a, const struct config *b)
{
	return same(a->url, b->url) && a->bearer == b->bearer &&
	       same(a->ca_file, b->ca_file) && same(a->contact, b->contact) &&
	       a->max_requests == b->max_requests &&
	       a->max_rate == b->max_rate && a->max_bytes == b->max_bytes &&
	       a->max_tries == b->max_tries &&
	       a->connect_timeout == b->connect_timeout &&
	       a->stall_timeout == b->stall_timeout &&
	       a->max_retry_after == b->max_retry_after && same_hosts(a, b);
}

static bool same_store(const struct config *a, const struct config *b)
{
	return same(a->store_path, b->store_path) &&
	       same(a->branch, b->branch) && a->bare == b->bare &&
	       a->consolidate == b->consolidate &&
	       same(a->push.remote, b->push.remote) &&
	       same(a->push.branch, b->push.branch) &&
	       same(a->push.ssh_key, b->push.ssh_key) &&
	       same(a->push.known_hosts, b->push.known_hosts) &&
	       same(a->push.credentials, b->push.credentials) &&
	       a->push.timeout == b->push.timeout;
}

int fixed_check(
	const struct config *old, const struct config *new, struct err *e)
{
	const char *what = NULL;

	if (!same_server(old, new))
		what = "server";
	else if (!same_store(old, new))
		what = "store";
	else if (!same(old->author_name, new->author_name) ||
		 !same(old->author_email, new->author_email))
		what = "commit";
	else if (!same(old->socket, new->socket) ||
		 old->all_read != new->all_read)
		what = "control";
	else if (!config_hooks_same(&old->hooks, &new->hooks))
		what = "hooks";
	if (what == NULL)
		return 0;
	return err_set(e, ERR_CONFIG,
		"%s: %s: changed, and that needs a restart of opsyncd",
		new->file, what);
}
