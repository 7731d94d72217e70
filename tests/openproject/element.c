/*
 * element - a work package as an element of a list, as OpenProject 14.1
 * writes it for one who may do everything.
 *
 * The templates are the real thing with ' for " and a $letter for what
 * differs; of a link, what stands between href and its closing brace.
 */
#include "tests/openproject/element.h"

#include <inttypes.h>
#include <string.h>

#define WP "/api/v3/work_packages/$i"

static const char before_links[] =
	"{'derivedStartDate':null,'derivedDueDate':null,'spentTime':'PT0S',"
	"'laborCosts':'0.00 EUR','materialCosts':'0.00 EUR',"
	"'overallCosts':'0.00 EUR','_type':'WorkPackage','id':$i,"
	"'lockVersion':$l,'subject':'$s','description':{'format':'markdown',"
	"'raw':'$r','html':'$h'},'scheduleManually':false,'startDate':$d,"
	"'dueDate':null,'estimatedTime':null,'derivedEstimatedTime':null,"
	"'derivedRemainingTime':null,'duration':null,"
	"'ignoreNonWorkingDays':false,'percentageDone':$c,"
	"'derivedPercentageDone':null,'createdAt':'$a','updatedAt':'$u',$f"
	"'_links':{";

static const struct {
	const char *name; /* NULL: text is no link */
	const char *text;
} links[] = {
	{"attachments", WP "/attachments'"},
	{"addAttachment", WP "/attachments','method':'post'"},
	{"update", WP "/form','method':'post'"},
	{"schema", "/api/v3/work_packages/schemas/$p-$t'"},
	{"updateImmediately", WP "','method':'patch'"},
	{"delete", WP "','method':'delete'"},
	{"logTime", "/api/v3/time_entries','title':'Log time on $s'"},
	{"move", "/work_packages/$i/move/new','type':'text/html','title':'Move "
		 "$s'"},
	{"copy", "/work_packages/$i/copy','title':'Copy $s'"},
	{"pdf", "/work_packages/$i.pdf','type':'application/"
		"pdf','title':'Export as PDF'"},
	{"atom", "/work_packages/$i.atom','type':'application/"
		 "rss+xml','title':'Atom feed'"},
	{"availableRelationCandidates",
		WP "/available_relation_candidates','title':'Potential work "
		   "packages to relate to'"},
	{"customFields", "/projects/$n/settings/custom_fields','type':'text/"
			 "html','title':'Custom fields'"},
	{"configureForm", "/types/$t/edit?tab=form_configuration','type':'text/"
			  "html','title':'Configure form'"},
	{"activities", WP "/activities'"},
	{"availableWatchers", WP "/available_watchers'"},
	{"relations", WP "/relations'"},
	{"watchers", WP "/watchers'"},
	{"addWatcher", WP "/watchers','method':'post','payload':{'user':{'href'"
			  ":'/api/v3/users/{user_id}'}},'templated':true"},
	{"removeWatcher",
		WP "/watchers/{user_id}','method':'delete','templated':true"},
	{"addRelation",
		WP "/relations','method':'post','title':'Add relation'"},
	{"addChild",
		"/api/v3/projects/$n/"
		"work_packages','method':'post','title':'Add child of $s'"},
	{"changeParent", WP "','method':'patch','title':'Change parent of $s'"},
	{"addComment", WP "/activities','method':'post','title':'Add comment'"},
	{"previewMarkup",
		"/api/v3/render/markdown?context=" WP "','method':'post'"},
	{"timeEntries", "/api/v3/"
			"time_entries?filters=%5B%7B%22work_package_id%22%3A%"
			"7B%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B%22$"
			"i%22%5D%7D%7D%5D','title':'Time entries'"},
	{NULL, "'category':$C,'type':$T,'priority':$P,'project':$J,'status':$S,"
	       "'author':$A,'responsible':{'href':null},'assignee':$G,'version'"
	       ":$V,"},
	{"logCosts", "/work_packages/$i/cost_entries/new','type':'text/"
		     "html','title':'Log costs on $s'"},
	{"showCosts",
		"/projects/$p/"
		"cost_reports?fields%5B%5D=WorkPackageId&operators%"
		"5BWorkPackageId%5D=%3D&set_filter=1&values%5BWorkPackageId%5D="
		"$i','type':'text/html','title':'Show cost entries'"},
	{"costsByType", WP "/summarized_costs_by_type'"},
	{"meetings", "/work_packages/$i/tabs/meetings','title':'meetings'"},
	{"github_pull_requests",
		WP "/github_pull_requests','title':'GitHub pull requests'"},
	{"gitlab_merge_requests",
		WP "/gitlab_merge_requests','title':'Gitlab merge requests'"},
	{"gitlab_issues", WP "/gitlab_issues','title':'Gitlab Issues'"},
	{NULL, "$F"},
	{"self", WP "','title':'$s'"},
	{"unwatch", WP "/watchers/6','method':'delete'"},
};

