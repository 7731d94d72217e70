#ifndef API_REDIRECT_H
#define API_REDIRECT_H

#include "api/address.h"

/* Where contents may be redirected to. */
struct redirect_policy {
	struct origin home; /* the server */
	size_t n_hosts;
	char **hosts; /* owned; "host" or "host:port"; NULL: any public */
};

enum redirect {
	REDIRECT_REFUSED,
	REDIRECT_HOME,   /* the server itself: with the key */
	REDIRECT_LISTED, /* without the key, any address */
	REDIRECT_PUBLIC, /* without the key, public addresses only */
};

/* What may be done with a redirect to url; why says why it is refused. */
enum redirect redirect_check(
	const struct redirect_policy *p, const char *url, const char **why);

/* Is it a host or host:port, as an address has it when it is compared? */
bool redirect_host_is_one(const char *name);

void redirect_policy_fini(struct redirect_policy *p);

#endif
