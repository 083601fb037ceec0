// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fds and memory that cannot be a source or a sink, or not for what was asked:
 * the documented errno, and nothing done.
 */
#include "kselftest_harness.h"

#include "commands.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <splicevec.h>
#include <sys/epoll.h>
#include <sys/socket.h>

LEDGER_FIXTURE(badfds)

/*
 * Fds that are wrong for one thing or all. Sockets do not block: where they are
 * taken after all, that shall end in a wrong errno and not in a timeout.
 */
static int closed_fd(void)
{
	int fd = new_vector();

	close(fd);
	return fd;
}

static int no_fd(void)
{
	return -1;
}

static int most_negative_fd(void)
{
	return INT_MIN;
}

static int no_such_constant(void)
{
	return -1003;
}

static int directory(void)
{
	return must(open("/tmp", O_RDONLY | O_DIRECTORY));
}

static int path_only(void)
{
	return must(open("/dev/null", O_PATH));
}

static int epoll(void)
{
	return must(epoll_create1(0));
}

static int write_only(void)
{
	return new_file(TMPFS, O_WRONLY);
}

static int read_only(void)
{
	int file = new_file(TMPFS, O_RDWR), fd = reopen(file, O_RDONLY);

	close(file);
	return fd;
}

static int pipe_end(int end)
{
	int ends[2];

	must(pipe2(ends, 0));
	close(ends[!end]);
	return ends[end];
}

static int pipe_for_reading(void)
{
	return pipe_end(0);
}

static int pipe_for_writing(void)
{
	return pipe_end(1);
}

static int tcp_apart(void)
{
	return must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
}

/* Whoever waited for bytes there would wait for a connection. */
static int listening(int family)
{
	int fd = must(socket(family, SOCK_STREAM, 0));
	struct sockaddr any = { .sa_family = family };

	if (family == AF_UNIX)
		must(bind(fd, &any, sizeof(any.sa_family)));
	must(listen(fd, 1));
	return fd;
}

static int tcp_listening(void)
{
	return listening(AF_INET);
}

static int unix_listening(void)
{
	return listening(AF_UNIX);
}

static int datagrams(void)
{
	return must(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
}

static int packets(void)
{
	return must(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0));
}

static int unix_datagrams(void)
{
	return must(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
}

/* The kernel has nobody who listens to this protocol. */
static int netlink(void)
{
	return must(socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK,
			   NETLINK_USERSOCK));
}

/* TCP for those who use it, with a protocol of its own on top. */
static int multipath(void)
{
	return must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK,
			   IPPROTO_MPTCP));
}

/* 0: this use of it is a good one. */
static const struct {
	const char *name;
	int (*open)(void);
	int as_source;
	int as_sink;
} bad_fds[] = {
	{ "closed", closed_fd, EBADF, EBADF },
	{ "-1", no_fd, EBADF, EBADF },
	{ "INT_MIN", most_negative_fd, EBADF, EBADF },
	{ "-1003", no_such_constant, EBADF, EBADF },
	{ "O_PATH", path_only, EBADF, EBADF },
	{ "directory", directory, EOPNOTSUPP, EBADF },
	{ "epoll", epoll, EOPNOTSUPP, EOPNOTSUPP },
	{ "write-only file", write_only, EBADF, 0 },
	{ "read-only file", read_only, 0, EBADF },
	{ "write end of a pipe", pipe_for_writing, EBADF, EPIPE },
	{ "read end of a pipe", pipe_for_reading, 0, EBADF },
	{ "unconnected TCP", tcp_apart, ENOTCONN, EPIPE },
	{ "listening TCP", tcp_listening, ENOTCONN, EPIPE },
	{ "listening unix stream", unix_listening, EINVAL, ENOTCONN },
	{ "unconnected UDP", datagrams, EAGAIN, EDESTADDRREQ },
	{ "unconnected unix datagram", unix_datagrams, EAGAIN, ENOTCONN },
	{ "unconnected unix seqpacket", packets, ENOTCONN, ENOTCONN },
	{ "netlink", netlink, EAGAIN, ECONNREFUSED },
	{ "unconnected multipath TCP", multipath, ENOTCONN, EPIPE },
};

