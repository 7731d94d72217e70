/*
 * parcel - a blob made ready elsewhere.
 */
#include "store/parcel.h"

#include <libdeflate.h>
#include <stdio.h>

#include "base/hash.h"
#include "store/deflate.h"
#include "store/pack.h"

static struct digest *digest_of(const char *type, uint64_t size)
{
	struct digest *d = digest_sha1();
	char header[32];
	int n = snprintf(header, sizeof(header), "%s %llu", type,
		(unsigned long long)size);

	digest_add(d, header, (size_t)n + 1); /* with its NUL */
	return d;
}

struct digest *blob_digest(uint64_t size)
{
	return digest_of("blob", size);
}

void object_name(const char *type, const void *bytes, size_t n, git_oid *oid)
{
	struct digest *d = digest_of(type, n);

	digest_add(d, bytes, n);
	digest_end(d, oid->id);
}

void blob_name(const void *bytes, size_t n, git_oid *oid)
{
	object_name("blob", bytes, n, oid);
}

void parcel_make(struct parcel *p, const void *bytes, size_t n)
{
	struct deflater deflater = {0};
	size_t bound = deflater_bound(n);

	*p = (struct parcel){.bytes = bytes, .n = n};
	blob_name(bytes, n, &p->oid);
	if (!pack_takes(bound))
		return;
	if (!deflate_helps(bytes, n)) {
		p->how = PARCEL_PLAIN;
		p->sum = libdeflate_adler32(1, bytes, n);
		return;
	}
	p->how = PARCEL_DEFLATED;
	buf_reserve(&p->deflated, bound);
	p->deflated.n = deflater_fast(
		&deflater, bytes, n, p->deflated.p, p->deflated.cap);
	deflater_fini(&deflater);
}

size_t parcel_packed(const struct parcel *p)
{
	return p->how == PARCEL_PLAIN ? deflate_plain_size(p->n)
				      : p->deflated.n;
}

void parcel_fini(struct parcel *p)
{
	buf_fini(&p->deflated);
	*p = (struct parcel){0};
}
