/*
 * md5_lanes - MD5 (RFC 1321) of eight texts at once.
 *
 * Each step of MD5 waits for the one before, so that a processor has nothing
 * to do most of the time: with a text in each lane of its vectors it hashes
 * eight in hardly more time than one.
 */
#include "base/md5_lanes.h"

#include <endian.h>
#include <string.h>

/* Compilers split it where the processor's are shorter. */
typedef uint32_t lanes __attribute__((vector_size(4 * MD5_LANES)));

static const uint32_t sines[64] = {0xd76aa478, 0xe8c7b756, 0x242070db,
	0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8,
	0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e,
	0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
	0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87,
	0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942,
	0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60,
	0xbebfbc70, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039,
	0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97, 0xab9423a7,
	0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1, 0x6fa87e4f,
	0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
	0xeb86d391};

static inline uint32_t word(const uint8_t *at)
{
	uint32_t w;

	memcpy(&w, at, sizeof(w));
	return le32toh(w);
}

/*
 * One of the four rounds: n of its steps were before, each takes the word of
 * the block that at says for i, and turns by one of four widths.  What does
 * not wait for the step before is added first.
 */
#define ROUND(n, at, mixed, s0, s1, s2, s3)                                    \
	_Pragma("GCC unroll 16") for (unsigned i = 0; i < 16; i++)             \
	{                                                                      \
		const unsigned widths[4] = {s0, s1, s2, s3};                   \
		const unsigned width = widths[i % 4];                          \
		lanes x = a + w[(at) % 16] + sines[(n) + i];                   \
                                                                               \
		x += (mixed);                                                  \
		a = d;                                                         \
		d = c;                                                         \
		c = b;                                                         \
		b += x << width | x >> (32 - width);                           \
	}

/* One block of each text. */
static void add_block(lanes state[4], const lanes w[16])
{
	lanes a = state[0];
	lanes b = state[1];
	lanes c = state[2];
	lanes d = state[3];

	ROUND(0, i, d ^ (b & (c ^ d)), 7, 12, 17, 22);
	ROUND(16, 5 * i + 1, (c & ~d) + (b & d), 5, 9, 14, 20);
	ROUND(32, 3 * i + 5, b ^ (c ^ d), 4, 11, 16, 23);
	ROUND(48, 7 * i, c ^ (b | ~d), 6, 10, 15, 21);
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

void md5_lanes_add(
	struct md5_lanes *m, const void *const at[MD5_LANES], size_t n)
{
	lanes state[4];
	lanes w[16];

	memcpy(state, m->words, sizeof(state));
	for (size_t from = 0; from < n * MD5_BLOCK; from += MD5_BLOCK) {
		for (size_t i = 0; i < 16; i++)
			for (size_t j = 0; j < MD5_LANES; j++)
				w[i][j] = word(
					(const uint8_t *)at[j] + from + 4 * i);
		add_block(state, w);
	}
	memcpy(m->words, state, sizeof(state));
}
