#ifndef CLI_TERM_H
#define CLI_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Standard output, as a person sees it. */
struct term {
	bool terminal; /* else a file, or a program */
	bool moves;    /* one that can write over what it shows */
	bool colours;  /* on a terminal, unless NO_COLOR is set */
	pid_t pager;   /* 0: none */
};

enum colour { PLAIN, BOLD, DIM, RED, GREEN, YELLOW, CYAN };

void term_init(struct term *t);

/*
 * On a terminal, let what follows go through $OPSYNC_PAGER, $PAGER or less
 * (which ends by itself where all fits); "cat" or nothing is no pager.
 * term_end() waits for it.
 */
void term_page(struct term *t);
void term_end(struct term *t);

/*
 * What documents hold, as it is; on a terminal each byte that might steer it
 * is a question mark.
 */
void term_write(const char *text, size_t n);

/* The escape sequence that begins a colour, or ends all; or nothing. */
const char *term_on(const struct term *t, enum colour colour);
const char *term_off(const struct term *t);

#endif
