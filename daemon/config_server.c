/*
 * config_server - server: whom to ask, how, and how much at once.
 */
#include "daemon/config_parts.h"

#include <string.h>

static int read_token(struct config *c, const struct node *at, struct err *e)
{
	static const char *const names[] = {
		"file", "env", "credential", "command"};
	static const enum token_kind kinds[] = {
		TOKEN_FILE, TOKEN_ENV, TOKEN_CREDENTIAL, TOKEN_COMMAND};
	struct str text;
	int r;

	if (at->type != NODE_MAP || at->n != 1)
		return node_err(at, e,
			"token: says where the key is, not the key itself: "
			"{ file: PATH }, { env: NAME }, { credential: NAME } "
			"or { command: COMMAND }");
	r = node_keys(at, "token", names, ARRAY_LEN(names), e);
	if (r != 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct node *value = node_get(at, names[i]);

		if (value == NULL)
			continue;
		r = node_string(value, names[i], &text, e);
		if (r == 0 && kinds[i] == TOKEN_FILE)
			r = config_check_home(value, names[i], text, e);
		if (r != 0)
			return r;
		c->token_kind = kinds[i];
		c->token_value = arena_str(&c->arena, text).p;
	}
	return 0;
}

static int read_storage_hosts(
	struct config *c, const struct node *at, struct err *e)
{
	if (at->type != NODE_LIST)
		return node_err(at, e, "storage_hosts: is a list of hosts");
	return config_read_texts(&c->arena, at, "storage_hosts",
		&c->storage_hosts, &c->n_storage_hosts, e);
}

static int read_requests(struct config *c, const struct node *at, struct err *e)
{
	return node_int(at, "requests", 1, 1000, &c->max_rate, e);
}

/* What may be asked of the server in a second. */
static int read_rate(struct config *c, const struct node *at, struct err *e)
{
	static const struct config_key keys[] = {
		KEY_OWN("requests", read_requests),
		KEY("bytes", KIND_SIZE, max_bytes),
	};
	int r = config_read_section(c, at, "rate", keys, ARRAY_LEN(keys), e);

	if (r == 0 && c->max_bytes != 0 && c->max_bytes < 1024)
		return node_err(
			node_get(at, "bytes"), e, "bytes: is at least 1KiB");
	return r;
}

/* An address that was copied ends in a slash, to which paths do not add up. */
static const char *without_slash(struct arena *a, const char *url)
{
	struct str s = str_of(url);

	while (str_ends(s, STR("/")))
		s.n--;
	return arena_str(a, s).p;
}

int config_read_server(struct config *c, const struct node *at, struct err *e)
{
	static const struct config_key keys[] = {
		KEY("url", KIND_STRING, url),
		KEY("max_requests", KIND_REQUESTS, max_requests),
		KEY("max_tries", KIND_REQUESTS, max_tries),
		KEY("connect_timeout", KIND_DURATION, connect_timeout),
		KEY("stall_timeout", KIND_DURATION, stall_timeout),
		KEY("max_retry_after", KIND_DURATION, max_retry_after),
		KEY("ca_file", KIND_STRING, ca_file),
		KEY("contact", KIND_STRING, contact),
		KEY_OWN("token", read_token),
		KEY_CHOICE("auth", "basic", "bearer", bearer),
		KEY_OWN("storage_hosts", read_storage_hosts),
		KEY("share", KIND_SHARE, share),
		KEY_OWN("rate", read_rate),
	};
	int r = config_read_section(c, at, "server", keys, ARRAY_LEN(keys), e);

	if (r == 0 && c->share < 0.01)
		return node_err(
			node_get(at, "share"), e, "share: is at least 1%%");
	if (r == 0 && c->url == NULL)
		return node_err(at, e, "server: needs url: https://…");
	if (r == 0 && strncmp(c->url, "https://", 8) != 0 &&
		strncmp(c->url, "http://", 7) != 0)
		return node_err(node_get(at, "url"), e,
			"url: begins with https:// (or http://)");
	if (r == 0)
		c->url = without_slash(&c->arena, c->url);
	if (r == 0 && c->token_kind == TOKEN_NONE)
		return node_err(at, e,
			"server: needs token: { file: PATH } (OpenProject "
			"makes a key under My account, Access tokens)");
	return r;
}
