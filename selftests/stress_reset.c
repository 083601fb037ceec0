// SPDX-License-Identifier: GPL-2.0-only
/* Connections that end in the middle of a push: the rest is still there. */
#include "stress_jobs.h"

#include <splicevec.h>
#include <sys/socket.h>
#include <unistd.h>

#define LEN	KIB(160)

/* Strict pushes of one vector at the most. */
#define STRICT	64

/* Seconds in which the records of a connection that is gone must be there. */
#define LATE	8

/* Who ends it, and when. */
struct ending {
	int fd;
	size_t read;		/* after that many bytes */
	unsigned int usec;	/* and so long */
	char buf[KIB(16)];
};

/* Strict pushes, by their user_data, and what they have returned. */
struct strict {
	unsigned int nr;
	int64_t bytes[STRICT];
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

static int64_t push_some(struct hand *hand, int vec, int fd,
			 struct strict *strict)
{
	size_t len = chance_len(hand, 2 * LEN);
	int64_t ret;

	if (strict->nr == STRICT || chance(hand, 2))
		return persist(sv_push(vec, fd, SV_POSITION, len, 0));
	ret = persist(sv_push_strict(vec, fd, SV_POSITION, len, 0, strict->nr));
	if (ret >= 0)
		strict->bytes[strict->nr++] = ret;
	return ret;
}

static int64_t push_all(struct hand *hand, int vec, int fd,
			struct strict *strict)
{
	uint64_t done = 0;
	int64_t ret;

	for (;;) {
		ret = push_some(hand, vec, fd, strict);
		if (ret <= 0)
			break;
		done += ret;
	}
	check(!ret || ret == -ECONNRESET || ret == -EPIPE, "push: %s",
	      result_name(ret));
	return done;
}

/* What was handed over may not have arrived, but it has left the vector. */
static void check_record(const struct splicevec_completion *record,
			 struct strict *strict)
{
	int err = record->status;
	int64_t *bytes;

	if (!check(record->user_data < strict->nr, "a record of no push"))
		return;
	bytes = &strict->bytes[record->user_data];
	check(!err || err == -ECONNRESET || err == -EPIPE, "record: %s",
	      result_name(err));
	check(record->kind == SPLICEVEC_COMPLETION_PUSH &&
	      (int64_t)record->bytes == *bytes,
	      "record %llu, kind %u, of %llu bytes, not %lld",
	      (unsigned long long)record->user_data, record->kind,
	      (unsigned long long)record->bytes, (long long)*bytes);
	/* one that comes again is wrong */
	*bytes = -1;
}

/* Of those that worked, and of no others: the connection is gone. */
static void check_records(int vec, struct strict *strict)
{
	struct splicevec_completion records[STRICT + 1];
	int n, i;

	n = persist(sv_reap(vec, records, ARRAY_LEN(records), strict->nr,
			    LATE * slower() * 1000000000LL));
	check_eq(strict->nr, n);
	for (i = 0; i < n; i++)
		check_record(&records[i], strict);
}

static void reset_once(struct hand *hand, enum place place)
{
	uint64_t seed = chance(hand, 1 << 30), done;
	struct ending ending = {
		.read = chance(hand, 2) ? 0 : chance(hand, LEN),
		.usec = chance(hand, 3000),
	};
	struct strict strict = {};
	struct worker worker;
	int fds[2], vec;

	stream_pair(place, fds);
	ending.fd = fds[1];
	vec = fill(hand, seed);
	worker_start(&worker, end_it, &ending);
	done = push_all(hand, vec, fds[0], &strict);
	/* our end may be the first to go, with pages on their way */
	if (chance(hand, 2))
		abort_connection(fds[0]);
	else
		close(fds[0]);
	worker_finish(&worker);
	check_records(vec, &strict);
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