static void spoil_fd(struct bench *b, enum number nr, size_t at, int fd,
		     int err)
{
	union arguments *cmd = map_pages(PAGE);

	if (err) {
		commands[nr].prepare(b, cmd);
		/* streams have no other; files are not touched */
		if (nr == NR_pull)
			cmd->pull.offset = SV_POSITION;
		if (nr == NR_push)
			cmd->push.offset = SV_POSITION;
		memcpy(cmd->bytes + at, &fd, sizeof(fd));
		check_errno(err, run_command(b, nr, cmd));
		check_untouched(b);
	}
	unmap_pages(cmd, PAGE);
}

TEST_F(badfds, wrong_fd_fails_as_documented_wherever_it_is_given)
{
	struct bench b;
	size_t i;
	int fd;

	bench_open(&b);
	for (i = 0; i < ARRAY_LEN(bad_fds); i++) {
		fd = bad_fds[i].open();
		context("source: %s", bad_fds[i].name);
		spoil_fd(&b, NR_pull, offsetof(struct splicevec_pull, fd), fd,
			 bad_fds[i].as_source);
		context("sink: %s", bad_fds[i].name);
		spoil_fd(&b, NR_push, offsetof(struct splicevec_push, fd), fd,
			 bad_fds[i].as_sink);
		if (fd >= 0)
			close(fd);
	}
	bench_close(&b);
}

/* SPLICE looks both up before it pushes what the vector holds. */
TEST_F(badfds, splice_with_a_wrong_fd_moves_nothing)
{
	struct bench b;
	size_t i;
	int fd, err;

	bench_open(&b);
	for (i = 0; i < ARRAY_LEN(bad_fds); i++) {
		fd = bad_fds[i].open();
		err = bad_fds[i].as_source;
		context("in: %s", bad_fds[i].name);
		if (err == EBADF || err == EOPNOTSUPP)
			spoil_fd(&b, NR_splice,
				 offsetof(struct splicevec_splice, in), fd,
				 err);
		err = bad_fds[i].as_sink;
		context("out: %s", bad_fds[i].name);
		if (err == EBADF || err == EOPNOTSUPP)
			spoil_fd(&b, NR_splice,
				 offsetof(struct splicevec_splice, out), fd,
				 err);
		if (fd >= 0)
			close(fd);
	}
	context("in: FD_NONE");
	spoil_fd(&b, NR_splice, offsetof(struct splicevec_splice, in),
		 SPLICEVEC_FD_NONE, EBADF);
	bench_close(&b);
}

TEST_F(badfds, features_of_a_wrong_fd_is_ebadf_or_eopnotsupp)
{
	struct splicevec_features features;
	int vec = new_vector();
	size_t i;
	int fd, err;

	for (i = 0; i < ARRAY_LEN(bad_fds); i++) {
		err = bad_fds[i].as_sink;
		fd = bad_fds[i].open();
		context("%s", bad_fds[i].name);
		/* -1 asks for the kernel alone */
		if (fd != -1 && (err == EBADF || err == EOPNOTSUPP))
			check_errno(err, sv_features(vec, fd, &features));
		if (fd >= 0)
			close(fd);
	}
	check_errno(0, sv_features(vec, -1, &features));
	close(vec);
}

TEST_F(badfds, none_is_no_source)
{
	struct bench b;

	bench_open(&b);
	check_errno(EBADF, sv_pull(b.vec, SPLICEVEC_FD_NONE, SV_POSITION, 1,
				   0));
	check_untouched(&b);
	bench_close(&b);
}

/* A place where a stream or memory could be told to begin. */
TEST_F(badfds, offset_on_what_has_none_is_espipe)
{
	static const enum place places[] = { UNIX, TCP4 };
	struct splicevec_pull pull = { .fd = SPLICEVEC_FD_MEM, .len = 1 };
	struct splicevec_push push = { .fd = SPLICEVEC_FD_MEM, .len = 1 };
	int ends[2], other = new_vector();
	struct bench b;
	size_t i;
	char byte;

	bench_open(&b);
	must(pipe(ends));
	check_errno(ESPIPE, sv_pull(b.vec, ends[0], 0, 1, 0));
	check_errno(ESPIPE, sv_push(b.vec, ends[1], 0, 1, 0));
	for (i = 0; i < ARRAY_LEN(places); i++) {
		context("%s", place_name(places[i]));
		stream_pair(places[i], ends);
		check_errno(ESPIPE, sv_pull(b.vec, ends[0], 0, 1, 0));
		check_errno(ESPIPE, sv_push(b.vec, ends[0], 1, 1, 0));
	}
	context("vector");
	check_errno(ESPIPE, sv_push(b.vec, other, 0, 1, 0));
	context("memory");
	pull.addr = (uintptr_t)&byte;
	push.addr = (uintptr_t)&byte;
	check_errno(ESPIPE, sv_cmd_pull(b.vec, &pull));
	check_errno(ESPIPE, sv_cmd_push(b.vec, &push));
	check_untouched(&b);
	bench_close(&b);
}

