#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include <stdint.h>

#include "base/err.h"

/*
 * A moment as people name it: "2h" (ago; s, m, h, d, w), "today",
 * "yesterday", "now", "14:30" (today), "2026-11-25", "2026-11-25 14:30", with
 * seconds if they matter, by the local clock; or RFC 3339.  ERR_USAGE names
 * the option and lists them.
 */
int when_parse(const char *text, const char *option, int64_t now, int64_t *out,
	struct err *e);

#endif
