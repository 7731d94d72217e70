#ifndef DAEMON_VICTIMS_H
#define DAEMON_VICTIMS_H

#include "daemon/mapper.h"

/* The documents that the removals of a pass are about.  Worker's thread. */
enum verdict { GOES, IS_HELD, STAYS_HELD };

struct victim {
	int64_t work_package;
	int64_t project;
	char *entry;
	char *claim;
	char *path;
	const char *why;
	bool gone;
	bool released;
	bool unproven; /* a person is to say whether it is gone */
	enum verdict verdict;
};

/* Zero it, set m and e. */
struct victims {
	struct mapper *m;
	const struct removal *removal; /* that is looked at */
	bool released;
	size_t kept;       /* of that one: when_gone: keep */
	size_t n_unproven; /* that were not held before */
	struct ids gone;   /* of which documents are there */
	size_t n, cap;
	struct victim *items; /* those of a work package together */
	int code;             /* of what failed, */
	struct err *e;        /* if anything has */
};

/* Which ones they are, with what is decided already. */
int victims_collect(struct victims *v);
void victims_fini(struct victims *v);

#endif