TEST_F(badfds, explicit_offset_on_an_append_sink_is_einval)
{
	struct bench b;
	int fd;

	bench_open(&b);
	fd = reopen(b.sink, O_WRONLY | O_APPEND);
	check_errno(EINVAL, sv_push(b.vec, fd, 0, 1, 0));
	check_errno(EINVAL, sv_push(b.vec, fd, 100, SV_ALL, SPLICEVEC_KEEP));
	check_untouched(&b);
	close(fd);
	bench_close(&b);
}

/* Pages: 0 readable, 1 writable too, 2 none, 3 not mapped. */
static char *odd_memory(void)
{
	char *pages = map_pages(4 * PAGE);

	pattern_fill(pages, 9, 0, 2 * PAGE);
	must(mprotect(pages, PAGE, PROT_READ));
	must(mprotect(pages + 2 * PAGE, PAGE, PROT_NONE));
	unmap_pages(pages + 3 * PAGE, PAGE);
	return pages;
}

TEST_F(badfds, memory_that_cannot_be_read_is_efault_or_a_short_pull)
{
	static const unsigned int flags[] = { 0, SPLICEVEC_COPY };
	char *pages = odd_memory(), buf[PAGE];
	struct bench b;
	size_t i;

	bench_open(&b);
	for (i = 0; i < ARRAY_LEN(flags); i++) {
		int vec = new_vector();

		context("flags %u", flags[i]);
		check_errno(EFAULT, sv_pull_mem(b.vec, NULL, 1, flags[i]));
		check_errno(EFAULT, sv_pull_mem(b.vec, pages + 2 * PAGE, 1,
						flags[i]));
		check_errno(EFAULT, sv_pull_mem(b.vec, pages + 3 * PAGE, 1,
						flags[i]));
		check_errno(EFAULT, sv_pull_mem(b.vec,
						(void *)0xffff888000001000, 1,
						flags[i]));
		check_errno(EFAULT, sv_pull_mem(b.vec, (void *)-PAGE, PAGE,
						flags[i]));
		check_errno(EFAULT, sv_pull_mem(b.vec, pages + 2 * PAGE, SV_ALL,
						flags[i]));
		check_untouched(&b);
		/* half of it is there */
		check_eq(100, sv_pull_mem(vec, pages + 2 * PAGE - 100, 200,
					  flags[i]));
		check_eq(100, sv_push_mem(vec, buf, sizeof(buf), 0));
		check_eq(-1, pattern_check(buf, 9, 2 * PAGE - 100, 100));
		close(vec);
	}
	bench_close(&b);
	unmap_pages(pages, 3 * PAGE);
}

TEST_F(badfds, memory_that_cannot_be_written_is_efault_or_a_short_push)
{
	char *pages = odd_memory();
	struct bench b;

	bench_open(&b);
	check_errno(EFAULT, sv_push_mem(b.vec, NULL, 1, 0));
	check_errno(EFAULT, sv_push_mem(b.vec, pages, 1, 0));
	check_errno(EFAULT, sv_push_mem(b.vec, pages + 2 * PAGE, 1, 0));
	check_errno(EFAULT, sv_push_mem(b.vec, pages + 3 * PAGE, SV_ALL, 0));
	check_errno(EFAULT, sv_push_mem(b.vec, (void *)0xffff888000001000, 1,
					0));
	check_errno(EFAULT, sv_push_mem(b.vec, (void *)-PAGE, PAGE, 0));
	check_untouched(&b);
	check_eq(100, sv_push_mem(b.vec, pages + 2 * PAGE - 100, 5000, 0));
	check_eq(-1, pattern_check(pages + 2 * PAGE - 100, 7, 0, 100));
	check_eq(-1, pattern_check(pages, 9, 0, 2 * PAGE - 100));
	b.drop = 100;
	check_vector(&b);
	bench_close(&b);
	unmap_pages(pages, 3 * PAGE);
}

TEST_HARNESS_MAIN
