/*
 * shared - a repository that others of a group, or all, use as well.
 *
 * As git itself does it: who may read may enter, nobody gets to write what its
 * maker may not, and what is made in a folder gets the folder's group.
 */
#include "store/shared.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

#define GROUP 0660
#define ALL 0664

static int parse_bool(const char *value)
{
	int is;

	return git_config_parse_bool(&is, value) == 0 && is != 0 ? GROUP : 0;
}

static int parse_mode(long mode)
{
	switch (mode) {
	case 1:
		return GROUP;
	case 2:
		return ALL;
	default: /* its owner may always */
		return (mode & 0600) == 0600 ? -(int)(mode & 0666) : 0;
	}
}

static int parse(const char *value)
{
	static const struct {
		const char *name;
		int shared;
	} names[] = {{"umask", 0}, {"group", GROUP}, {"all", ALL},
		{"world", ALL}, {"everybody", ALL}};
	char *end;
	long mode;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(value, names[i].name) == 0)
			return names[i].shared;
	mode = strtol(value, &end, 8);
	return *end != '\0' ? parse_bool(value) : parse_mode(mode);
}

int shared_read(git_repository *repo)
{
	git_config *config;
	git_config_entry *entry;
	int shared = 0;

	if (git_repository_config(&config, repo) != 0)
		return 0;
	if (git_config_get_entry(&entry, config, "core.sharedrepository") ==
		0) {
		shared = entry->value != NULL ? parse(entry->value) : GROUP;
		git_config_entry_free(entry);
	}
	git_config_free(config);
	return shared;
}

mode_t shared_mode(int shared, mode_t mode)
{
	mode_t bits = (mode_t)abs(shared);

	if (shared == 0)
		return mode;
	if ((mode & S_IWUSR) == 0)
		bits &= (mode_t)~0222;
	if ((mode & S_IXUSR) != 0)
		bits |= (bits & 0444) >> 2;
	if (shared < 0)
		mode &= (mode_t)~0777;
	mode |= bits;
	return S_ISDIR(mode) && (mode & 060) != 0 ? mode | S_ISGID : mode;
}

void shared_fd(int shared, int fd)
{
	struct stat st;

	if (shared != 0 && fstat(fd, &st) == 0 &&
		shared_mode(shared, st.st_mode) != st.st_mode)
		(void)fchmod(fd, shared_mode(shared, st.st_mode) & 07777);
}

void shared_path(int shared, const char *path)
{
	struct stat st;

	if (shared != 0 && stat(path, &st) == 0 &&
		shared_mode(shared, st.st_mode) != st.st_mode)
		(void)chmod(path, shared_mode(shared, st.st_mode) & 07777);
}

void shared_below(int shared, const char *top, const char *name)
{
	char *path = xasprintf("%s/%s", top, name);

	for (char *end = path + strlen(top) + 1;
		(end = strchr(end, '/')) != NULL; *end++ = '/') {
		*end = '\0';
		shared_path(shared, path);
	}
	shared_path(shared, path);
	free(path);
}
