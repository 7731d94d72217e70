/*
 * address - where a request may go.
 *
 * All parsing of URLs is curl's own, so that what is checked is what is
 * asked.  An address is public unless it is one of those that the registries
 * of IANA reserve; addresses that carry an IPv4 address inside are judged by
 * that.
 */
#include "api/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"

/* A part of u that the caller owns, or NULL. */
static char *part(CURLU *u, CURLUPart what)
{
	char *text = NULL;
	char *copy = NULL;

	if (curl_url_get(u, what, &text, CURLU_DEFAULT_PORT) == CURLUE_OK)
		copy = xstrdup(text);
	curl_free(text);
	return copy;
}

static void lower(char *s)
{
	for (; s != NULL && *s != '\0'; s++)
		*s = (char)tolower((unsigned char)*s);
}

static bool web_scheme(const char *scheme)
{
	return scheme != NULL &&
	       (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
}

bool origin_parse(struct origin *o, const char *url)
{
	CURLU *u = curl_url();
	CURLUcode set = u != NULL ? curl_url_set(u, CURLUPART_URL, url, 0)
				  : CURLUE_OUT_OF_MEMORY;
	bool ok = set == CURLUE_OK;
	char *user;
	char *password;

	if (set == CURLUE_OUT_OF_MEMORY)
		out_of_memory();
	*o = (struct origin){0};
	if (ok) {
		o->scheme = part(u, CURLUPART_SCHEME);
		o->host = part(u, CURLUPART_HOST);
		o->port = part(u, CURLUPART_PORT);
		user = part(u, CURLUPART_USER);
		password = part(u, CURLUPART_PASSWORD);
		o->has_user = user != NULL || password != NULL;
		free(user);
		free(password);
		lower(o->scheme);
		lower(o->host);
	}
	curl_url_cleanup(u);
	if (ok && web_scheme(o->scheme) && o->host != NULL &&
		o->host[0] != '\0' && o->port != NULL)
		return true;
	origin_fini(o);
	return false;
}

void origin_fini(struct origin *o)
{
	free(o->scheme);
	free(o->host);
	free(o->port);
	*o = (struct origin){0};
}

void origin_name(const struct origin *o, char *out, size_t size)
{
	bool usual =
		strcmp(o->port,
			strcmp(o->scheme, "https") == 0 ? "443" : "80") == 0;

	snprintf(out, size, "%s://%s%s%s", o->scheme, o->host, usual ? "" : ":",
		usual ? "" : o->port);
}

bool origin_eq(const struct origin *a, const struct origin *b)
{
	return strcmp(a->scheme, b->scheme) == 0 &&
	       strcmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0;
}

static bool is_web(const char *url)
{
	struct origin o;

	if (strstr(url, "://") == NULL || !origin_parse(&o, url))
		return false;
	origin_fini(&o);
	return true;
}

char *address_base(const char *url, struct err *e)
{
	struct str base = str_of(url);

	while (str_ends(base, STR("/")))
		base.n--;
	if (strchr(url, '@') != NULL)
		err_set(e, ERR_CONFIG,
			"server.url: leave out user and password: the key has "
			"a place of its own, server.token");
	else if (!is_web(url) || strpbrk(url, "?#") != NULL)
		err_set(e, ERR_CONFIG,
			"server.url: '%s' is no address of a server: write "
			"https://host[:port][/prefix]",
			url);
	else if (str_ends(base, STR("/api/v3")))
		err_set(e, ERR_CONFIG, "server.url: '%s': leave out /api/v3",
			url);
	else
		return str_dup(base);
	return NULL;
}

/* Networks that no public server has, by prefix and its length. */
static const struct {
	uint32_t prefix;
	int bits;
} private4[] = {
	{0x00000000, 8},  /* this network */
	{0x0a000000, 8},  /* private */
	{0x64400000, 10}, /* shared by a provider's customers */
	{0x7f000000, 8},  /* loopback */
	{0xa9fe0000, 16}, /* link-local: the clouds' metadata */
	{0xac100000, 12}, /* private */
	{0xc0000000, 24}, /* protocol assignments */
	{0xc0000200, 24}, /* documentation */
	{0xc0586300, 24}, /* 6to4 relays */
	{0xc0a80000, 16}, /* private */
	{0xc6120000, 15}, /* benchmarks */
	{0xc6336400, 24}, /* documentation */
	{0xcb007100, 24}, /* documentation */
	{0xe0000000, 3},  /* multicast, reserved, broadcast */
};

static bool public4(uint32_t address)
{
	for (size_t i = 0; i < ARRAY_LEN(private4); i++)
		if ((address ^ private4[i].prefix) >> (32 - private4[i].bits) ==
			0)
			return false;
	return true;
}

static uint32_t word(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static bool public6(const uint8_t a[16])
{
	static const uint8_t zero[12];
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};

	if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
		return public4(word(a + 12));
	if (memcmp(a, zero, 12) == 0)
		return false; /* unspecified, loopback, old forms of IPv4 */
	if (a[0] == 0x20 && a[1] == 0x02) /* 6to4 */
		return public4(word(a + 2));
	if (word(a) == 0x20010db8 || word(a) == 0x20010000)
		return false;         /* documentation, Teredo */
	return (a[0] & 0xe0) == 0x20; /* global unicast, as far as it is */
}

bool address_is_public(const struct sockaddr *address)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	switch (address->sa_family) {
	case AF_INET:
		memcpy(&in4, address, sizeof(in4));
		return public4(ntohl(in4.sin_addr.s_addr));
	case AF_INET6:
		memcpy(&in6, address, sizeof(in6));
		return public6(in6.sin6_addr.s6_addr);
	default:
		return false;
	}
}