static const char behind_links[] =
	"'ancestors':[],'parent':{'href':null,'title':null},"
	"'customActions':[]}}";

void element_link(struct buf *out, const struct thing *t)
{
	const struct json *name;

	if (t == NULL) {
		buf_puts(out, "{\"href\":null}");
		return;
	}
	name = json_get(t->json, t->kind == KIND_OPTION ? "value" : "name");
	buf_printf(out, "{\"href\":\"/api/v3/%s/%" PRId64 "\",\"title\":",
		kind_path(t->kind), t->id);
	json_write(name, out);
	buf_putc(out, '}');
}

static void write_value(struct buf *out, const struct element *e, char letter)
{
	const struct thing *const things[128] = {
		['C'] = e->category,
		['T'] = e->type,
		['P'] = e->priority,
		['J'] = e->project,
		['S'] = e->status,
		['A'] = e->author,
		['G'] = e->assignee,
		['V'] = e->version,
	};
	const char *const texts[128] = {
		['s'] = e->subject,
		['r'] = e->raw,
		['h'] = e->html,
		['d'] = e->start_date,
		['a'] = e->created,
		['u'] = e->updated,
		['f'] = e->fields,
		['F'] = e->field_links,
		['n'] = e->project->identifier,
	};

	if (strchr("CTPJSAGV", letter) != NULL)
		element_link(out, things[(unsigned char)letter]);
	else if (letter == 'i')
		buf_printf(out, "%" PRId64, e->id);
	else if (letter == 'p')
		buf_printf(out, "%" PRId64, e->project->id);
	else if (letter == 't')
		buf_printf(out, "%" PRId64, e->type->id);
	else if (letter == 'l')
		buf_printf(out, "%ld", e->lock_version);
	else if (letter == 'c' && e->percent < 0)
		buf_puts(out, "null");
	else if (letter == 'c')
		buf_printf(out, "%ld", e->percent);
	else
		buf_puts(out, texts[(unsigned char)letter]);
}

static void write_template(
	struct buf *out, const struct element *e, const char *template)
{
	for (const char *p = template; *p != '\0'; p++) {
		size_t n = strcspn(p, "'$");

		buf_add(out, p, n);
		p += n;
		if (*p == '\'')
			buf_putc(out, '"');
		else if (*p == '$')
			write_value(out, e, *++p);
		else
			break;
	}
}

void element_write(struct buf *out, const struct element *e)
{
	write_template(out, e, before_links);
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		if (links[i].name != NULL)
			buf_printf(out, "\"%s\":{\"href\":\"", links[i].name);
		write_template(out, e, links[i].text);
		if (links[i].name != NULL)
			buf_puts(out, "},");
	}
	write_template(out, e, behind_links);
}

static void add_html(struct buf *out, char c)
{
	switch (c) {
	case '&':
		buf_puts(out, "&amp;");
		break;
	case '<':
		buf_puts(out, "&lt;");
		break;
	case '>':
		buf_puts(out, "&gt;");
		break;
	default:
		buf_putc(out, c);
	}
}

void element_html(struct str raw, struct buf *out)
{
	while (raw.n > 0) {
		size_t end = str_find(raw, STR("\n\n"));

		buf_puts(out, "<p class=\"op-uc-p\">");
		for (size_t i = 0; i < end; i++)
			add_html(out, raw.p[i]);
		buf_puts(out, "</p>");
		raw = str_skip(raw, end + 2 < raw.n ? end + 2 : raw.n);
		if (raw.n > 0)
			buf_puts(out, "\n\n");
	}
}
