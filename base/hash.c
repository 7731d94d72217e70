/*
 * hash - digests by libcrypto.
 *
 * What is hashed whole goes through its older interface: EVP looks for an
 * implementation each time, which costs more than the hash of a short text.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/hash.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

#include "base/md5_lanes.h"

#define WORTH 4 /* texts side by side; fewer are quicker one by one */

void hash_sha256(const void *bytes, size_t n, uint8_t out[SHA256_SIZE])
{
	SHA256_CTX ctx;

	SHA256_Init(&ctx);
	SHA256_Update(&ctx, bytes, n);
	SHA256_Final(out, &ctx);
}

void hash_sha1(const void *bytes, size_t n, uint8_t out[20])
{
	SHA_CTX ctx;

	SHA1_Init(&ctx);
	SHA1_Update(&ctx, bytes, n);
	SHA1_Final(out, &ctx);
}

void hash_md5(const void *bytes, size_t n, uint8_t out[16])
{
	MD5_CTX ctx;

	MD5_Init(&ctx);
	MD5_Update(&ctx, bytes, n);
	MD5_Final(out, &ctx);
}

/* --- Several side by side ------------------------------------------------ */

/* A text in its lane, with what is not hashed yet. */
struct lane {
	struct str rest;
	uint64_t done; /* bytes before it */
	uint8_t *out;  /* NULL: empty, or its digest is there */
};

static bool has_block(const struct lane *l)
{
	return l->out != NULL && l->rest.n >= MD5_BLOCK;
}

static void begin_lanes(struct md5_lanes *state)
{
	MD5_CTX ctx;

	MD5_Init(&ctx);
	for (size_t i = 0; i < MD5_LANES; i++) {
		state->words[0][i] = ctx.A;
		state->words[1][i] = ctx.B;
		state->words[2][i] = ctx.C;
		state->words[3][i] = ctx.D;
	}
}

/* What is left is hashed alone. */
static void end_lane(struct lane *l, const struct md5_lanes *state, size_t i)
{
	const uint64_t bits = l->done * 8;
	MD5_CTX ctx;

	MD5_Init(&ctx);
	ctx.A = state->words[0][i];
	ctx.B = state->words[1][i];
	ctx.C = state->words[2][i];
	ctx.D = state->words[3][i];
	ctx.Nl = (MD5_LONG)bits;
	ctx.Nh = (MD5_LONG)(bits >> 32);
	MD5_Update(&ctx, l->rest.p, l->rest.n);
	MD5_Final(l->out, &ctx);
	l->out = NULL;
}

/* Lanes with blocks; all of them have so many. */
static size_t count_blocks(const struct lane lanes[MD5_LANES], size_t *blocks)
{
	size_t n = 0;

	*blocks = SIZE_MAX;
	for (size_t i = 0; i < MD5_LANES; i++) {
		if (!has_block(&lanes[i]))
			continue;
		n++;
		if (*blocks > lanes[i].rest.n / MD5_BLOCK)
			*blocks = lanes[i].rest.n / MD5_BLOCK;
	}
	return n;
}

/* Lanes without any take part with what is in another. */
static void add_blocks(
	struct lane lanes[MD5_LANES], struct md5_lanes *state, size_t blocks)
{
	const size_t n = blocks * MD5_BLOCK;
	const void *at[MD5_LANES];
	const void *any = NULL;

	for (size_t i = 0; i < MD5_LANES; i++)
		if (has_block(&lanes[i]))
			any = lanes[i].rest.p;
	for (size_t i = 0; i < MD5_LANES; i++)
		at[i] = has_block(&lanes[i]) ? lanes[i].rest.p : any;
	md5_lanes_add(state, at, blocks);
	for (size_t i = 0; i < MD5_LANES; i++) {
		struct lane *l = &lanes[i];

		if (!has_block(l))
			continue;
		l->rest.p += n;
		l->rest.n -= n;
		l->done += n;
		if (!has_block(l))
			end_lane(l, state, i);
	}
}

static void hash_lanes(struct lane lanes[MD5_LANES])
{
	struct md5_lanes state;
	size_t blocks;

	begin_lanes(&state);
	for (size_t i = 0; i < MD5_LANES; i++)
		if (lanes[i].out != NULL && !has_block(&lanes[i]))
			end_lane(&lanes[i], &state, i);
	while (count_blocks(lanes, &blocks) >= WORTH)
		add_blocks(lanes, &state, blocks);
	for (size_t i = 0; i < MD5_LANES; i++)
		if (lanes[i].out != NULL)
			end_lane(&lanes[i], &state, i);
}

void hash_md5_each(const struct str *texts, size_t n, uint8_t (*out)[MD5_SIZE])
{
	for (size_t i = 0; i < n; i += MD5_LANES) {
		struct lane lanes[MD5_LANES] = {0};

		for (size_t j = 0; j < MD5_LANES && i + j < n; j++)
			lanes[j] = (struct lane){
				.rest = texts[i + j], .out = out[i + j]};
		hash_lanes(lanes);
	}
}

/* --- One by one ---------------------------------------------------------- */

void hash_hex(const uint8_t *bytes, size_t n, char *out)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex[bytes[i] >> 4];
		out[2 * i + 1] = hex[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

/* struct digest is libcrypto's context under another name. */
static struct digest *start(const EVP_MD *md)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx != NULL && EVP_DigestInit_ex(ctx, md, NULL) == 1;

	assert(ok);
	(void)ok;
	return (struct digest *)ctx;
}

struct digest *digest_md5(void)
{
	return start(EVP_md5());
}

struct digest *digest_sha1(void)
{
	return start(EVP_sha1());
}

struct digest *digest_sha256(void)
{
	return start(EVP_sha256());
}

struct digest *digest_copy(const struct digest *d)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx != NULL &&
		 EVP_MD_CTX_copy_ex(ctx, (const EVP_MD_CTX *)d) == 1;

	assert(ok);
	(void)ok;
	return (struct digest *)ctx;
}

void digest_add(struct digest *d, const void *bytes, size_t n)
{
	EVP_DigestUpdate((EVP_MD_CTX *)d, bytes, n);
}

void digest_end(struct digest *d, uint8_t *out)
{
	EVP_MD_CTX *ctx = (EVP_MD_CTX *)d;
	uint8_t ignored[EVP_MAX_MD_SIZE];

	EVP_DigestFinal_ex(ctx, out != NULL ? out : ignored, NULL);
	EVP_MD_CTX_free(ctx);
}
