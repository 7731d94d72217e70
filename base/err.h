#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/util.h"

/*
 * What the caller may do about a failure.  Functions return 0 or one of
 * these, all negative, and the words are in a struct err.
 */
enum err_code {
	ERR_CANCELED = -1,    /* asked to stop: not a fault */
	ERR_AGAIN = -2,       /* temporary: the same call may work later */
	ERR_UNAVAILABLE = -3, /* no server there, or it is broken: later */
	ERR_AUTH = -4,        /* the server refuses the key, or the right */
	ERR_NOT_FOUND = -5,   /* no such thing, or hidden from us */
	ERR_QUERY = -6,       /* the server refuses a filter's value */
	ERR_DATA = -7,        /* this item is bad: skip it, go on */
	ERR_NEED = -8,        /* contents of attachments are needed first */
	ERR_CONFIG = -9,      /* a person must mend the configuration */
	ERR_USAGE = -10,      /* a person must mend the command line */
	ERR_IO = -11,         /* files, disk, database or git failed */
	ERR_LOCKED = -12,     /* somebody else holds the store */
	ERR_PARTIAL = -13,    /* done, but some work packages failed */
	ERR_BUG = -14,        /* we are wrong: report it */
	ERR_REPLACED = -15,   /* the store's folder is another: open it anew */
};

/*
 * A failure in words that name the thing, the place and the way out.  Zeroed,
 * it is "no failure".  Set once where the fault is found, prefixed on the way
 * up.  Every function that takes a struct err * accepts NULL.
 */
struct err {
	int code; /* 0 or an err_code */
	char text[504];
};

/* Set code and text, cutting an over-long text; gives code back. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/*
 * As err_set(), with ": strerror(errnum)" behind the text.  ERR_CONFIG becomes
 * ERR_IO where errnum is the system's fault (EIO, EMFILE, ENOMEM, …): no
 * person can mend that, and a restart may.
 */
int err_errno(struct err *e, enum err_code code, int errnum, const char *fmt,
	...) PRINTF_LIKE(4, 5);

/* Put "prefix: " before the text; gives e's code back (0 if e is NULL). */
int err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Put " (did you mean 'nearest'?)" behind the text, if there is such a name;
 * gives code back.
 */
int err_nearest(struct err *e, int code, const char *nearest);

/* The sysexits.h code (or 3, for ERR_PARTIAL) to exit with; 0 for 0. */
int err_exit_code(int code);

#endif
