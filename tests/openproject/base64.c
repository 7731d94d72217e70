/*
 * base64 - RFC 4648, with or without padding.
 */
#include "tests/openproject/base64.h"

#include <string.h>

bool base64_decode(struct str s, struct buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0;
	int n_bits = 0;

	while (s.n > 0 && s.p[s.n - 1] == '=')
		s.n--;
	for (size_t i = 0; i < s.n; i++) {
		const char *at = s.p[i] != '\0' ? strchr(digits, s.p[i]) : NULL;

		if (at == NULL)
			return false;
		bits = (bits << 6 | (unsigned)(at - digits)) & 0xfffff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			buf_putc(out, (char)(bits >> n_bits & 0xff));
		}
	}
	return true;
}
