/*
 * err - a failure as a code for the program and a sentence for the person.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return code;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return code;
}

static bool system_failed(int errnum)
{
	return errnum == EIO || errnum == EMFILE || errnum == ENFILE ||
	       errnum == ENOMEM || errnum == EINTR || errnum == EAGAIN;
}

/* What a person has to do is said with it. */
static const char *words_of(int errnum)
{
	if (errnum == EROFS)
		return "Read-only file system: mount it writable again (the "
		       "system's log says why it is not)";
	return strerror(errnum);
}

int err_errno(
	struct err *e, enum err_code code, int errnum, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	if (code == ERR_CONFIG && system_failed(errnum))
		code = ERR_IO;
	if (e == NULL)
		return code;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s", words_of(errnum));
	return code;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	char rest[sizeof(e->text)];
	va_list ap;
	size_t n;

	if (e == NULL)
		return 0;
	memcpy(rest, e->text, sizeof(rest));
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s", rest);
	return e->code;
}

int err_nearest(struct err *e, int code, const char *nearest)
{
	size_t n = e != NULL ? strlen(e->text) : 0;

	if (e != NULL && nearest != NULL)
		snprintf(e->text + n, sizeof(e->text) - n,
			" (did you mean '%s'?)", nearest);
	return code;
}

int err_exit_code(int code)
{
	switch ((enum err_code)code) {
	case ERR_CANCELED:
	case ERR_AGAIN:
	case ERR_LOCKED:
		return EX_TEMPFAIL;
	case ERR_UNAVAILABLE:
		return EX_UNAVAILABLE;
	case ERR_AUTH:
		return EX_NOPERM;
	case ERR_NOT_FOUND:
	case ERR_QUERY:
	case ERR_DATA:
	case ERR_NEED:
		return EX_DATAERR;
	case ERR_CONFIG:
		return EX_CONFIG;
	case ERR_USAGE:
		return EX_USAGE;
	case ERR_IO:
	case ERR_REPLACED:
		return EX_IOERR;
	case ERR_PARTIAL:
		return 3;
	case ERR_BUG:
		return EX_SOFTWARE;
	}
	return code == 0 ? EX_OK : EX_SOFTWARE;
}
