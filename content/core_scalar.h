#ifndef CONTENT_CORE_SCALAR_H
#define CONTENT_CORE_SCALAR_H

#include "base/arena.h"

/*
 * What a plain YAML scalar means by YAML 1.2's core schema, or that YAML 1.1
 * readers take it for something else (yes, 010, 12:30, 1e3), or that no
 * document can carry it (.nan).  Dates are strings.
 */
enum core_type {
	CORE_NULL,
	CORE_BOOL,
	CORE_NUMBER,
	CORE_STRING,
	CORE_AMBIGUOUS,
};

enum core_type core_type(struct str plain);

/* The digits of a CORE_NUMBER as JSON has them: no '+', "0.5", "5.0". */
struct str core_number(struct arena *a, struct str plain);

#endif
