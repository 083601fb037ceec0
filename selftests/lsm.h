/* SPDX-License-Identifier: GPL-2.0-only */
/* A security module of ours: a program of BPF at a hook, which refuses. */
#ifndef _SELFTEST_LSM_H
#define _SELFTEST_LSM_H

/* Return: why there can be none here, or NULL. */
const char *lsm_missing(void);

enum lsm_hook {
	LSM_FILE_PERMISSION,
	LSM_SOCKET_RECVMSG,
	LSM_SOCKET_SENDMSG,
};

/* The second argument of LSM_FILE_PERMISSION. */
#define LSM_WRITE	2
#define LSM_READ	4
/* Whatever it is. */
#define LSM_ANY		-1

/*
 * Have a hook say EPERM to this process, if its second argument is @mask, until the fd
 * that is returned is closed.
 */
int lsm_refuse(enum lsm_hook hook, int mask);

#endif
