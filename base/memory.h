#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>

/*
 * After a long piece of work: give back what lies free in the heaps, and the
 * pages of the program and its libraries.  Those that are used again come back
 * as they are, from the system's own copy of the files.  Any thread.
 */
void memory_rest(void);

/*
 * Give back the pages of mapped files whose names end so, of mappings that are
 * a library's, and only read.  Any thread.
 */
void memory_let_go(const char *ending);

/* Is a file mapped whose name ends so, or can that not be told?  Any thread. */
bool memory_may_map(const char *ending);

#endif
