#ifndef BASE_WORK_PACKAGE_H
#define BASE_WORK_PACKAGE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/image_info.h"
#include "base/str.h"
#include "base/value.h"

/*
 * A work package as the API shows it, without HAL: what api makes of an
 * answer and what content maps.  Borrows every text from the arena (and the
 * source) that it was parsed into.
 */

/*
 * A reference to something with a name.  id is 0 where there is none (href
 * is null) or the href is not one of ours; an undisclosed link has the href
 * urn:openproject-org:api:v3:undisclosed.  title may be STR_NONE.
 */
struct link {
	int64_t id;
	struct str href;
	struct str title;
};

/* A file at a work package, by its metadata. */
struct attachment {
	int64_t id;
	struct str file_name;    /* as the server gives it: never a path */
	struct str content_type; /* as the server sniffed it */
	int64_t size;            /* bytes */
	struct str digest;       /* MD5, 32 lower-case hex digits, or none */
	struct str status;       /* why it is withheld, or none */
	struct str created_at;
	struct link author;
	struct str href; /* /api/v3/attachments/N/content */

	/* Known once the contents were here. */
	bool fetched;
	struct image_info image;
};

/* What somebody wrote about a work package, for all to see. */
struct comment {
	int64_t id;
	struct link author; /* its title may be none: the server gives ids */
	struct str created_at;
	struct str raw;
	struct str html;
};

/* What a work package has to do with another, seen from it. */
struct relation {
	int64_t id;
	struct str type; /* blocks, follows … */
	struct link other;
	struct str description; /* or none */
};

/* A custom field's value; its name comes from the schema. */
struct custom_field {
	struct str key; /* customField12 */
	/*
	 * Null, bool, number (the server's own digits), string (text and
	 * dates); a map {raw, html} for long text; for links a map {id,
	 * href, title}, or a list of them; id is null where there is none.
	 */
	struct value value;
};

/* A name that a schema gives to a custom field. */
struct schema_field {
	struct str key;  /* customField12 */
	struct str name; /* cleanUrl; none: it cannot be read, */
	struct str type; /* String, []CustomOption, …; none: nor can this */
};

/* The custom fields of one type in one project. */
struct schema {
	int64_t project_id;
	int64_t type_id;
	bool shown; /* else the server has none that it shows */
	size_t n_fields;
	struct schema_field *fields;
};

struct project {
	int64_t id;
	struct str identifier; /* ccm */
	struct str name;
	struct str created_at;
	bool active;
	size_t n_ancestors;
	int64_t *ancestors; /* ids, from the root down */
};

/* Another work package that has a document here: where a link leads. */
struct neighbour {
	struct str path; /* of its document, in the store */
	struct str subject;
};

/*
 * A value of unique that a document would have at that level: before others
 * have it at a higher one, or as work packages that come later.  Of the same
 * work package, stands() says of an entry whether its document counts.
 */
struct unique_wish {
	struct str value;
	unsigned level;
	bool (*stands)(const struct unique_wish *wish, struct str entry);
	const void *of; /* for stands() */
};

/* A document that a work package has by now, by whatever mapping. */
struct own_document {
	struct str entry;
	struct str path;
	struct str claim; /* its natural path, folded */
	bool keep_when_gone;
	int successor; /* for program_successors() */
};

/*
 * Asked for other work packages while one is mapped.  find fills *out, with
 * texts in a, or gives false where that one has no document here.  Of several
 * documents the path is that of the entry which comes first.
 */
struct neighbours {
	bool (*find)(void *arg, struct arena *a, int64_t work_package,
		struct neighbour *out);
	/* Does another document have that value?  *by is whose it is. */
	bool (*taken)(void *arg, const struct unique_wish *wish, int64_t *by);
	/* The documents of the work package itself, in a; gives their number.
	 */
	size_t (*own)(void *arg, struct arena *a, struct own_document **out);
	void *arg;
};

struct work_package {
	int64_t id;
	struct str subject;
	struct str description_raw;
	struct str description_html;
	struct link type;
	struct link status;
	struct link priority;
	struct link project;
	struct link author;
	struct link assignee;
	struct link responsible;
	struct link version;
	struct link category;
	struct link parent;
	size_t n_children;
	struct link *children;
	struct str start_date; /* YYYY-MM-DD, as all dates; or none */
	struct str due_date;
	struct str date; /* a milestone's */
	struct str created_at;
	struct str updated_at;
	struct str estimated_time;  /* ISO 8601 duration */
	struct str percentage_done; /* digits, or none */
	size_t n_fields;
	struct custom_field *fields;

	/* Added by who knows them, before mapping. */
	struct str project_identifier; /* ccm, or none if unknown; */
	bool any_project;              /* then it fits every match.project */
	struct str url;                /* the page in OpenProject, or none */
	bool status_is_closed;
	const struct schema *schema; /* of its project and type, or NULL */
	bool attachments_known;      /* else the list was not asked for */
	bool unsaved; /* to be looked at alone: no file is kept */
	size_t n_attachments;
	struct attachment *attachments; /* by id */
	size_t n_quarantined; /* others, of which only id and name count */
	struct attachment *quarantined;
	bool comments_known; /* else they were not asked for */
	size_t n_comments;
	struct comment *comments; /* by id */
	size_t n_relations;
	struct relation *relations; /* as far as they are known; by id */
	const struct neighbours *neighbours; /* or NULL: nobody is known */
};

/* The name that the schema gives to key, or STR_NONE.  schema may be NULL. */
struct str schema_name_of(const struct schema *schema, struct str key);

/* A field that may have any name, since that cannot be read; or NULL. */
const struct schema_field *schema_unreadable(const struct schema *schema);

/* The one of its attachments that has this id, or NULL. */
const struct attachment *work_package_attachment(
	const struct work_package *wp, int64_t id);

/* Parse the number at the end of /api/v3/THING/NUMBER; 0 if there is none. */
int64_t href_id(struct str href);

/* Does a person have an e-mail address for a name?  They are never written. */
bool name_is_address(struct str name);

#endif
