/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages with control data. */
#ifndef _SELFTEST_CONTROL_H
#define _SELFTEST_CONTROL_H

#include <stddef.h>

/* All @len bytes, with @size bytes of control data of this kind. */
void send_control(int socket, const void *bytes, size_t len, int level, int type,
		  const void *data, size_t size);
/* The same with files, up to CONTROL_FDS; SCM_RIGHTS of a unix socket. */
#define CONTROL_FDS	4
void send_with_fds(int socket, const void *bytes, size_t len, const int *fds,
		   size_t nr);

#endif
