/*
 * config_server - server: whom to ask, how, and how much at once.
 */
#include "daemon/config_parts.h"

#include <stdlib.h>
#include <string.h>

#include "api/address.h"
#include "api/redirect.h"

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
	int r;

	if (at->type != NODE_LIST)
		return node_err(at, e, "storage_hosts: is a list of hosts");
	r = config_read_texts(&c->arena, at, "storage_hosts", &c->storage_hosts,
		&c->n_storage_hosts, e);
	for (size_t i = 0; r == 0 && i < at->n; i++)
		if (!redirect_host_is_one(c->storage_hosts[i]))
			r = node_err(&at->items[i], e,
				"storage_hosts: '%s' is no host: write it as "
				"files.example or files.example:9000",
				c->storage_hosts[i]);
	return r;
}

/* It goes into a line of each request's head. */
static int read_contact(struct config *c, const struct node *at, struct err *e)
{
	static const struct config_key key =
		KEY("contact", KIND_STRING, contact);
	int r = config_read_key(c, &key, at, e);

	for (size_t i = 0; r == 0 && i < at->text.n; i++)
		if ((unsigned char)at->text.p[i] < ' ' || at->text.p[i] == 0x7f)
			r = node_err(at, e,
				"contact: is one line, without control "
				"characters");
	return r;
}

static int read_url(struct config *c, const struct node *at, struct err *e)
{
	static const struct config_key key = KEY("url", KIND_STRING, url);
	struct err why = {0};
	int r = config_read_key(c, &key, at, e);
	char *base;

	if (r != 0)
		return r;
	base = address_base(c->url, &why);
	if (base == NULL)
		return node_err(at, e, "%s", why.text);
	c->url = arena_str(&c->arena, str_of(base)).p;
	free(base);
	return 0;
}

static int read_requests(struct config *c, const struct node *at, struct err *e)
{
	return node_int(at, "requests", 1, 1000, &c->max_rate, e);
}

/* Whether it can be used is for who makes a client (daemon/client.c). */
static int read_ca_file(struct config *c, const struct node *at, struct err *e)
{
	static const struct config_key key =
		KEY("ca_file", KIND_STRING, ca_file);

	c->ca_file_at = at;
	return config_read_key(c, &key, at, e);
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

int config_read_server(struct config *c, const struct node *at, struct err *e)
{
	static const struct config_key keys[] = {
		KEY_OWN("url", read_url),
		KEY("max_requests", KIND_REQUESTS, max_requests),
		KEY("max_tries", KIND_REQUESTS, max_tries),
		KEY("connect_timeout", KIND_DURATION, connect_timeout),
		KEY("stall_timeout", KIND_DURATION, stall_timeout),
		KEY("max_retry_after", KIND_DURATION, max_retry_after),
		KEY_OWN("ca_file", read_ca_file),
		KEY_OWN("contact", read_contact),
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
	if (r == 0 && c->token_kind == TOKEN_NONE)
		return node_err(at, e,
			"server: needs token: { file: PATH } (OpenProject "
			"makes a key under My account, Access tokens)");
	return r;
}
