/*
 * default_mapping - the mapping that serves where none is configured.
 *
 * PROJECT/ID-slug/index.md, with the pictures of the description beside it;
 * no people and no custom fields.
 */
#include "content/mapping.h"

static const char text[] =
	"documents:\n"
	"- name: default\n"
	"  let:\n"
	"    folder: ${ project.identifier | file_name ??"
	" \"project-${ project.id }\" }\n"
	"    words: ${ subject | slug | replace(\"-\", \" \") |"
	" truncate_words(80) | replace(\" \", \"-\") }\n"
	"    base: '${ [id, words] | compact | join(\"-\") }'\n"
	"  path: ${ folder }/${ base }/index.md\n"
	"  front_matter:\n"
	"    title: ${ subject }\n"
	"    date: ${ createdAt }\n"
	"    lastmod: ${ updatedAt }\n"
	"    startDate: { $when: '${ startDate ?? date }',"
	" $value: '${ startDate ?? date }' }\n"
	"    dueDate: { $when: '${ dueDate ?? date }',"
	" $value: '${ dueDate ?? date }' }\n"
	"    type: ${ type.name }\n"
	"    status: ${ status.name }\n"
	"    tags: [{ $when: '${ category }', $value: '${ category.name }' }]\n"
	"  body: ${ description.raw }\n";

struct str default_mapping(void)
{
	return str_of(text);
}
