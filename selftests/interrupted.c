// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transfers that cannot end well: no reader, no room, no time, no file any more.
 * The documented errno or a short count; the rest stays where it was, in order.
 */
#include "kselftest_harness.h"

#include "commands.h"
#include "contents.h"

#include <fcntl.h>
#include <liburing.h>
#include <netinet/in.h>
#include <signal.h>
#include <poll.h>
#include <splicevec.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>

#define SEED	3
/* More than any stream takes when nobody reads. */
#define MUCH	MIB(16)

LEDGER_FIXTURE(interrupted)

/* A stream whose peer is ours to close or to leave alone. */
static const struct stream {
	const char *name;
	enum place place;	/* ANYWHERE: a pipe */
} streams[] = {
	{ "pipe", ANYWHERE },
	{ "unix", UNIX },
	{ "TCP4", TCP4 },
	{ "TCP6", TCP6 },
};

/* [0] gives to us, [1] takes from us; for sockets they are one. */
struct ends {
	int in;
	int out;
	int peer_in;		/* what we push arrives here */
	int peer_out;		/* what is written here we can pull */
};

static void open_ends(struct ends *e, const struct stream *stream)
{
	int fds[2];

	if (stream->place != ANYWHERE) {
		stream_pair(stream->place, fds);
		*e = (struct ends){ fds[0], fds[0], fds[1], fds[1] };
		return;
	}
	must(pipe2(fds, O_CLOEXEC));
	e->in = fds[0];
	e->peer_out = fds[1];
	must(pipe2(fds, O_CLOEXEC));
	e->peer_in = fds[0];
	e->out = fds[1];
}

static void close_peer(struct ends *e)
{
	close(e->peer_in);
	if (e->peer_out != e->peer_in)
		close(e->peer_out);
}

static void close_ends(struct ends *e)
{
	close(e->in);
	if (e->out != e->in)
		close(e->out);
}

/* The vector holds what is left of @len bytes after @gone. */
static void check_rest(int vec, size_t gone, size_t len)
{
	struct splicevec_info info;

	must_sv(sv_info(vec, &info));
	check_eq(gone, info.head);
	check_eq(len, info.tail);
	check_taken(vec, SEED, gone, len - gone);
}

/* It takes its time on a busy machine, even over loopback. */
static void await_reset(int fd)
{
	struct pollfd gone = { .fd = fd };

	if (poll(&gone, 1, 20000) != 1)
		die("no reset came");
}

TEST_F(interrupted, push_without_a_reader_is_epipe_and_sends_no_signal)
{
	struct linger reset = { .l_onoff = 1 };
	struct ends e;
	size_t i;
	int vec;

	for (i = 0; i < ARRAY_LEN(streams); i++) {
		context("%s", streams[i].name);
		vec = vector_with(SEED, 0, BENCH);
		open_ends(&e, &streams[i]);
		if (streams[i].place == TCP4 || streams[i].place == TCP6) {
			must(setsockopt(e.peer_in, SOL_SOCKET, SO_LINGER,
					&reset, sizeof(reset)));
			close_peer(&e);
			await_reset(e.out);
			/* the reset itself is told once */
			check_errno(ECONNRESET, sv_push(vec, e.out, SV_POSITION,
							SV_ALL, 0));
		} else {
			close_peer(&e);
		}
		check_errno(EPIPE, sv_push(vec, e.out, SV_POSITION, SV_ALL, 0));
		check_errno(EPIPE, sv_push(vec, e.out, SV_POSITION, 1,
					   SPLICEVEC_KEEP));
		check_errno(EPIPE, sv_push(vec, e.out, SV_POSITION, 1,
					   SPLICEVEC_MORE));
		check_rest(vec, 0, BENCH);
		close_ends(&e);
		close(vec);
	}
}

