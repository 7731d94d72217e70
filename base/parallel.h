#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Call fn(arg, i) once for each i below n, on as many threads as there are
 * processors (four at most), of which the caller's is one.  Comes back when
 * all calls have; what they wrote is seen then.  Cannot fail: where no thread
 * can be had, the caller's does it all.
 */
void parallel_each(size_t n, void (*fn)(void *arg, size_t i), void *arg);

/*
 * Begin a thread for a piece of work.  It takes no signals, since those belong
 * to the loop.  False: none is to be had.
 */
bool thread_begin(pthread_t *thread, void *(*work)(void *arg), void *arg);

#endif
