// SPDX-License-Identifier: GPL-2.0-only
/* Where TCP has no memory left a push waits for some, and all of it arrives. */
#include "kselftest_harness.h"

#include "contents.h"
#include "places.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEED	37
/* Each processor may use a MiB before TCP looks at what all use. */
#define LEN	MIB(8)
#define LIMITS	"/proc/sys/net/ipv4/tcp_mem"

FIXTURE(starved)
{
	struct ledger before;
	char limits[128];
	int sink;
	struct drain drain;
	int vec;
};

static void read_limits(char *limits, size_t size)
{
	int fd = must(open(LIMITS, O_RDONLY | O_CLOEXEC));
	ssize_t len = must(read(fd, limits, size - 1));

	limits[len] = '\0';
	close(fd);
}

/*
 * All of TCP, these connections included, may use a page, though the buffer of this
 * one has room for everything.
 */
FIXTURE_SETUP(starved)
{
	int room = LEN;
	int fds[2];

	ledger_read(&self->before);
	self->vec = file_vector(pattern_file(EXT4, SEED, LEN), LEN);
	stream_pair(TCP4, fds);
	must(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUFFORCE, &room,
			sizeof(room)));
	self->sink = fds[0];
	self->drain = (struct drain){ .fd = fds[1], .seed = SEED };
	read_limits(self->limits, sizeof(self->limits));
	put_file(LIMITS, "1 1 1");
}

FIXTURE_TEARDOWN(starved)
{
	put_file(LIMITS, self->limits);
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

static void push_all(void *arg)
{
	FIXTURE_DATA(starved) *self = arg;
	size_t done = 0;

	while (done < LEN)
		done += must_sv(sv_push(self->vec, self->sink, SV_POSITION,
					SV_ALL, 0));
	close(self->sink);
}

static void check_arrived(struct drain *drain)
{
	drain_finish(drain);
	check_eq(0, drain->err);
	check_eq(LEN, drain->got);
	check_eq(-1, drain->wrong);
}

TEST_F(starved, push_waits_for_memory_and_goes_on)
{
	struct worker worker;

	worker_start(&worker, push_all, self);
	worker_await_sleep(&worker);
	put_file(LIMITS, self->limits);
	drain_start(&self->drain);
	worker_finish(&worker);
	check_arrived(&self->drain);
}

TEST_F(starved, push_that_may_not_wait_leaves_the_rest)
{
	size_t done = 0;
	ssize_t n;

	while ((n = sv_push(self->vec, self->sink, SV_POSITION, SV_ALL,
			    SPLICEVEC_NONBLOCK)) > 0)
		done += n;
	check_errno(EAGAIN, n);
	check(done < LEN, "all was taken");
	check_held(self->vec, SEED, done, LEN - done);
}

TEST_HARNESS_MAIN
