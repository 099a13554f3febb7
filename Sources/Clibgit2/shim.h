/* SPDX-License-Identifier: MIT */
#ifndef GMEMKIT_LIBGIT2_SHIM_H
#define GMEMKIT_LIBGIT2_SHIM_H

#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>

/* git_libgit2_opts() is variadic, and Swift does not import variadic functions. */

static inline int gmemkit_set_strict_hash_verification(int enabled)
{
	return git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, enabled);
}

static inline int gmemkit_set_strict_object_creation(int enabled)
{
	return git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, enabled);
}

static inline int gmemkit_set_cache_size(ssize_t bytes)
{
	return git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, bytes);
}

static inline int gmemkit_set_cache_object_limit(git_object_t type, size_t bytes)
{
	return git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, type, bytes);
}

/*
 * Repository formats that change nothing for a reader of objects and references, or whose effects (missing objects) are
 * seen when they matter. The object format and the reference format are not among them.
 */
static inline int gmemkit_accept_extensions(void)
{
	const char *names[] = { "worktreeconfig", "partialclone", "preciousobjects", "relativeworktrees" };

	return git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, names, sizeof(names) / sizeof(names[0]));
}

/* An object store of our own: libgit2's part first, so that a pointer to one is a pointer to the other. */
typedef struct {
	git_odb_backend parent;
	void *store;
} gmemkit_staging_backend;

static inline int gmemkit_set_fsync(int enabled)
{
	return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, enabled);
}

#endif
