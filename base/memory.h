#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

/*
 * After a long piece of work: give back what lies free in the heaps, and the
 * pages of the program and its libraries.  Those that are used again come back
 * as they are, from the system's own copy of the files.  Any thread.
 */
void memory_rest(void);

#endif