TEST_F(interrupted, push_after_shutdown_of_the_sending_side_is_epipe)
{
	struct ends e;
	size_t i;
	int vec;

	for (i = 1; i < ARRAY_LEN(streams); i++) {
		context("%s", streams[i].name);
		vec = vector_with(SEED, 0, BENCH);
		open_ends(&e, &streams[i]);
		must(shutdown(e.out, SHUT_WR));
		check_errno(EPIPE, sv_push(vec, e.out, SV_POSITION, SV_ALL, 0));
		check_rest(vec, 0, BENCH);
		close_peer(&e);
		close_ends(&e);
		close(vec);
	}
}

TEST_F(interrupted, pull_from_a_stream_that_ended_is_zero)
{
	struct ends e;
	size_t i;
	int vec;

	for (i = 0; i < ARRAY_LEN(streams); i++) {
		context("%s", streams[i].name);
		vec = new_vector();
		open_ends(&e, &streams[i]);
		write_all(e.peer_out, "abc", 3);
		close_peer(&e);
		check_eq(3, sv_pull(vec, e.in, SV_POSITION, 100, 0));
		check_eq(0, sv_pull(vec, e.in, SV_POSITION, 100, 0));
		check_eq(0, sv_pull(vec, e.in, SV_POSITION, 100,
				    SPLICEVEC_NONBLOCK));
		close_ends(&e);
		close(vec);
	}
}

static void set_nonblock(int fd)
{
	must(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK));
}

TEST_F(interrupted, empty_source_is_eagain_where_waiting_is_not_wanted)
{
	struct ends e;
	size_t i;
	int vec = new_vector();

	for (i = 0; i < ARRAY_LEN(streams); i++) {
		context("%s", streams[i].name);
		open_ends(&e, &streams[i]);
		check_errno(EAGAIN, sv_pull(vec, e.in, SV_POSITION, 100,
					    SPLICEVEC_NONBLOCK));
		check_errno(EAGAIN, sv_pull(vec, e.in, SV_POSITION, 100,
					    SPLICEVEC_NONBLOCK |
					    SPLICEVEC_COPY));
		set_nonblock(e.in);
		check_errno(EAGAIN, sv_pull(vec, e.in, SV_POSITION, 100, 0));
		/* what is there is taken without waiting for the rest */
		write_all(e.peer_out, "abc", 3);
		check_eq(3, sv_pull(vec, e.in, SV_POSITION, 100, 0));
		close_peer(&e);
		close_ends(&e);
	}
	close(vec);
}

/* Push until the sink takes no more. Return: bytes pushed. */
static int64_t push_until_full(int vec, int fd, unsigned int flags)
{
	int64_t sum = 0, n;

	for (;;) {
		n = sv_push(vec, fd, SV_POSITION, SV_ALL, flags);
		if (n <= 0)
			break;
		sum += n;
	}
	check_errno(EAGAIN, n);
	return sum;
}

/* A TCP sink that was full a moment ago may have room for some more by now. */
static int64_t push_bytes_until_error(int vec, int fd)
{
	int64_t n;

	do {
		n = sv_push(vec, fd, SV_POSITION, 1000, 0);
	} while (n > 0);
	return n;
}

static void drain_and_check(int fd, size_t len)
{
	char *buf = map_pages(len + 1);

	read_all(fd, buf, len);
	check_eq(-1, pattern_check(buf, SEED, 0, len));
	unmap_pages(buf, len + 1);
}

TEST_F(interrupted, full_sink_takes_what_fits_then_eagain_and_the_rest_stays)
{
	struct ends e;
	int64_t sum;
	size_t i;
	int vec;

	for (i = 0; i < 2 * ARRAY_LEN(streams); i++) {
		context("%s, %s", streams[i / 2].name,
			i % 2 ? "O_NONBLOCK" : "NONBLOCK");
		vec = vector_with(SEED, 0, MUCH);
		open_ends(&e, &streams[i / 2]);
		if (i % 2)
			set_nonblock(e.out);
		sum = push_until_full(vec, e.out,
				      i % 2 ? 0 : SPLICEVEC_NONBLOCK);
		if (check(sum > 0 && sum < (int64_t)MUCH, "%lld bytes fit",
			  (long long)sum)) {
			check_rest(vec, sum, MUCH);
			drain_and_check(e.peer_in, sum);
		}
		close_peer(&e);
		close_ends(&e);
		close(vec);
	}
}

