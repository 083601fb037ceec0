// SPDX-License-Identifier: GPL-2.0-only
/* Sockets as sources, beside TCP and unix streams: they give copies. */
#include "sources.h"
#include "alg.h"

#include <linux/if_alg.h>
#include <linux/splicevec.h>
#include <sys/socket.h>
#include <unistd.h>

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

#define STREAM_CIPHER	"skcipher", "ctr(aes)"

static const char *cipher_missing(void)
{
	return alg_missing(STREAM_CIPHER);
}

/* Of AES a key may be as long as a block. */
static int begun_cipher(uint32_t op)
{
	int fd = alg_cipher(STREAM_CIPHER, ALG_BLOCK);

	alg_begin(fd, op, ALG_BLOCK, 0);
	return fd;
}

static void send_text(int fd, const void *text, size_t len, int flags)
{
	if (send(fd, text, len, flags) != (ssize_t)len)
		die("a cipher takes no %zu bytes: %s", len, errno_name(errno));
}

/* What one cipher makes of the pattern: whole blocks, until its end. */
static void fill_cipher(struct feed *feed)
{
	int other = begun_cipher(ALG_OP_ENCRYPT), flags;
	unsigned char buf[KIB(16)];
	size_t done, n;

	for (done = 0; done < feed->len; done += n) {
		n = feed->len - done;
		n = n < sizeof(buf) ? n : sizeof(buf);
		flags = done + n < feed->len ? MSG_MORE : 0;
		pattern_fill(buf, feed->seed, feed->pos + done, n);
		send_text(other, buf, n, flags);
		read_all(other, buf, n);
		send_text(feed->fd, buf, n, flags);
	}
	close(other);
}

/* Of that another one makes the pattern again. */
static void open_cipher(struct source *s)
{
	s->fd = begun_cipher(ALG_OP_DECRYPT);
	source_feed(s, must(dup(s->fd)), s->skip);
}

#define SOURCE(id, where, how, ...)					\
	const struct source_kind source_##id = {			\
		.name = #id,						\
		.pages = SPLICEVEC_OWNED,				\
		.place = where,						\
		.open = how,						\
		__VA_ARGS__						\
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
SOURCE(cipher, ANYWHERE, open_cipher, .fill = fill_cipher,
       .missing = cipher_missing);
