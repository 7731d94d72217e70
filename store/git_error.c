/*
 * git_error - libgit2's words in ours.
 */
#include "store/git_error.h"

#include <git2.h>
#include <stdarg.h>
#include <stdio.h>

enum err_code git_code(enum err_code other)
{
	const git_error *last = git_error_last();

	/* INVALID is libgit2 to itself: it went on without memory. */
	return last != NULL && (last->klass == GIT_ERROR_OS ||
				       last->klass == GIT_ERROR_NOMEMORY ||
				       last->klass == GIT_ERROR_INVALID)
		       ? ERR_IO
		       : other;
}

int git_failed(struct err *e, const char *fmt, ...)
{
	const git_error *last = git_error_last();
	char text[sizeof(((struct err *)NULL)->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(e, ERR_IO, "%s: %s", text,
		last != NULL ? last->message : "libgit2 gives no reason");
}
