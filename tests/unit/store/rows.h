#ifndef TESTS_UNIT_STORE_ROWS_H
#define TESTS_UNIT_STORE_ROWS_H

#include "store/rows.h"

/*
 * Rows as a commit writes them, put into a state at once: the daemon itself
 * writes none but what was staged.
 */
static inline int put_work_package(
	struct state *s, const struct state_work_package *wp, struct err *e)
{
	struct query q = query_open(s,
		"INSERT OR REPLACE INTO work_package (" WORK_PACKAGE_COLUMNS ")"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	bind_work_package(&q, wp);
	return query_run(&q, e);
}

static inline int put_attachment(
	struct state *s, const struct state_attachment *a, struct err *e)
{
	struct query q = query_open(s,
		"INSERT OR REPLACE INTO attachment (" ATTACHMENT_COLUMNS ")"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?)");

	bind_attachment(&q, a);
	return query_run(&q, e);
}

static inline int put_document(
	struct state *s, const struct state_document *d, struct err *e)
{
	struct query q = query_open(s, "INSERT INTO document (" DOCUMENT_COLUMNS
				       ") VALUES (?, ?, ?, ?, ?)");
	int code;

	bind_document(&q, d);
	code = query_run(&q, e);
	for (size_t i = 0; code == 0 && i < d->n_files; i++) {
		q = query_open(s, "INSERT INTO file (" FILE_COLUMNS
				  ") VALUES (?, ?, ?, ?, ?)");
		bind_file(&q, d, &d->files[i]);
		code = query_run(&q, e);
	}
	return code;
}

#endif
