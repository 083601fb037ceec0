// SPDX-License-Identifier: GPL-2.0-only
/* Sockets as sources, beside TCP and unix streams: they give copies. */
#include "sources.h"

#include <linux/splicevec.h>
#include <sys/socket.h>

/*
 * Each write of a feed is a datagram. They begin where the pull shall: reading
 * part of a datagram would lose the rest.
 */
static void open_datagrams(struct source *s)
{
	int fds[2];

	datagram_pair(s->kind->place, fds);
	s->fd = fds[0];
	source_feed(s, fds[1], s->skip);
}

#define SOURCE(id, where, how)						\
	const struct source_kind source_##id = {			\
		.name = #id,						\
		.pages = SPLICEVEC_OWNED,				\
		.place = where,						\
		.open = how,						\
	}

SOURCE(mptcp, MPTCP, source_open_stream);
SOURCE(vsock, VSOCK, source_open_stream);
SOURCE(ktls, KTLS, source_open_stream);
SOURCE(sockmap, SOCKMAP, source_open_stream);
SOURCE(udp4, UDP4, open_datagrams);
SOURCE(udp6, UDP6, open_datagrams);
SOURCE(unix_dgram, UNIX_DGRAM, open_datagrams);
SOURCE(unix_packet, UNIX_PACKET, open_datagrams);
SOURCE(vsock_packet, VSOCK_PACKET, open_datagrams);
SOURCE(netlink, NETLINK, open_datagrams);
