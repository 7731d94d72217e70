#ifndef CONTENT_TREE_H
#define CONTENT_TREE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/*
 * A YAML file as a tree that remembers where everything stands, so that an
 * error can name file, line and column.  Read by libyaml; scalars are YAML
 * 1.2 core.  Anchors, aliases, tags, second documents and double keys are
 * errors; at most 1 MiB and 64 levels.
 */
enum node_type { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	enum node_type type;
	const char *file; /* as named when loaded */
	int line;         /* both from 1 */
	int column;
	bool plain;      /* a scalar without quotes */
	struct str text; /* of a scalar */
	struct str raw;  /* its bytes in the file, with quotes and escapes */
	size_t n;
	struct node *items;          /* of a list */
	struct node_member *members; /* of a map, in the file's order */
};

struct node_member {
	struct node key; /* a scalar */
	struct node value;
};

/*
 * Parse text into a tree that lives in arena and calls itself file.  An
 * empty document is an empty map.  ERR_CONFIG with place and words.
 */
int tree_parse(struct arena *arena, const char *file, struct str text,
	struct node *out, struct err *e);

/* The same for a file; ERR_CONFIG also when it cannot be read. */
int tree_load(
	struct arena *arena, const char *file, struct node *out, struct err *e);

/* ERR_CONFIG with "file:line:column: " before the words, if at is of a file. */
int node_err(const struct node *at, struct err *e, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* The place of byte offset of a scalar's text, as a node for node_err(). */
struct node node_within(const struct node *scalar, size_t offset);

/* The value of a map's key, or NULL. */
const struct node *node_get(const struct node *map, const char *key);

/* ERR_CONFIG unless at is a map with no key but these; suggests the nearest. */
int node_keys(const struct node *at, const char *what, const char *const *keys,
	size_t n, struct err *e);

/* True if a plain scalar is null by YAML 1.2 core (null, ~, or nothing). */
bool node_is_null(const struct node *at);

/* Typed readings of a scalar; what names it in the error. */
int node_string(const struct node *at, const char *what, struct str *out,
	struct err *e);
int node_bool(
	const struct node *at, const char *what, bool *out, struct err *e);
int node_int(const struct node *at, const char *what, int64_t min, int64_t max,
	int64_t *out, struct err *e);

/* "30s", "5m", "1h", "1d", "500ms" in microseconds. */
int node_duration(
	const struct node *at, const char *what, int64_t *out, struct err *e);

/* "10MiB", "64KiB", "1GiB", "500kB" or plain bytes. */
int node_size(
	const struct node *at, const char *what, int64_t *out, struct err *e);

#endif