/* What a splice says when it stops before its bytes have all gone through. */
TEST_F(interrupted, splice_tells_which_side_would_block_and_keeps_the_rest)
{
	struct splicevec_splice cmd = {
		.flags = SPLICEVEC_NONBLOCK,
		.in_offset = SV_POSITION,
		.out_offset = SV_POSITION,
		.len = MUCH,
	};
	int vec = new_vector(), file = pattern_file(TMPFS, SEED, MUCH);
	struct ends e;
	char abc[3];
	size_t i;

	for (i = 0; i < ARRAY_LEN(streams); i++) {
		context("%s", streams[i].name);
		open_ends(&e, &streams[i]);
		cmd.in = e.in;
		cmd.out = e.out;
		check_errno(EAGAIN, sv_cmd_splice(vec, &cmd));
		write_all(e.peer_out, "abc", 3);
		check_errno(0, sv_cmd_splice(vec, &cmd));
		check_eq(3, cmd.pulled);
		check_eq(3, cmd.pushed);
		check_eq(SPLICEVEC_IN_AGAIN,
			 cmd.result & ~SPLICEVEC_ESTIMATED);
		read_all(e.peer_in, abc, 3);
		check(!memcmp(abc, "abc", 3), "other bytes arrived");
		cmd.in = file;
		must(lseek(file, 0, SEEK_SET));
		check_errno(0, sv_cmd_splice(vec, &cmd));
		check_eq(SPLICEVEC_OUT_AGAIN,
			 cmd.result & ~SPLICEVEC_ESTIMATED);
		check(cmd.pushed < cmd.pulled, "nothing stayed");
		check_eq(cmd.pulled, lseek(file, 0, SEEK_CUR));
		drain_and_check(e.peer_in, cmd.pushed);
		check_taken(vec, SEED, cmd.pushed, cmd.pulled - cmd.pushed);
		close_peer(&e);
		close_ends(&e);
	}
	close(vec);
	close(file);
}

TEST_F(interrupted, signal_before_the_first_byte_is_eintr)
{
	struct splicevec_splice splice;
	struct ends e, full;
	size_t i;
	int vec, src = vector_with(SEED, 0, MUCH);

	for (i = 0; i < ARRAY_LEN(streams); i++) {
		context("%s", streams[i].name);
		vec = new_vector();
		open_ends(&e, &streams[i]);
		open_ends(&full, &streams[i]);
		push_until_full(src, full.out, SPLICEVEC_NONBLOCK);
		signals(true);
		check_errno(EINTR, sv_pull(vec, e.in, SV_POSITION, 100, 0));
		check_errno(EINTR, sv_pull(vec, e.in, SV_POSITION, 100,
					   SPLICEVEC_COPY));
		check_errno(EINTR, push_bytes_until_error(src, full.out));
		splice = (struct splicevec_splice){
			.in = e.in,
			.out = e.out,
			.in_offset = SV_POSITION,
			.out_offset = SV_POSITION,
			.len = 100,
		};
		check_errno(EINTR, sv_cmd_splice(vec, &splice));
		signals(false);
		close_peer(&e);
		close_peer(&full);
		close_ends(&e);
		close_ends(&full);
		close(vec);
	}
	close(src);
}

TEST_F(interrupted, signal_after_the_first_byte_is_the_short_count)
{
	struct ends e;
	int64_t n;
	size_t i;
	int vec;

	for (i = 0; i < ARRAY_LEN(streams); i++) {
		context("%s", streams[i].name);
		vec = vector_with(SEED, 0, MUCH);
		open_ends(&e, &streams[i]);
		signals(true);
		n = sv_push(vec, e.out, SV_POSITION, SV_ALL, 0);
		signals(false);
		if (check(n > 0 && n < (int64_t)MUCH, "pushed %s",
			  result_name(n))) {
			check_rest(vec, n, MUCH);
			drain_and_check(e.peer_in, n);
		}
		close_peer(&e);
		close_ends(&e);
		close(vec);
	}
}

