// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stream whose receiver's answers get lost, so that its sender sends anew what has
 * long arrived: it reads the pages again, and who listens to the network sees both.
 */
#include "shores.h"

#include "netem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Percent of the answers that get lost: if many do, one waits for minutes in the end. */
#define LOSS	30
/* Of the stream, as much as is remembered: more than is under way at once. */
#define MEMORY	MIB(2)
/* The longest packet, and then some. */
#define PACKET	KIB(128)

/* There is one at a time. */
static struct listener {
	struct worker worker;
	int fd;
	uint16_t port;		/* of the receiver, in network order */
	bool over;
	bool began;
	uint32_t next;		/* number of the byte behind the last one seen */
	char *bytes;		/* by number, modulo MEMORY */
	char *seen;		/* which of these there are */
	unsigned long again;
	unsigned long otherwise;
} listener;

unsigned long bytes_seen_again(void)
{
	return listener.again;
}

unsigned long bytes_seen_otherwise(void)
{
	return listener.otherwise;
}

/* What is new makes us forget what was MEMORY before it. */
static void forget_until(struct listener *l, uint32_t end)
{
	for (; (int32_t)(end - l->next) > 0; l->next++)
		l->seen[l->next % MEMORY] = 0;
}

static void look(struct listener *l, uint32_t seq, const char *bytes, size_t len)
{
	size_t i, at;

	if (!l->began)
		l->next = seq;
	l->began = true;
	forget_until(l, seq + len);
	for (i = 0; i < len; i++) {
		at = (seq + i) % MEMORY;
		if (l->seen[at]) {
			l->again++;
			l->otherwise += l->bytes[at] != bytes[i];
		}
		l->seen[at] = 1;
		l->bytes[at] = bytes[i];
	}
}

static void look_at_packet(struct listener *l, const char *packet, size_t len)
{
	const struct iphdr *ip = (const void *)packet;
	const struct tcphdr *tcp = (const void *)(packet + ip->ihl * 4);
	size_t head = ip->ihl * 4;

	if (len < head + sizeof(*tcp) || ip->protocol != IPPROTO_TCP ||
	    tcp->dest != l->port)
		return;
	head += tcp->doff * 4;
	if (len > head && !tcp->syn)
		look(l, ntohl(tcp->seq), packet + head, len - head);
}

static void listen_on(void *arg)
{
	struct listener *l = arg;
	struct pollfd ready = { .fd = l->fd, .events = POLLIN };
	char *packet = map_pages(PACKET);
	ssize_t len;

	while (!__atomic_load_n(&l->over, __ATOMIC_RELAXED) || poll(&ready, 1, 0) > 0) {
		if (poll(&ready, 1, 100) <= 0)
			continue;
		len = must(recv(l->fd, packet, PACKET, 0));
		if (len >= (ssize_t)sizeof(struct iphdr))
			look_at_packet(l, packet, len);
	}
	unmap_pages(packet, PACKET);
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);

	must(getsockname(fd, (struct sockaddr *)&addr, &len));
	return addr.sin_port;
}

static const char *again_missing(void)
{
	return place_missing(NIC4) ?: netem_missing();
}

static void open_again(struct ferry *ferry)
{
	int fds[2];

	keeping_pair(NIC4, fds);
	ferry->sink = fds[0];
	ferry->peer = fds[1];
	listener = (struct listener){
		.fd = nic_listener(),
		.port = port_of(fds[1]),
		.bytes = map_pages(MEMORY),
		.seen = map_pages(MEMORY),
	};
	worker_start(&listener.worker, listen_on, &listener);
	netem_set_answers(0, LOSS);
}

static void close_again(struct ferry *ferry)
{
	netem_clear_answers();
	__atomic_store_n(&listener.over, true, __ATOMIC_RELAXED);
	worker_finish(&listener.worker);
	unmap_pages(listener.bytes, MEMORY);
	unmap_pages(listener.seen, MEMORY);
	close(listener.fd);
	close(ferry->peer);
}

const struct shore shore_again = {
	.name = "TCP whose answers get lost",
	.missing = again_missing,
	.open = open_again,
	.close = close_again,
	.read = ferry_read_stream,
	/* an answer to what comes later is one to all before it */
	.together = 3,
};
