#ifndef TESTS_FAULTS_CALL_H
#define TESTS_FAULTS_CALL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* The system calls that change files, or that read them, and what a stopped
 * one is about. */

/* How a call names its file: by descriptor, by path, or relative to one. */
enum by { BY_FD, BY_PATH, BY_AT, BY_TWO_PATHS, BY_TWO_ATS, BY_LINK_AT };

struct call {
	long number;
	const char *name;
	enum by by;
	int flags; /* index of the argument with open's flags, or -1 */
};

/* All that change files, or else all that read them; *n is how many. */
const struct call *call_all(bool reading, size_t *n);
const struct call *call_find(bool reading, uint64_t number); /* or NULL */

/* The file that a call changes, and for two the one it becomes. */
void call_files(pid_t tid, const struct call *c, const uint64_t args[6],
	char one[PATH_MAX], char two[PATH_MAX]);

/* Does it change, or read, a file that lies below a folder (NULL: anywhere)? */
bool call_counts(pid_t tid, const struct call *c, const uint64_t args[6],
	const char *under);

/*
 * A line for a call that is done: number, call, result, inode, flags or
 * length, path, second path; behind a write its place and bytes.  Parted by
 * tabs.
 */
void call_log(FILE *log, long number, pid_t tid, const struct call *c,
	const uint64_t args[6], int64_t result);

#endif
