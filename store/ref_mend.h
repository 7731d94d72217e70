#ifndef STORE_REF_MEND_H
#define STORE_REF_MEND_H

#include "store/parts.h"

/*
 * Where git's file of packed refs is damaged, which keeps git from reading any
 * ref: put it aside, and keep the refs of it that can be read.  ERR_IO.
 */
int ref_mend(struct store *s, struct err *e);

#endif