/* One that waits in a pull, with something else to do for io_uring. */
struct waiter {
	int vec;
	int in;
	int event;		/* of which io_uring is to tell it */
	int64_t pulled;
};

static void pull_with_ring(void *arg)
{
	struct waiter *waiter = arg;
	struct io_uring ring;

	must_sv(io_uring_queue_init(1, &ring, 0));
	io_uring_prep_poll_add(io_uring_get_sqe(&ring), waiter->event, POLLIN);
	must_sv(io_uring_submit(&ring));
	waiter->pulled = sv_pull(waiter->vec, waiter->in, SV_POSITION, 100, 0);
	check_eq(1, io_uring_cq_ready(&ring));
	io_uring_queue_exit(&ring);
}

TEST_F(interrupted, work_for_the_task_is_no_signal)
{
	struct waiter waiter;
	struct worker worker;
	int event[2];
	struct ends e;
	size_t i;

	for (i = 0; i < ARRAY_LEN(streams); i++) {
		context("%s", streams[i].name);
		open_ends(&e, &streams[i]);
		must(pipe2(event, O_CLOEXEC));
		waiter = (struct waiter){ new_vector(), e.in, event[0], 0 };
		worker_start(&worker, pull_with_ring, &waiter);
		worker_await_sleep(&worker);
		write_all(event[1], "!", 1);
		usleep(100000);
		write_all(e.peer_out, "here", 4);
		worker_finish(&worker);
		check_eq(4, waiter.pulled);
		close_peer(&e);
		close_ends(&e);
		close(event[0]);
		close(event[1]);
		close(waiter.vec);
	}
}

/* A timeout set on a socket ends a wait like O_NONBLOCK. */
TEST_F(interrupted, timeout_of_a_socket_is_eagain)
{
	struct timeval brief = { .tv_usec = 50000 };
	struct ends e;
	size_t i;
	int vec;

	for (i = 1; i < ARRAY_LEN(streams); i++) {
		context("%s", streams[i].name);
		vec = vector_with(SEED, 0, MUCH);
		open_ends(&e, &streams[i]);
		must(setsockopt(e.in, SOL_SOCKET, SO_RCVTIMEO, &brief,
				sizeof(brief)));
		must(setsockopt(e.out, SOL_SOCKET, SO_SNDTIMEO, &brief,
				sizeof(brief)));
		check_errno(EAGAIN, sv_pull(vec, e.in, SV_POSITION, 1, 0));
		check_errno(EAGAIN, push_bytes_until_error(vec, e.out));
		close_peer(&e);
		close_ends(&e);
		close(vec);
	}
}

TEST_F(interrupted, full_disk_takes_what_fits_then_enospc_and_the_rest_stays)
{
	char dir[] = "/tmp/full-XXXXXX", path[64];
	int vec = vector_with(SEED, 0, 40 * PAGE), fd;
	int64_t sum = 0, n;

	if (!mkdtemp(dir))
		die("mkdtemp: %s", errno_name(errno));
	must(mount("none", dir, "tmpfs", 0, "size=64k"));
	snprintf(path, sizeof(path), "%s/file", dir);
	fd = must(open(path, O_RDWR | O_CREAT, 0600));
	for (;; sum += n) {
		n = sv_push(vec, fd, SV_POSITION, SV_ALL, 0);
		if (n <= 0)
			break;
	}
	check_errno(ENOSPC, n);
	check(sum > 0 && sum <= (int64_t)KIB(64), "%lld bytes fit",
	      (long long)sum);
	check_eq(sum, lseek(fd, 0, SEEK_CUR));
	check_eq(-1, file_check(fd, 0, SEED, 0, sum));
	check_rest(vec, sum, 40 * PAGE);
	close(vec);
	close(fd);
	must(umount(dir));
	must(rmdir(dir));
}

