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
