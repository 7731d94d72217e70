/*
 * match - whether an entry of documents: fits a work package.
 *
 * It fails closed: what cannot be decided (a name that the server hides, a
 * field that the schema lacks, any error in a condition) is an error, never a
 * document.  Conditions are asked for only where the names fit.
 */
#include "content/mapping.h"

#define KEY(member) #member, offsetof(struct work_package, member)

const struct match_name match_keys[MATCH_KEYS] = {
	[MATCH_PROJECT] = {KEY(project), READ_PROJECT},
	[MATCH_TYPE] = {KEY(type), READ_TYPE},
	[MATCH_STATUS] = {KEY(status), READ_STATUS},
	[MATCH_PRIORITY] = {KEY(priority), READ_PRIORITY},
	[MATCH_AUTHOR] = {KEY(author), READ_USER},
	[MATCH_ASSIGNEE] = {KEY(assignee), READ_USER},
	[MATCH_RESPONSIBLE] = {KEY(responsible), READ_USER},
	[MATCH_VERSION] = {KEY(version), READ_VERSION},
	[MATCH_CATEGORY] = {KEY(category), READ_CATEGORY},
};

static const struct link *link_for(
	const struct work_package *wp, enum match_key key)
{
	return (const void *)((const char *)wp + match_keys[key].offset);
}

static void note_link(struct evaluation *with, const struct link *l)
{
	reads_add_link(&with->reads, l->href, l->title);
}

static bool has(const struct names *names, struct str s)
{
	for (size_t i = 0; s.p != NULL && i < names->n; i++)
		if (str_eq(names->items[i], s))
			return true;
	return false;
}

static bool undecidable(
	const struct work_package *wp, enum match_key key, bool fits)
{
	const struct link *l = link_for(wp, key);

	if (fits)
		return false;
	if (str_ends(l->href, STR(":undisclosed")))
		return true;
	if (key == MATCH_PROJECT)
		return wp->project_identifier.p == NULL;
	return key <= MATCH_PRIORITY && l->title.p == NULL;
}

static bool name_fits(const struct names *names, const struct work_package *wp,
	enum match_key key)
{
	const struct link *l = link_for(wp, key);

	if (str_ends(l->href, STR(":undisclosed")))
		return false;
	if (key == MATCH_PROJECT &&
		(has(names, wp->project_identifier) || wp->any_project))
		return true;
	return has(names, l->title);
}

struct str match_value(const struct work_package *wp, enum match_key key)
{
	if (key == MATCH_PROJECT && wp->project_identifier.p != NULL)
		return wp->project_identifier;
	return link_for(wp, key)->title;
}

enum match_key match_unfit(const struct match *m, const struct work_package *wp)
{
	int key = 0;

	while (key < MATCH_KEYS &&
		(m->names[key].n == 0 ||
			name_fits(&m->names[key], wp, (enum match_key)key)))
		key++;
	return (enum match_key)key;
}

static int decide_where(struct evaluation *with, const struct match *m,
	bool *fits, struct err *e)
{
	int rc;

	*fits = true;
	if (m->where == NULL)
		return 0;
	with->in_match = true;
	with->hidden = STR_NONE;
	rc = evaluate_truth(with, STR("match.where"), m->where, fits, e);
	with->in_match = false;
	if (rc == 0 && with->hidden.p != NULL)
		rc = err_set(e, ERR_DATA,
			"match.where: ${ %.*s }: the server does not show "
			"'%.*s' of this work package",
			STR_ARGS(m->where->text), STR_ARGS(with->hidden));
	with->children = (struct value){0}; /* it sees others, */
	with->relations = (struct value){0};
	return rc;
}

int match_decide(struct evaluation *with, const struct match *m, bool *fits,
	struct err *e)
{
	int unknown = -1;

	*fits = false;
	for (int key = 0; key < MATCH_KEYS; key++) {
		const struct names *names = &m->names[key];
		bool yes = names->n == 0 ||
			   name_fits(names, with->wp, (enum match_key)key);

		if (names->n > 0)
			note_link(
				with, link_for(with->wp, (enum match_key)key));
		if (undecidable(with->wp, (enum match_key)key, yes))
			unknown = key;
		else if (!yes)
			return 0;
	}
	if (unknown >= 0)
		return err_set(e, ERR_DATA,
			"match.%s: the server does not show the %s of this "
			"work package",
			match_keys[unknown].name, match_keys[unknown].name);
	return decide_where(with, m, fits, e);
}
