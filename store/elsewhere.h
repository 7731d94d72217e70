#ifndef STORE_ELSEWHERE_H
#define STORE_ELSEWHERE_H

#include "store/parts.h"

/*
 * For a branch that is not there, and of which a state that is new knows
 * nothing: does another ref lead to commits of our instance (a clone that has
 * only the remote's branch)?  ERR_CONFIG then, since a history of its own
 * would know nothing of what that says; it names the way out.
 */
int elsewhere_refuse(struct store *s, struct err *e);

#endif
