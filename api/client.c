/*
 * client - one OpenProject, as it is configured, and its key.
 *
 * The key is kept once, as the header line that it becomes, and is copied
 * only for exchanges with the server itself; each copy is wiped.
 */
#include "api/client.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/queue.h"

#define MAX_REQUESTS 64

static void wipe(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void api_client_set_token(struct api_client *c, const char *token)
{
	char *user = xasprintf("apikey:%s", token);
	int n = (int)strlen(user);
	char *code = xcalloc(1, (size_t)n * 4 / 3 + 8);

	EVP_EncodeBlock((unsigned char *)code, (unsigned char *)user, n);
	wipe(c->authorization);
	wipe(c->key);
	wipe(c->code);
	c->authorization =
		c->bearer ? xasprintf("Authorization: Bearer %s", token)
			  : xasprintf("Authorization: Basic %s", code);
	c->key = xstrdup(token);
	c->code = code;
	wipe(user);
}

static void client_free(struct api_client *c)
{
	wipe(c->authorization);
	wipe(c->key);
	wipe(c->code);
	redirect_policy_fini(&c->redirects);
	aside_fini(&c->aside);
	free(c->user_agent);
	free(c->ca_file);
	free(c->base);
	free(c);
	curl_global_cleanup();
}

static void on_http_closed(struct http *h)
{
	struct api_client *c = container_of(h, struct api_client, http);
	void (*closed)(void *arg) = c->closed;
	void *arg = c->closed_arg;

	client_free(c);
	closed(arg);
}

static void on_drained(uv_handle_t *handle)
{
	struct api_client *c = handle->data;

	http_close(&c->http, on_http_closed);
}

void api_client_close(
	struct api_client *c, void (*closed)(void *arg), void *arg)
{
	c->closed = closed;
	c->closed_arg = arg;
	queue_close(c, on_drained);
}

static void set_storage(struct redirect_policy *p, const struct api_options *o)
{
	if (o->storage_hosts == NULL)
		return;
	p->n_hosts = o->n_storage_hosts;
	p->hosts = xcalloc(p->n_hosts + 1, sizeof(char *));
	for (size_t i = 0; i < p->n_hosts; i++)
		p->hosts[i] = xstrdup(o->storage_hosts[i]);
}

static void set_options(struct api_client *c, const struct api_options *o)
{
	pace_init(&c->pace, o->max_requests, o->max_rate, o->max_bytes);
	c->max_tries = o->max_tries;
	c->max_retry_after = o->max_retry_after;
	c->max_body = o->max_body;
	c->user_agent = xstrdup(o->user_agent);
	c->ca_file = o->ca_file != NULL ? xstrdup(o->ca_file) : NULL;
	c->config = (struct http_config){
		.user_agent = c->user_agent,
		.ca_file = c->ca_file,
		.connect_timeout = o->connect_timeout,
		.stall_timeout = o->stall_timeout,
	};
	set_storage(&c->redirects, o);
	c->bearer = o->bearer;
	api_client_set_token(c, o->token);
}

int api_check_ca_file(const char *path, struct err *e)
{
	X509_STORE *store;
	int loaded;

	if (access(path, R_OK) != 0)
		return err_errno(
			e, ERR_CONFIG, errno, "server.ca_file: %s", path);
	store = X509_STORE_new();
	if (store == NULL)
		out_of_memory();
	loaded = X509_STORE_load_locations(store, path, NULL);
	X509_STORE_free(store);
	ERR_clear_error();
	if (loaded == 1)
		return 0;
	return err_set(e, ERR_CONFIG,
		"server.ca_file: %s: there is no certificate in it, as PEM "
		"has it",
		path);
}

int api_client_new(uv_loop_t *loop, const struct api_options *o,
	struct api_client **out, struct err *e)
{
	char *base = address_base(o->url, e);
	struct api_client *c;

	if (base == NULL)
		return ERR_CONFIG;
	assert(o->max_requests >= 1 && o->max_requests <= MAX_REQUESTS);
	assert(o->max_tries >= 1);
	c = xcalloc(1, sizeof(*c));
	c->base = base;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	set_options(c, o);
	if (!origin_parse(&c->redirects.home, base) ||
		http_init(&c->http, loop, &c->config) != 0) {
		client_free(c);
		return err_set(e, ERR_IO, "libcurl does not start");
	}
	origin_name(&c->redirects.home, c->name, sizeof(c->name));
	queue_init(c, loop);
	*out = c;
	return 0;
}

const struct api_counters *api_client_counters(const struct api_client *c)
{
	return &c->counters;
}

int64_t api_client_not_before(const struct api_client *c)
{
	return c->not_before;
}

int64_t api_client_patience(const struct api_client *c)
{
	int64_t silence = c->config.connect_timeout + c->config.stall_timeout;
	int64_t pause = c->max_retry_after > QUEUE_MAX_BACKOFF
				? c->max_retry_after
				: QUEUE_MAX_BACKOFF;

	if (!TAILQ_EMPTY(&c->waiting))
		return pause > silence ? pause : silence;
	return c->n_running > 0 ? silence : 0;
}
