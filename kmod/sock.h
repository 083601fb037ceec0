/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_SOCK_H
#define _SV_SOCK_H

#include <linux/fs.h>
#include <linux/net.h>

/**
 * enum sv_sock_sort - the sorts of sockets we know how to serve
 * @SV_SOCK_OTHER: none of these
 * @SV_SOCK_TCP: TCP with nothing on top of it
 * @SV_SOCK_UNIX: unix stream
 */
enum sv_sock_sort {
	SV_SOCK_OTHER,
	SV_SOCK_TCP,
	SV_SOCK_UNIX,
};

enum sv_sock_sort sv_sock_sort(const struct socket *sock);
bool sv_sock_serves(struct file *file);

#endif /* _SV_SOCK_H */
