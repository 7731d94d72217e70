#ifndef STORE_SHARED_H
#define STORE_SHARED_H

#include <git2.h>
#include <sys/stat.h>

/*
 * What others of the repository may do with what is made in its folder:
 * core.sharedRepository (git-config(1)).  0: as the umask says, and nothing is
 * done here; else permissions that are added, or, negative, stand instead.
 */
int shared_read(git_repository *repo);

/* The mode of a file or folder that would have another. */
mode_t shared_mode(int shared, mode_t mode);

/* Give it to what we have made; what is another's stays as it is. */
void shared_fd(int shared, int fd);
void shared_path(int shared, const char *path);

/* Likewise to the file name below top/, and to its folders there. */
void shared_below(int shared, const char *top, const char *name);

#endif