/* The signal of a file too large is the file's, as with write(2). */
TEST_F(interrupted, file_size_limit_is_the_short_count_then_efbig)
{
	static const enum place places[] = { EXT4, XFS, TMPFS };
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit limit = { 5000, 5000 };
	size_t i;
	int vec, fd;

	signal(SIGXFSZ, SIG_IGN);
	for (i = 0; i < ARRAY_LEN(places); i++) {
		if (place_missing(places[i]))
			continue;
		context("%s", place_name(places[i]));
		fd = new_file(places[i], O_RDWR);
		vec = vector_with(SEED, 0, BENCH);
		must(setrlimit(RLIMIT_FSIZE, &limit));
		check_eq(5000, sv_push(vec, fd, SV_POSITION, SV_ALL, 0));
		check_errno(EFBIG, sv_push(vec, fd, SV_POSITION, SV_ALL, 0));
		must(setrlimit(RLIMIT_FSIZE, &unlimited));
		check_eq(-1, file_check(fd, 0, SEED, 0, 5000));
		check_eq(5000, lseek(fd, 0, SEEK_END));
		check_rest(vec, 5000, BENCH);
		close(fd);
		close(vec);
	}
}

/*
 * A cut clears the rest of the page, or of the large folio, it falls into; what
 * lies behind is only let go. Nothing else may show.
 */
static bool bytes_or_zeroes(const char *buf, size_t from, size_t to)
{
	size_t i;

	for (i = from; i < to; i++)
		if (buf[i] && buf[i] != (char)pattern_byte(SEED, i))
			return false;
	return true;
}

/* The pages are held: what was pulled can be pushed whatever became of it. */
TEST_F(interrupted, file_truncated_after_the_pull_still_pushes_its_bytes)
{
	static const enum place places[] = { EXT4, XFS, TMPFS };
	static const size_t left[] = { 0, PAGE, PAGE + 100 };
	char buf[BENCH];
	size_t i, j;
	int vec, fd;

	for (i = 0; i < ARRAY_LEN(places) * ARRAY_LEN(left); i++) {
		if (place_missing(places[i / 3]))
			continue;
		j = left[i % 3];
		context("%s, cut to %zu", place_name(places[i / 3]), j);
		fd = pattern_file(places[i / 3], SEED, BENCH);
		vec = new_vector();
		check_eq(BENCH, sv_pull(vec, fd, 0, BENCH, 0));
		must(ftruncate(fd, j));
		check_eq(BENCH, sv_push_mem(vec, buf, BENCH, 0));
		check_eq(-1, pattern_check(buf, SEED, 0, j));
		check(bytes_or_zeroes(buf, j, BENCH), "strange bytes");
		check_eq(0, sv_pull(vec, fd, BENCH, 1, 0));
		check_eq(0, sv_pull(vec, fd, j, 1, 0));
		close(vec);
		close(fd);
	}
}

TEST_F(interrupted, file_removed_and_closed_after_the_pull_still_pushes)
{
	char dir[] = "/tmp/gone-XXXXXX", path[64], buf[BENCH];
	int vec = new_vector(), fd;

	if (!mkdtemp(dir))
		die("mkdtemp: %s", errno_name(errno));
	must(mount("none", dir, "tmpfs", 0, NULL));
	snprintf(path, sizeof(path), "%s/file", dir);
	fd = must(open(path, O_RDWR | O_CREAT, 0600));
	pattern_fill(buf, SEED, 0, BENCH);
	write_all(fd, buf, BENCH);
	check_eq(BENCH, sv_pull(vec, fd, 0, BENCH, 0));
	close(fd);
	must(unlink(path));
	/* no vector holds up an unmount */
	must(umount(dir));
	must(rmdir(dir));
	check_rest(vec, 0, BENCH);
	close(vec);
}

TEST_HARNESS_MAIN
