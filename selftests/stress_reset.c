// SPDX-License-Identifier: GPL-2.0-only
/* Connections that end in the middle of a push: the rest is still there. */
#include "stress_jobs.h"

#include <splicevec.h>
#include <sys/socket.h>
#include <unistd.h>

#define LEN	KIB(160)

/* Who ends it, and when. */
struct ending {
	int fd;
	size_t read;		/* after that many bytes */
	unsigned int usec;	/* and so long */
	char buf[KIB(16)];
};

static void abort_connection(int fd)
{
	struct linger now = { .l_onoff = 1 };

	/* no such thing for unix sockets, which end at once anyway */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static void end_it(void *arg)
{
	struct ending *e = arg;
	ssize_t n = 1;

	while (e->read && n > 0) {
		n = read(e->fd, e->buf,
			 e->read < sizeof(e->buf) ? e->read : sizeof(e->buf));
		e->read -= n > 0 ? n : 0;
	}
	usleep(e->usec);
	abort_connection(e->fd);
}

static int fill(struct hand *hand, uint64_t seed)
{
	char *map = map_pages(LEN);
	int vec = new_vector();
	unsigned int flags = chance(hand, 3) ? 0 : SPLICEVEC_COPY;

	pattern_fill(map, seed, 0, LEN);
	check_eq(LEN, sv_pull_mem(vec, map, LEN, flags));
	unmap_pages(map, LEN);
	return vec;
}

static void check_rest(int vec, uint64_t seed, uint64_t done)
{
	char *buf = present_pages(LEN + 1);
	struct splicevec_info info;

	must_sv(sv_info(vec, &info));
	check_eq(done, info.head);
	check_eq(LEN, info.tail);
	check_eq(LEN - done, persist(sv_push_mem(vec, buf, LEN + 1, 0)));
	check_eq(-1, pattern_check(buf, seed, done, LEN - done));
	unmap_pages(buf, LEN + 1);
}

static int64_t push_all(struct hand *hand, int vec, int fd)
{
	uint64_t done = 0;
	int64_t ret;

	for (;;) {
		ret = persist(sv_push(vec, fd, SV_POSITION,
				      chance_len(hand, 2 * LEN), 0));
		if (ret <= 0)
			break;
		done += ret;
	}
	check(!ret || ret == -ECONNRESET || ret == -EPIPE, "push: %s",
	      result_name(ret));
	return done;
}

static void reset_once(struct hand *hand, enum place place)
{
	uint64_t seed = chance(hand, 1 << 30), done;
	struct ending ending = {
		.read = chance(hand, 2) ? 0 : chance(hand, LEN),
		.usec = chance(hand, 3000),
	};
	struct worker worker;
	int fds[2], vec;

	stream_pair(place, fds);
	ending.fd = fds[1];
	vec = fill(hand, seed);
	worker_start(&worker, end_it, &ending);
	done = push_all(hand, vec, fds[0]);
	/* our end may be the first to go, with pages on their way */
	if (chance(hand, 2))
		abort_connection(fds[0]);
	else
		close(fds[0]);
	worker_finish(&worker);
	check_rest(vec, seed, done);
	close(vec);
}

void reset(struct hand *hand)
{
	static const enum place places[] = { TCP4, NIC4, UNIX, TCP4, NIC6 };

	while (crew_goes_on(hand)) {
		enum place place = places[chance(hand, ARRAY_LEN(places))];

		if (!place_missing(place))
			reset_once(hand, place);
	}
}
