#ifndef TESTS_UNIT_STORE_DESCRIPTORS_H
#define TESTS_UNIT_STORE_DESCRIPTORS_H

#include <fcntl.h>

/* How many files this process has open. */
static inline int n_open(void)
{
	int n = 0;

	for (int fd = 0; fd < 1000; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

#endif
