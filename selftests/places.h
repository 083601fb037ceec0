/* SPDX-License-Identifier: GPL-2.0-only */
/* Where files and connections of the tests live: filesystems and networks. */
#ifndef _SELFTEST_PLACES_H
#define _SELFTEST_PLACES_H

#include <stddef.h>
#include <stdint.h>

enum place {
	EXT4,
	XFS,
	INLINE,		/* ext4 that keeps small files in their inodes */
	DAX,		/* ext4 on memory, without a page cache */
	TMPFS,
	TCP4,
	TCP6,
	NIC4,		/* TCP over two NICs: a transmit path that never copies */
	NIC6,
	UNIX,
	MPTCP,
	VSOCK,
	KTLS,		/* TLS done by the kernel, over TCP */
	SOCKMAP,	/* TCP, both sides in a BPF sockmap */
	UDP4,
	UDP6,
	UDP_NIC4,	/* UDP over the same NICs */
	UDP_NIC6,
	UNIX_DGRAM,
	UNIX_PACKET,
	VSOCK_PACKET,
	NETLINK,
	RAW_PACKET,
	ANYWHERE,
};

/* Return: why a place cannot be used here, or NULL. */
const char *place_missing(enum place place);
/* In a test whose variants have a place. */
#define NEEDS_PLACE()	NEEDS(place_missing(variant->place))
const char *place_name(enum place place);
/* Of a place for files: where it is mounted. */
const char *place_dir(enum place place);

/*
 * An unnamed file. It is gone with its last fd.
 * @flags: for open(2); O_RDWR or O_WRONLY and others
 */
int new_file(enum place place, int flags);
/* The same file, opened anew. */
int reopen(int fd, int flags);
/* A new file that holds bytes 0 to @len of the pattern @seed. */
int pattern_file(enum place place, uint64_t seed, size_t len);
/* Return: index of the first byte from @offset on that is wrong, or -1. */
long file_check(int fd, long offset, uint64_t seed, uint64_t pos, size_t len);

/* A connected stream: [0] is this side, [1] the peer. */
void stream_pair(enum place place, int fds[2]);
/* The same over TCP; @prepare is shown this side's socket before it connects. */
void prepared_pair(enum place place, void (*prepare)(int fd), int fds[2]);
/*
 * The same over TCP; this side keeps more than the peer's window takes. The window is
 * as it comes: over loopback a narrower one takes no whole segment, and each waits for
 * this side's probes, for seconds.
 */
void keeping_pair(enum place place, int fds[2]);
/* A pipe, as such a stream; @place does not matter. */
void pipe_pair(enum place place, int fds[2]);
/* Two sockets, each sending its datagrams to the other. */
void datagram_pair(enum place place, int fds[2]);

#endif
