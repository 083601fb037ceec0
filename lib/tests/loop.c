// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The loop of sv_splice() against a kernel that answers as it is told to: short
 * transfers, full sinks, quotas and signals come when the test wants them, and
 * every length the loop asks for is checked.
 */
#include "tap.h"

#include <poll.h>

static int fake_poll(struct pollfd *p, nfds_t nr, int timeout);

#define poll fake_poll
#include "../splice.c"
#undef poll

#include <sys/mman.h>

/**
 * struct answer - what the kernel says to one command
 * @push: the command is a PUSH, else a SPLICE
 * @len: bytes the loop must ask for
 * @ret: 0 or a negative errno
 * @pulled: result
 * @pushed: result
 * @result: result
 */
struct answer {
	bool push;
	uint64_t len;
	int ret;
	uint64_t pulled;
	uint64_t pushed;
	uint32_t result;
};

static const struct answer *script;
static size_t script_left;
static bool script_followed;
static uint64_t held_before;
static int polled_fd;

static const struct answer *answer(bool push, uint64_t len)
{
	static const struct answer stop = { .ret = -EIO };

	if (!script_left || script->push != push || script->len != len) {
		printf("# asked to %s %llu\n", push ? "push" : "splice",
		       (unsigned long long)len);
		script_followed = false;
		return &stop;
	}
	script_left--;
	return script++;
}

int sv__command(int vec, unsigned long request, void *arg)
{
	struct splicevec_splice *cmd = arg;
	const struct answer *a = answer(false, cmd->len);

	(void)vec;
	script_followed &= request == SPLICEVEC_SPLICE;
	cmd->pulled = a->pulled;
	cmd->pushed = a->pushed;
	cmd->result = a->result;
	return a->ret;
}

int64_t sv_push(int vec, int fd, int64_t offset, uint64_t len,
		unsigned int flags)
{
	const struct answer *a = answer(true, len);

	(void)vec;
	(void)fd;
	script_followed &= offset == SV_POSITION && !flags;
	return a->ret ? a->ret : (int64_t)a->pushed;
}

int sv_info(int vec, struct splicevec_info *info)
{
	(void)vec;
	*info = (struct splicevec_info){ .head = 7, .tail = 7 + held_before };
	return 0;
}

int sv_open(int flags)
{
	return open("/dev/null", O_RDWR | flags);
}

static int fake_poll(struct pollfd *p, nfds_t nr, int timeout)
{
	(void)nr;
	(void)timeout;
	polled_fd = p->fd;
	return 1;
}

#define play(...)							\
	play_answers((const struct answer[]){ __VA_ARGS__ },		\
		     sizeof((const struct answer[]){ __VA_ARGS__ }) /	\
		     sizeof(struct answer))

static void play_answers(const struct answer *answers, size_t nr)
{
	static struct answer copy[16];
	size_t i;

	for (i = 0; i < nr; i++)
		copy[i] = answers[i];
	script = copy;
	script_left = nr;
	script_followed = true;
	polled_fd = -1;
	held_before = 0;
}

static void came_out(int64_t got, int64_t want, const char *name)
{
	ok(script_followed && !script_left && got == want, name);
	if (got != want)
		printf("# returned %lld, want %lld\n", (long long)got,
		       (long long)want);
}

#define PIECE PIECE_MOST

static void test_lengths(int in, int out)
{
	play({ .len = PIECE, .pulled = PIECE, .pushed = 300 },
	     { .len = PIECE, .pulled = 50, .pushed = PIECE - 250,
	       .result = SPLICEVEC_EOF });
	came_out(sv_splice_vec(out, in, out, SV_ALL), PIECE + 50,
		 "goes_on_after_short_transfers");
	play({ .len = PIECE, .pulled = 100, .pushed = 40,
	       .result = SPLICEVEC_EOF },
	     { .push = true, .len = 60, .pushed = 10 },
	     { .push = true, .len = 50, .pushed = 50 });
	came_out(sv_splice_vec(out, in, out, SV_ALL), 100,
		 "pushes_the_rest_after_the_end");
	play({ .len = PIECE, .pulled = PIECE, .pushed = PIECE },
	     { .len = 10, .pulled = 10, .pushed = 4 },
	     { .push = true, .len = 6, .pushed = 6 });
	came_out(sv_splice_vec(out, in, out, PIECE + 10), PIECE + 10,
		 "stops_at_len_and_pulls_no_more");
	play({ .len = PIECE, .result = SPLICEVEC_EOF });
	came_out(sv_splice_vec(out, in, out, SV_ALL), 0, "empty_source_is_0");
	play({ 0 });
	script_left = 0;
	came_out(sv_splice_vec(out, in, out, 0), 0, "len_0_does_nothing");
}

static void test_held(int in, int out)
{
	play({ .len = 30, .pulled = 30, .pushed = 80 });
	held_before = 50;
	came_out(sv_splice_vec(out, in, out, 80), 80, "held_bytes_count");
	play({ .push = true, .len = 20, .pushed = 20 });
	held_before = 50;
	came_out(sv_splice_vec(out, in, out, 20), 20,
		 "pulls_nothing_if_enough_is_held");
}

