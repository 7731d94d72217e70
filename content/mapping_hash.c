/*
 * mapping_hash - a digest of all that decides what documents look like.
 *
 * That is the mapping as a tree (comments and layout do not count), our own
 * rendering, and the libraries that shape text.  gumbo does not tell its
 * version, so what it makes of a sample stands for it.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include <pcre2.h>
#include <stdio.h>
#include <unicode/ucal.h>
#include <unicode/uchar.h>
#include <unicode/uversion.h>

#include "content/html.h"
#include "content/mapping.h"

#define RENDERING "9" /* raised whenever our own code writes other bytes */

static void add_text(struct digest *d, char kind, struct str s)
{
	char head[32];
	int n = snprintf(head, sizeof(head), "%c%zu:", kind, s.n);

	digest_add(d, head, (size_t)n);
	digest_add(d, s.p, s.n);
}

static void add_node(struct digest *d, const struct node *node)
{
	switch (node->type) {
	case NODE_SCALAR:
		add_text(d, node->plain ? 'p' : 'q', node->text);
		return;
	case NODE_LIST:
		add_text(d, '[', STR(""));
		for (size_t i = 0; i < node->n; i++)
			add_node(d, &node->items[i]);
		add_text(d, ']', STR(""));
		return;
	case NODE_MAP:
		add_text(d, '{', STR(""));
		for (size_t i = 0; i < node->n; i++) {
			add_text(d, 'k', node->members[i].key.text);
			add_node(d, &node->members[i].value);
		}
		add_text(d, '}', STR(""));
		return;
	}
}

static void add_libraries(struct digest *d)
{
	static const char sample[] =
		"<p>a&nbsp;b&notin;<td>c<b><i>d</b>e</i><br>f<!--g--><svg>"
		"<title>h</title></svg><p>&#128;&unknown;<table>i";
	struct arena a = {0};
	UVersionInfo version;
	char text[U_MAX_VERSION_STRING_LENGTH];
	char pcre[64];
	struct str plain = STR_NONE;
	UErrorCode status = U_ZERO_ERROR;

	u_getVersion(version);
	u_versionToString(version, text);
	add_text(d, 'v', str_of(text));
	u_getUnicodeVersion(version);
	u_versionToString(version, text);
	add_text(d, 'v', str_of(text));
	add_text(d, 'z', str_of(ucal_getTZDataVersion(&status)));
	pcre2_config(PCRE2_CONFIG_VERSION, pcre);
	add_text(d, 'v', str_of(pcre));
	html_text(&a, str_of(sample), &plain, NULL);
	add_text(d, 'v', plain);
	arena_fini(&a);
}

static void add_mapping(struct digest *d, const struct node *root)
{
	size_t n;
	const char *const *keys = program_keys(&n);

	for (size_t i = 0; i < n; i++) {
		const struct node *node = node_get(root, keys[i]);

		add_text(d, 'k', str_of(keys[i]));
		if (node != NULL)
			add_node(d, node);
	}
}

static void end_hex(struct digest *d, char out[SHA256_HEX])
{
	uint8_t bytes[SHA256_SIZE];

	digest_end(d, bytes);
	hash_hex(bytes, sizeof(bytes), out);
}

void mapping_hash(const struct node *root, char out[SHA256_HEX])
{
	struct digest *d = digest_sha256();

	add_text(d, 'r', STR(RENDERING));
	add_libraries(d);
	add_mapping(d, root);
	if (node_get(root, "documents") == NULL)
		add_text(d, 'd', default_mapping());
	end_hex(d, out);
}

void mapping_text_hash(const struct node *root, char out[SHA256_HEX])
{
	struct digest *d = digest_sha256();

	add_mapping(d, root);
	end_hex(d, out);
}
