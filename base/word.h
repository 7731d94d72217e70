#ifndef BASE_WORD_H
#define BASE_WORD_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Eight bytes of a text at once.  A mask has the high bit of each byte that it
 * tells of: of the first one surely, of those behind it perhaps wrongly, but
 * it never lacks one.  Masks may be joined by |.
 */
#define WORD_SIZE 8
#define WORD_EACH(byte) (UINT64_C(0x0101010101010101) * (unsigned char)(byte))
#define WORD_HIGH WORD_EACH(0x80)

static inline uint64_t word_load(const char *p)
{
	uint64_t w;

	memcpy(&w, p, WORD_SIZE);
	return le64toh(w);
}

/* The bytes that are c. */
static inline uint64_t word_equal(uint64_t w, char c)
{
	w ^= WORD_EACH(c);
	return (w - WORD_EACH(1)) & ~w & WORD_HIGH;
}

/* The bytes that are less than c, which is ASCII. */
static inline uint64_t word_below(uint64_t w, char c)
{
	return (w - WORD_EACH(c)) & ~w & WORD_HIGH;
}

/* The bytes that are no printable ASCII, with DEL for one that is. */
static inline uint64_t word_unprintable(uint64_t w)
{
	return word_below(w, ' ') | (w & WORD_HIGH);
}

/* Exactly the bytes that go on a UTF-8 sequence. */
static inline uint64_t word_continues(uint64_t w)
{
	return w & ~(w << 1) & WORD_HIGH;
}

/* How many bytes an exact mask tells of. */
static inline size_t word_count(uint64_t mask)
{
	return (size_t)__builtin_popcountll(mask);
}

/* The place of the first byte of a mask that is not 0. */
static inline size_t word_first(uint64_t mask)
{
	return (size_t)__builtin_ctzll(mask) / 8;
}

#endif
