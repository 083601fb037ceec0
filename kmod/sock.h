/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_SOCK_H
#define _SV_SOCK_H

#include <linux/fs.h>
#include <linux/net.h>

/**
 * enum sv_sock_sort - the sorts of sockets, by what may be done with them
 * @SV_SOCK_TCP: TCP with nothing on top of it
 * @SV_SOCK_UNIX: unix stream
 * @SV_SOCK_UPPER: a stream whose protocol reads and writes its data in a way of
 *	its own: TLS or a BPF program on top of TCP, MPTCP, vsock
 * @SV_SOCK_RECORD: keeps the boundaries of what is sent
 * @SV_SOCK_UNKNOWN: any other: only ever shown copies
 */
enum sv_sock_sort {
	SV_SOCK_TCP,
	SV_SOCK_UNIX,
	SV_SOCK_UPPER,
	SV_SOCK_RECORD,
	SV_SOCK_UNKNOWN,
};

enum sv_sock_sort sv_sock_sort(const struct socket *sock);
int sv_sock_wait_readable(struct file *file, bool nonblock, bool quiet,
			  long *timeout);

#endif /* _SV_SOCK_H */
