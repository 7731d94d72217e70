#ifndef CLI_STARTER_H
#define CLI_STARTER_H

#include "api/resources.h"
#include "base/buf.h"
#include "daemon/names.h"

/* What a first configuration is made of. */
struct starter {
	const char *url;
	const char *token_file; /* absolute, as is the store */
	bool credential;        /* systemd hands the key over */
	bool bearer;            /* and it is sent as a Bearer token */
	const char *store;
	struct str user;
	const struct names *names;
	const struct names_scope *scope; /* its projects are synced */
};

/*
 * Write a configuration that runs as it is: these projects, their types, and
 * a mapping like the default one; people and custom fields, which not
 * everybody should see, are commented out.
 */
void starter_write(const struct starter *s, struct buf *out);

#endif
