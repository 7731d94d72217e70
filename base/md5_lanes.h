#ifndef BASE_MD5_LANES_H
#define BASE_MD5_LANES_H

#include <stddef.h>
#include <stdint.h>

/*
 * MD5's state for so many texts, which are hashed side by side: by word, then
 * by text.
 */
#define MD5_LANES 8
#define MD5_BLOCK ((size_t)64)
struct md5_lanes {
	uint32_t words[4][MD5_LANES];
};

/* Hash n blocks of each text, which begin at these places.  Any thread. */
void md5_lanes_add(
	struct md5_lanes *m, const void *const at[MD5_LANES], size_t n);

#endif
