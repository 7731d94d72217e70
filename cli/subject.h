#ifndef CLI_SUBJECT_H
#define CLI_SUBJECT_H

#include "base/arena.h"
#include "base/work_package.h"
#include "cli/cli.h"
#include "daemon/lookup.h"
#include "daemon/names.h"

/*
 * The work package that a command is about, and the mapping for it.  Zero it,
 * and give it to subject_fini() whatever failed.
 */
struct subject {
	const char *what; /* its file or id, as given */
	struct config config;
	struct arena arena;
	struct work_package wp;
	struct state *state; /* stays open for lookup; NULL for a file */

	/* Private. */
	const char *schema_file;
	const char *attachments_dir;
	struct buf file;
	struct buf source;
	struct buf attachments;
	struct buf comments;
	struct schema schema;
	struct names names;
	struct lookup lookup;
};

/*
 * Take the command's options and its first argument, "ID | FILE.json"; up to
 * more arguments may stand behind, from cli->argv[optind] on.  ERR_USAGE.
 */
int subject_parse(struct subject *s, struct cli *cli, int more, struct err *e);

/*
 * Load the configuration and the work package, from the file or the state.
 * ERR_DATA for a broken file and for a work package that is not known.
 */
int subject_load(struct subject *s, const struct cli *cli, struct err *e);
void subject_fini(struct subject *s);

#endif
