/*
 * mask - the key out of what is told.
 */
#include "api/mask.h"

#include <string.h>
#include <strings.h>

static void mask(char *text, size_t n, const char *secret)
{
	size_t size = secret != NULL ? strlen(secret) : 0;

	for (size_t i = 0; size > 0 && i + size <= n; i++)
		if (strncasecmp(text + i, secret, size) == 0)
			memset(text + i, '*', size);
}

void mask_text(struct buf *text, const char *secret)
{
	mask(text->p, text->n, secret);
}

void mask_error(struct err *e, const char *secret)
{
	mask(e->text, strlen(e->text), secret);
}
