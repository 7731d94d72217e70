#ifndef CLI_SECRET_H
#define CLI_SECRET_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Ask for a line on the terminal, without showing it; before is said first.
 * The caller wipes line.  ERR_NOT_FOUND: there is no terminal.  A signal that
 * ends the program does so with the terminal as it was.
 */
int secret_ask(const char *before, char *line, size_t size, struct err *e);

#endif