static void test_waiting(int in, int out)
{
	play({ .len = PIECE, .ret = -EAGAIN },
	     { .len = PIECE, .pulled = 5, .pushed = 5,
	       .result = SPLICEVEC_EOF });
	came_out(sv_splice_vec(out, in, out, SV_ALL), 5,
		 "waits_for_nonblocking_source");
	is(polled_fd, in, "polls_the_source_with_nothing_held");
	play({ .len = PIECE, .pulled = 5, .result = SPLICEVEC_OUT_AGAIN },
	     { .len = PIECE, .ret = -EAGAIN },
	     { .len = PIECE, .pushed = 5, .result = SPLICEVEC_EOF });
	came_out(sv_splice_vec(out, in, out, SV_ALL), 5,
		 "waits_for_nonblocking_sink");
	is(polled_fd, out, "polls_the_sink_with_bytes_held");
	play({ .len = PIECE,
	       .result = SPLICEVEC_RECORD | SPLICEVEC_OUT_AGAIN },
	     { .push = true, .ret = -EAGAIN },
	     { .push = true },
	     { .len = PIECE, .pulled = 5, .pushed = 5,
	       .result = SPLICEVEC_EOF });
	came_out(sv_splice_vec(out, in, out, SV_ALL), 5,
		 "pushes_an_empty_datagram_that_the_sink_had_no_room_for");
	is(polled_fd, out, "and_waits_for_the_sink");
}

static void test_errors(int in, int blocking, int out)
{
	play({ .len = PIECE, .ret = -EAGAIN });
	came_out(sv_splice_vec(out, blocking, out, SV_ALL), -EAGAIN,
		 "timeout_of_a_blocking_fd_is_an_answer");
	is(polled_fd, -1, "and_nothing_is_polled");
	play({ .len = PIECE, .ret = -EINTR });
	came_out(sv_splice_vec(out, in, out, SV_ALL), -EINTR,
		 "signal_before_anything_is_eintr");
	play({ .len = PIECE, .pulled = 9, .pushed = 9 },
	     { .len = PIECE, .ret = -EINTR });
	came_out(sv_splice_vec(out, in, out, SV_ALL), 9,
		 "signal_later_is_the_count");
	play({ .len = PIECE, .ret = -EDQUOT },
	     { .len = PIECE / 2, .ret = -EDQUOT },
	     { .len = PIECE / 4, .pulled = 3, .pushed = 3,
	       .result = SPLICEVEC_EOF });
	came_out(sv_splice_vec(out, in, out, SV_ALL), 3,
		 "quota_makes_pieces_smaller");
	play({ .len = 5000, .ret = -EDQUOT }, { .len = 2500, .ret = -EDQUOT });
	came_out(sv_splice_vec(out, in, out, 5000), -EDQUOT,
		 "quota_of_nothing_is_edquot");
}

static void test_give_back(int out)
{
	int in = memfd_create("source", MFD_CLOEXEC);

	lseek(in, 1000, SEEK_SET);
	play({ .len = PIECE, .pulled = 100, .pushed = 40 },
	     { .len = PIECE, .ret = -ENOSPC });
	errno = EDOM;
	came_out(sv_splice(in, out, SV_ALL), 40, "failed_sink_is_the_count");
	is(lseek(in, 0, SEEK_CUR), 940, "unpushed_bytes_are_given_back");
	is(errno, EDOM, "errno_is_left_alone");
	play({ .len = PIECE, .pulled = 100 },
	     { .len = PIECE, .ret = -EPIPE });
	came_out(sv_splice(in, out, SV_ALL), -EPIPE,
		 "failed_sink_without_a_byte_is_the_error");
	is(lseek(in, 0, SEEK_CUR), 840, "all_bytes_are_given_back");
	play({ .len = PIECE, .pulled = 100, .pushed = 40 },
	     { .len = PIECE, .ret = -ENOSPC });
	came_out(sv_splice_vec(out, in, out, SV_ALL), 40,
		 "failed_sink_of_splice_vec_is_the_count");
	is(lseek(in, 0, SEEK_CUR), 840, "what_is_in_the_vector_is_not");
	close(in);
}

static void test_kinds(int out)
{
	int null = open("/dev/null", O_RDWR), sockets[2];

	play({ .push = true, .len = 25, .pushed = 25 },
	     { .push = true, .len = 25, .pushed = 20 },
	     { .push = true, .len = 5, .pushed = 5 });
	held_before = 25;
	came_out(sv_splice_vec(null, null, out, SV_ALL), 50,
		 "source_vector_is_pushed_and_not_pulled");
	socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets);
	play({ .len = PIECE, .pulled = 70, .pushed = 0 },
	     { .push = true, .len = 70, .pushed = 70 });
	came_out(sv_splice_vec(out, sockets[0], out, SV_ALL), 70,
		 "one_datagram_ends_the_loop");
	close(sockets[0]);
	close(sockets[1]);
	close(null);
}

int main(void)
{
	int nonblock[2], blocking[2];

	if (pipe2(nonblock, O_NONBLOCK) || pipe2(blocking, 0))
		return EXIT_FAILURE;
	test_lengths(nonblock[0], nonblock[1]);
	test_held(nonblock[0], nonblock[1]);
	test_waiting(nonblock[0], nonblock[1]);
	test_errors(nonblock[0], blocking[0], nonblock[1]);
	test_give_back(nonblock[1]);
	test_kinds(nonblock[1]);
	return tap_done();
}
