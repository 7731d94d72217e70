#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Digests by libcrypto.  Any thread. */
#define MD5_SIZE 16
#define SHA256_SIZE 32
#define SHA256_HEX 65 /* with NUL */

void hash_sha256(const void *bytes, size_t n, uint8_t out[SHA256_SIZE]);
void hash_sha1(const void *bytes, size_t n, uint8_t out[20]);
void hash_md5(const void *bytes, size_t n, uint8_t out[MD5_SIZE]);

/* Of several texts: in less time than one by one. */
void hash_md5_each(const struct str *texts, size_t n, uint8_t (*out)[MD5_SIZE]);

/* n bytes as 2n lower-case hex digits and a NUL. */
void hash_hex(const uint8_t *bytes, size_t n, char *out);

/* A digest of bytes that come in pieces. */
struct digest;

struct digest *digest_md5(void);
struct digest *digest_sha1(void);
struct digest *digest_sha256(void);
struct digest *digest_copy(const struct digest *d);
void digest_add(struct digest *d, const void *bytes, size_t n);

/* Write the digest (16, 20 or 32 bytes) and free d; out may be NULL. */
void digest_end(struct digest *d, uint8_t *out);

#endif
