/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_SOCK_H
#define _SV_SOCK_H

#include <linux/fs.h>
#include <linux/net.h>
#include <net/tcp.h>

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

/*
 * Upper-layer protocols (TLS, ESP in TCP) and BPF sockmaps put their own
 * functions in place of TCP's, MPTCP has functions of its own. IPv6 shares those
 * of IPv4.
 */
static inline bool sv_is_bare_tcp(const struct sock *sk)
{
	const struct proto *prot = READ_ONCE(sk->sk_prot);

	return sk->sk_protocol == IPPROTO_TCP &&
	       prot->sendmsg == tcp_prot.sendmsg &&
	       prot->recvmsg == tcp_prot.recvmsg;
}

static inline enum sv_sock_sort sv_sort_of_stream(const struct sock *sk)
{
	switch (sk->sk_family) {
	case AF_INET:
	case AF_INET6:
		return sv_is_bare_tcp(sk) ? SV_SOCK_TCP : SV_SOCK_UPPER;
	case AF_UNIX:
		return SV_SOCK_UNIX;
	case AF_VSOCK:
		return SV_SOCK_UPPER;
	default:
		return SV_SOCK_UNKNOWN;
	}
}

/**
 * sv_sock_sort - tell a socket's sort
 * @sock: any socket
 *
 * The sort of a TCP socket can change as long as the socket is not locked.
 *
 * Return: the sort.
 */
static inline enum sv_sock_sort sv_sock_sort(const struct socket *sock)
{
	const struct sock *sk = sock->sk;

	/* calls itself SEQPACKET, but hashes and ciphers take a stream of bytes */
	if (sk->sk_family == AF_ALG)
		return SV_SOCK_UNKNOWN;
	if (sk->sk_type != SOCK_STREAM)
		return SV_SOCK_RECORD;
	return sv_sort_of_stream(sk);
}

int sv_sock_wait_readable(struct file *file, bool nonblock, bool quiet,
			  long *timeout);

#endif /* _SV_SOCK_H */
