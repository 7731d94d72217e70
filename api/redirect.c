/*
 * redirect - whether the contents of an attachment may come from elsewhere.
 *
 * Servers with an object storage answer with an address there that is good
 * for a while.  It may lead to the server itself, to a host that the
 * administrator named, or, where nothing is said of hosts, to any public one by
 * https; http is taken only from a named host of a server that is itself asked
 * by http.  Whether an address is public shows when it is connected to, after
 * its name is resolved.
 */
#include "api/redirect.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool listed(const struct redirect_policy *p, const struct origin *o)
{
	for (size_t i = 0; i < p->n_hosts; i++) {
		const char *name = p->hosts[i];
		size_t n = strlen(o->host);

		if (strncasecmp(name, o->host, n) != 0)
			continue;
		if (name[n] == '\0' ||
			(name[n] == ':' && strcmp(name + n + 1, o->port) == 0))
			return true;
	}
	return false;
}

bool redirect_host_is_one(const char *name)
{
	char *hosts[] = {(char *)name};
	const struct redirect_policy only = {.n_hosts = 1, .hosts = hosts};
	char *url = xasprintf("https://%s/", name);
	struct origin o;
	bool good = origin_parse(&o, url) && listed(&only, &o);

	origin_fini(&o);
	free(url);
	return good;
}

static enum redirect judge(const struct redirect_policy *p,
	const struct origin *o, const char **why)
{
	bool secure = strcmp(o->scheme, "https") == 0;

	*why = "it carries a user name";
	if (o->has_user)
		return REDIRECT_REFUSED;
	if (origin_eq(o, &p->home))
		return REDIRECT_HOME;
	*why = "it is not https";
	if (!secure && strcmp(p->home.scheme, "https") == 0)
		return REDIRECT_REFUSED;
	if (listed(p, o))
		return REDIRECT_LISTED;
	if (!secure)
		return REDIRECT_REFUSED;
	*why = "server.storage_hosts does not name it";
	return p->hosts != NULL ? REDIRECT_REFUSED : REDIRECT_PUBLIC;
}

enum redirect redirect_check(
	const struct redirect_policy *p, const char *url, const char **why)
{
	struct origin o;
	enum redirect result;

	*why = "it is no web address";
	if (!origin_parse(&o, url))
		return REDIRECT_REFUSED;
	result = judge(p, &o, why);
	origin_fini(&o);
	return result;
}

void redirect_policy_fini(struct redirect_policy *p)
{
	origin_fini(&p->home);
	for (size_t i = 0; i < p->n_hosts; i++)
		free(p->hosts[i]);
	free(p->hosts);
	*p = (struct redirect_policy){0};
}
