#ifndef API_ADDRESS_H
#define API_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"

/* Where an URL leads: what a key may be sent to. */
struct origin {
	char *scheme; /* http or https, in lower case */
	char *host;   /* in lower case; [::1] with its brackets */
	char *port;   /* always there */
	bool has_user;
};

/* False, and nothing to free, if url is no http or https address. */
bool origin_parse(struct origin *o, const char *url);
void origin_fini(struct origin *o);

/* "https://host", with the port where it is not the usual one. */
void origin_name(const struct origin *o, char *out, size_t size);
bool origin_eq(const struct origin *a, const struct origin *b);

/*
 * The address that paths are added to, "https://host[:port][/prefix]", which
 * the caller owns; or NULL and ERR_CONFIG.
 */
char *address_base(const char *url, struct err *e);

/* Whether anybody on the internet may be reached there. */
bool address_is_public(const struct sockaddr *address);

#endif
