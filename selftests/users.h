/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whoever may be the last to have the pages of a vector: others of its kind, sinks, a
 * mapping, messages. Bytes are those of the pattern RECORDS_SEED from 0 on.
 */
#ifndef _SELFTEST_USERS_H
#define _SELFTEST_USERS_H

#include "places.h"

#include <sys/types.h>

struct user {
	int fd[4];
	void *map;
};

struct user_kind {
	void (*use)(int vec, struct user *user);
	size_t len;		/* a vector to be used has so many bytes */
	enum place place;
};

#define DECLARE_USER(id) extern const struct user_kind user_##id
DECLARE_USER(vector);
DECLARE_USER(slice);
DECLARE_USER(pipe);
DECLARE_USER(tee);
DECLARE_USER(other_pipe);
DECLARE_USER(pulled);
DECLARE_USER(message);
DECLARE_USER(map);
DECLARE_USER(tcp);
DECLARE_USER(tcp_reset);
#undef DECLARE_USER

/* Why there is none here, or NULL. */
const char *user_missing(const struct user_kind *kind);
/* Have all that the vector holds, which stays there. */
void user_begin(struct user *user, const struct user_kind *kind, int vec);
void user_end(struct user *user);

/* Likewise in a process of its own, and kill it with all it has. */
pid_t user_begin_process(const struct user_kind *kind, int vec);
void user_kill(pid_t pid);

#endif
