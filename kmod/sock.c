// SPDX-License-Identifier: GPL-2.0-only
/*
 * Telling sockets apart.
 */
#include "sock.h"

#include <net/sock.h>
#include <net/tcp.h>

/*
 * Upper-layer protocols (TLS, ESP in TCP) and BPF sockmaps put their own
 * functions in place of TCP's, MPTCP has functions of its own. IPv6 shares those
 * of IPv4.
 */
static bool is_bare_tcp(const struct sock *sk)
{
	const struct proto *prot = READ_ONCE(sk->sk_prot);

	return sk->sk_type == SOCK_STREAM && sk->sk_protocol == IPPROTO_TCP &&
	       prot->sendmsg == tcp_prot.sendmsg &&
	       prot->recvmsg == tcp_prot.recvmsg;
}

/**
 * sv_sock_sort - what sort of socket is this?
 * @sock: any socket
 */
enum sv_sock_sort sv_sock_sort(const struct socket *sock)
{
	const struct sock *sk = sock->sk;

	switch (sk->sk_family) {
	case AF_INET:
	case AF_INET6:
		return is_bare_tcp(sk) ? SV_SOCK_TCP : SV_SOCK_OTHER;
	case AF_UNIX:
		return sk->sk_type == SOCK_STREAM ? SV_SOCK_UNIX : SV_SOCK_OTHER;
	default:
		return SV_SOCK_OTHER;
	}
}

/**
 * sv_sock_serves - is this file a socket of a sort we know?
 * @file: any open file
 */
bool sv_sock_serves(struct file *file)
{
	struct socket *sock = sock_from_file(file);

	return sock && sv_sock_sort(sock) != SV_SOCK_OTHER;
}
