/*
 * md5 - the MD5 of several contents at once.
 *
 * Each step of MD5 waits for the one before, and a processor does little
 * meanwhile: so eight contents are walked through side by side, block by
 * block, each in a lane of the processor's vectors (of whatever kind: that is
 * the compiler's).  A lane whose content ends gets the next one.  libcrypto
 * does what is left when too few are under way, and every end.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/md5.h"

#include <openssl/md5.h>
#include <string.h>

#define LANES 8
#define WORTH 3 /* contents that are quicker together */
#define BLOCK ((size_t)64)

typedef uint32_t lanes __attribute__((vector_size(4 * LANES)));

/* A content, as far as it is. */
struct lane {
	const struct str *content;
	size_t at; /* bytes of it that are done */
	uint32_t state[4];
};

/* --- MD5 itself (RFC 1321) ------------------------------------------------ */

static const uint32_t sines[4][16] = {
	{0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a,
		0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1,
		0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821},
	{0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453,
		0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87,
		0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a},
	{0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9,
		0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085,
		0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665},
	{0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92,
		0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314,
		0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391},
};

#define MIX_F(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define MIX_G(x, y, z) (((z) & (x)) + (~(z) & (y)))
#define MIX_H(x, y, z) ((x) ^ (y) ^ (z))
#define MIX_I(x, y, z) ((y) ^ ((x) | ~(z)))

#define STEP(mix, a, b, c, d, i, turn)                                         \
	s[a] += mix(s[b], s[c], s[d]) + k[i];                                  \
	s[a] = s[b] + (s[a] << (turn) | s[a] >> (32 - (turn)));

/* Its words are those from the first on, in steps of stride. */
#define ROUND(r, mix, first, stride, turn0, turn1, turn2, turn3)               \
	static void round_##r(lanes s[4], const lanes w[16])                   \
	{                                                                      \
		lanes k[16];                                                   \
                                                                               \
		for (size_t i = 0; i < 16; i++)                                \
			k[i] = w[((first) + (stride)*i) & 15] + sines[r][i];   \
		for (size_t i = 0; i < 16; i += 4) {                           \
			STEP(mix, 0, 1, 2, 3, i, turn0)                        \
			STEP(mix, 3, 0, 1, 2, i + 1, turn1)                    \
			STEP(mix, 2, 3, 0, 1, i + 2, turn2)                    \
			STEP(mix, 1, 2, 3, 0, i + 3, turn3)                    \
		}                                                              \
	}

ROUND(0, MIX_F, 0, 1, 7, 12, 17, 22)
ROUND(1, MIX_G, 1, 5, 5, 9, 14, 20)
ROUND(2, MIX_H, 5, 3, 4, 11, 16, 23)
ROUND(3, MIX_I, 0, 7, 6, 10, 15, 21)

static void gather(lanes w[16], const uint8_t *const at[LANES])
{
	for (size_t i = 0; i < 16; i++)
		for (size_t l = 0; l < LANES; l++) {
			const uint8_t *p = at[l] + 4 * i;

			w[i][l] = (uint32_t)p[0] | (uint32_t)p[1] << 8 |
				  (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		}
}

static void add_block(lanes state[4], const uint8_t *const at[LANES])
{
	lanes s[4] = {state[0], state[1], state[2], state[3]};
	lanes w[16];

	gather(w, at);
	round_0(s, w);
	round_1(s, w);
	round_2(s, w);
	round_3(s, w);
	for (size_t i = 0; i < 4; i++)
		state[i] += s[i];
}

/* --- Lanes ---------------------------------------------------------------- */

static size_t blocks_left(const struct lane *lane)
{
	return (lane->content->n - lane->at) / BLOCK;
}

static void begin(struct lane *lane, const struct str *content)
{
	static const uint32_t first[4] = {
		0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};

	lane->content = content;
	lane->at = 0;
	memcpy(lane->state, first, sizeof(first));
}

/* What is left of its content is libcrypto's. */
static void end(const struct lane *lane, uint8_t out[MD5_SIZE])
{
	uint64_t bits = (uint64_t)lane->at * 8;
	MD5_CTX ctx;

	MD5_Init(&ctx);
	ctx.A = lane->state[0];
	ctx.B = lane->state[1];
	ctx.C = lane->state[2];
	ctx.D = lane->state[3];
	ctx.Nl = (uint32_t)bits;
	ctx.Nh = (uint32_t)(bits >> 32);
	MD5_Update(
		&ctx, lane->content->p + lane->at, lane->content->n - lane->at);
	MD5_Final(out, &ctx);
}

/* So many blocks of each; what is no content's walks along with the first. */
static void walk(struct lane *of, size_t n_of, size_t n)
{
	const uint8_t *at[LANES];
	lanes state[4];

	for (size_t l = 0; l < LANES; l++) {
		const struct lane *lane = &of[l < n_of ? l : 0];

		at[l] = (const uint8_t *)lane->content->p + lane->at;
		for (size_t i = 0; i < 4; i++)
			state[i][l] = lane->state[i];
	}
	for (size_t i = 0; i < n; i++) {
		add_block(state, at);
		for (size_t l = 0; l < LANES; l++)
			at[l] += BLOCK;
	}
	for (size_t l = 0; l < n_of; l++) {
		of[l].at += n * BLOCK;
		for (size_t i = 0; i < 4; i++)
			of[l].state[i] = state[i][l];
	}
}

/* To where the first of them ends. */
static void walk_on(struct lane *of, size_t n_of)
{
	size_t n = SIZE_MAX;

	for (size_t l = 0; l < n_of; l++)
		if (blocks_left(&of[l]) < n)
			n = blocks_left(&of[l]);
	walk(of, n_of, n);
}

void md5_each(const struct str *contents, size_t n, uint8_t (*out)[MD5_SIZE])
{
	struct lane of[LANES];
	size_t n_of = 0;
	size_t next = 0;

	for (;;) {
		while (n_of < LANES && next < n)
			begin(&of[n_of++], &contents[next++]);
		if (n_of < WORTH)
			break;
		walk_on(of, n_of);
		for (size_t l = n_of; l-- > 0;) {
			if (blocks_left(&of[l]) > 0)
				continue;
			end(&of[l], out[of[l].content - contents]);
			of[l] = of[--n_of];
		}
	}
	for (size_t l = 0; l < n_of; l++)
		end(&of[l], out[of[l].content - contents]);
}
