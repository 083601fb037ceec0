// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file server and a proxy on a ring: each connection is a chain of a pull and a
 * push, one after the other, while peers read, write and break off as they like.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "places.h"
#include "rings.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connections in all, and at once. */
#define MOST	1000
#define CROWD	40
/* Bytes of a connection at the most, and of a pull. */
#define LONGEST	KIB(200)
#define CHUNK	KIB(48)

/* Somebody at the other end of a connection. */
struct peer {
	pthread_t thread;
	int fd;
	uint64_t seed;
	size_t len;		/* bytes to be read or written */
	size_t done;
	bool breaks;		/* with a reset, after @len bytes */
	ssize_t wrong;
};

struct connection {
	int vec;
	int source;
	int sink;
	bool strict;
	int64_t offset;		/* in a file; -1: of a stream */
	struct splicevec_pull pull;
	struct splicevec_push push;
	int results[2];
	int waits;		/* for how many results */
	size_t len;
	struct peer reader, writer;
};

LEDGER_FIXTURE(uring_server)

static void reset_connection(int fd)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static void *read_some(void *arg)
{
	struct peer *p = arg;
	char buf[KIB(8)];
	ssize_t n;

	for (;;) {
		size_t most = p->breaks ? p->len - p->done : sizeof(buf);

		if (!most)
			break;
		n = read(p->fd, buf, most < sizeof(buf) ? most : sizeof(buf));
		if (n <= 0)
			break;
		if (p->wrong < 0 && pattern_check(buf, p->seed, p->done, n) >= 0)
			p->wrong = p->done;
		p->done += n;
	}
	if (p->breaks)
		reset_connection(p->fd);
	else
		close(p->fd);
	return NULL;
}

static void *write_some(void *arg)
{
	struct peer *p = arg;
	char buf[KIB(8)];
	ssize_t n;

	while (p->done < p->len) {
		n = p->len - p->done < sizeof(buf) ? p->len - p->done : sizeof(buf);
		pattern_fill(buf, p->seed, p->done, n);
		n = send(p->fd, buf, n, MSG_NOSIGNAL);
		if (n < 0)
			break;
		p->done += n;
	}
	if (p->breaks)
		reset_connection(p->fd);
	else
		close(p->fd);
	return NULL;
}

static void peer_start(struct peer *p, void *(*work)(void *arg))
{
	p->wrong = -1;
	p->done = 0;
	errno = pthread_create(&p->thread, NULL, work, p);
	must(errno ? -1 : 0);
}

static bool seldom(void)
{
	return random() % 3 == 0;
}

/* Where it breaks off, if it does. */
static void set_end(struct peer *p, size_t len)
{
	p->breaks = seldom();
	p->len = p->breaks ? random() % len : len;
}

static void connection_open(struct connection *c, uint64_t seed, bool proxy)
{
	int fds[2];

	*c = (struct connection){ .strict = seldom(), .vec = new_vector() };
	c->len = 1 + random() % LONGEST;
	stream_pair(TCP4, fds);
	c->sink = fds[0];
	c->reader.fd = fds[1];
	c->reader.seed = seed;
	c->writer.seed = seed;
	set_end(&c->reader, c->len);
	if (proxy) {
		stream_pair(TCP4, fds);
		c->source = fds[0];
		c->offset = -1;
		c->writer.fd = fds[1];
		set_end(&c->writer, c->len);
		peer_start(&c->writer, write_some);
	} else {
		c->source = pattern_file(seldom() ? EXT4 : TMPFS, seed, c->len);
	}
	peer_start(&c->reader, read_some);
}

static void connection_close(struct connection *c)
{
	bool proxy = c->offset < 0;

	close(c->vec);
	close(c->source);
	close(c->sink);
	pthread_join(c->reader.thread, NULL);
	if (proxy)
		pthread_join(c->writer.thread, NULL);
	check(c->reader.wrong < 0, "wrong from byte %zd on", c->reader.wrong);
	if (!c->reader.breaks && !(proxy && c->writer.breaks))
		check_eq(c->len, c->reader.done);
}

/* Pull what comes next, and then push it. */
static void next_chain(struct io_uring *ring, struct connection *c, uint64_t nr)
{
	c->pull = (struct splicevec_pull) {
		.fd = c->source, .offset = c->offset, .len = CHUNK,
	};
	c->push = (struct splicevec_push) {
		.fd = c->sink, .offset = -1, .len = SV_ALL,
		.flags = c->strict ? SPLICEVEC_STRICT : 0,
	};
	c->waits = 2;
	ring_pull(ring, c->vec, &c->pull, 2 * nr, IOSQE_IO_LINK);
	/* before Linux 6.14 the entry may be written anew before it is linked to */
	ring_push(ring, c->vec, &c->push, 2 * nr + 1, IOSQE_ASYNC);
	ring_submit(ring, 2);
}

/* Return: is there more to come? */
static bool went_on(struct connection *c)
{
	if (c->results[0] <= 0 || c->results[1] < 0)
		return false;
	/* what comes after some bytes is for the next push to tell */
	if (c->results[1] < c->results[0]) {
		check(c->reader.breaks, "%d of %d bytes were pushed",
		      c->results[1], c->results[0]);
		return false;
	}
	check_eq(c->results[0], c->results[1]);
	if (c->offset >= 0)
		c->offset += c->results[0];
	return true;
}

static void serve(struct io_uring *ring, struct connection *crowd, unsigned int nr)
{
	unsigned int left = nr, i;
	uint64_t which;
	int res;

	for (i = 0; i < nr; i++)
		next_chain(ring, &crowd[i], i);
	while (left) {
		struct connection *c;

		res = ring_next(ring, &which);
		if (which >= 2 * (uint64_t)nr)
			die("CQE for %llu", (long long)which);
		c = &crowd[which / 2];
		c->results[which % 2] = res;
		if (--c->waits)
			continue;
		if (went_on(c)) {
			next_chain(ring, c, which / 2);
			continue;
		}
		/* whoever reads or writes sees the end now */
		shutdown(c->sink, SHUT_WR);
		shutdown(c->source, SHUT_RDWR);
		left--;
	}
}

static void serve_all(bool proxy)
{
	static struct connection crowd[CROWD];
	unsigned int left = daily(MOST / slower()), i, nr;
	struct io_uring ring;

	srandom(proxy);
	raise_nofile(20 * CROWD);
	ring_open(&ring, 2 * CROWD, 0);
	while (left) {
		nr = left < CROWD ? left : CROWD;
		for (i = 0; i < nr; i++)
			connection_open(&crowd[i], left - i, proxy);
		serve(&ring, crowd, nr);
		for (i = 0; i < nr; i++)
			connection_close(&crowd[i]);
		left -= nr;
	}
	io_uring_queue_exit(&ring);
}

TEST_F(uring_server, file_server_sends_every_byte_though_peers_break_off)
{
	serve_all(false);
}

TEST_F(uring_server, proxy_passes_on_every_byte_though_peers_break_off)
{
	serve_all(true);
}

TEST_HARNESS_MAIN
