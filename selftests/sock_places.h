/* SPDX-License-Identifier: GPL-2.0-only */
/* Pairs of connected sockets beside TCP: the places of sockets, one by one. */
#ifndef _SELFTEST_SOCK_PLACES_H
#define _SELFTEST_SOCK_PLACES_H

/* [0] is this side, [1] the peer. */
void unix_pair(int fds[2]);
void mptcp_pair(int fds[2]);
void vsock_pair(int fds[2]);
void ktls_pair(int fds[2]);
void sockmap_pair(int fds[2]);
void udp4_pair(int fds[2]);
void udp6_pair(int fds[2]);
void unix_dgram_pair(int fds[2]);
void unix_packet_pair(int fds[2]);
void vsock_packet_pair(int fds[2]);
void netlink_pair(int fds[2]);
void packet_pair(int fds[2]);

/* Return: why this kernel has none of these, or NULL. */
const char *mptcp_missing(void);
const char *vsock_missing(void);
const char *vsock_packet_missing(void);
const char *ktls_missing(void);
const char *sockmap_missing(void);

/*
 * Switch TLS 1.2 on for one direction of a TCP socket, with the keys of all
 * pairs. @direction: TLS_TX or TLS_RX.
 * Return: 0 or a negative errno.
 */
int ktls_on(int fd, int direction);

#endif
