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
	struct config_push *out = &c->push;
	const struct {
		const char *name;
		const char **to;
	} texts[] = {
		{"remote", &out->remote},
		{"branch", &out->branch},
		{"ssh_key", &out->ssh_key},
		{"known_hosts", &out->known_hosts},
		{"credentials", &out->credentials},
	};
	const char *names[ARRAY_LEN(texts) + 1] = {"timeout"};
	const struct node *value;
	struct str text;
	int r;

	out->branch = c->branch;
	out->timeout = 300 * STAMP_SECOND;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		names[i + 1] = texts[i].name;
	r = node_keys(at, "push", names, ARRAY_LEN(names), e);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(texts); i++) {
		value = node_get(at, texts[i].name);
		if (value == NULL)
			continue;
		r = node_string(value, texts[i].name, &text, e);
		if (r == 0)
			*texts[i].to = arena_str(&c->arena, text).p;
	}
	if (r == 0 && (value = node_get(at, "timeout")) != NULL)
		r = node_duration(value, "timeout", &out->timeout, e);
	return r == 0 ? check(at, out, e) : r;
}
