// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is waited for, and what is not: streams that have something, streams that
 * are no pipes and no sockets, readers and writers that wait for each other.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "places.h"
#include "sock_places.h"

#include <fcntl.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <splicevec.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <termios.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define SEED	29

/* Seconds after which a wait that should not be is ended. */
#define TOO_LONG	5

LEDGER_FIXTURE(waiting)

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

/*
 * Signals from @usec on, each second, as the first may come too early; or none
 * any more. Commands are not restarted.
 */
static void alarm_in(long usec)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = {
		.it_value = { usec / 1000000, usec % 1000000 },
		.it_interval = { .tv_sec = 1 },
	};

	must(sigaction(SIGALRM, &action, NULL));
	must(setitimer(ITIMER_REAL, &timer, NULL));
}

/* What follows may not wait, though it might come to an end by the signal. */
static void prompt_begin(void)
{
	alarms = 0;
	alarm_in(TOO_LONG * 1000000);
}

static void prompt_end(void)
{
	alarm_in(0);
	check(!alarms, "waited until a signal came");
}

#define check_prompt(want, got)						\
	({								\
		prompt_begin();						\
		check_eq(want, got);					\
		prompt_end();						\
	})
#define check_prompt_errno(want, got)					\
	({								\
		prompt_begin();						\
		check_errno(want, got);					\
		prompt_end();						\
	})

static void check_text(int vec, const char *text)
{
	size_t len = strlen(text);
	char buf[100];

	check_eq(len, sv_push_mem(vec, buf, sizeof(buf), 0));
	check(!memcmp(buf, text, len), "other bytes arrived");
}

/* The side of a terminal where a shell is, and where a user is. */
static void open_terminal(int *shell, int *user)
{
	char name[64];

	*user = must(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
	must(grantpt(*user));
	must(unlockpt(*user));
	if (ptsname_r(*user, name, sizeof(name)))
		die("a terminal without a name");
	*shell = must(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

static void make_raw(int terminal)
{
	struct termios mode;

	must(tcgetattr(terminal, &mode));
	cfmakeraw(&mode);
	must(tcsetattr(terminal, TCSANOW, &mode));
}

TEST_F(waiting, pull_from_a_terminal_is_the_line_that_is_there)
{
	static const unsigned int flags[] = {
		0, SPLICEVEC_NONBLOCK, SPLICEVEC_COPY,
	};
	int vec = new_vector(), shell, user;
	size_t i;

	open_terminal(&shell, &user);
	for (i = 0; i < ARRAY_LEN(flags); i++) {
		context("flags %#x", flags[i]);
		write_all(user, "line\n", 5);
		check_prompt(5, sv_pull(vec, shell, SV_POSITION, PAGE,
					flags[i]));
		check_text(vec, "line\n");
	}
	/* what was asked for is there: no more is looked for */
	write_all(user, "two\n", 4);
	check_prompt(2, sv_pull(vec, shell, SV_POSITION, 2, 0));
	check_prompt(2, sv_pull(vec, shell, SV_POSITION, 9, 0));
	check_text(vec, "two\n");
}

/* A user who ends a line with control-D ends the file, for one read. */
TEST_F(waiting, end_of_file_typed_after_a_line_is_a_pull_of_its_own)
{
	int vec = new_vector(), shell, user;

	open_terminal(&shell, &user);
	write_all(user, "line\n\4more\n", 11);
	check_prompt(5, sv_pull(vec, shell, SV_POSITION, PAGE, 0));
	check_prompt(0, sv_pull(vec, shell, SV_POSITION, PAGE, 0));
	check_prompt(5, sv_pull(vec, shell, SV_POSITION, PAGE, 0));
	check_text(vec, "line\nmore\n");
}

TEST_F(waiting, nonblocking_pull_from_a_quiet_terminal_is_eagain)
{
	int vec = new_vector(), shell, user;

	open_terminal(&shell, &user);
	check_prompt_errno(EAGAIN, sv_pull(vec, shell, SV_POSITION, PAGE,
					   SPLICEVEC_NONBLOCK));
	check_prompt_errno(EAGAIN, sv_pull(vec, shell, SV_POSITION, PAGE,
					   SPLICEVEC_NONBLOCK |
					   SPLICEVEC_COPY));
	/* half a line is none yet */
	write_all(user, "li", 2);
	check_prompt_errno(EAGAIN, sv_pull(vec, shell, SV_POSITION, PAGE,
					   SPLICEVEC_NONBLOCK));
	write_all(user, "ne\n", 3);
	check_prompt(5, sv_pull(vec, shell, SV_POSITION, PAGE,
				SPLICEVEC_NONBLOCK));
	must(fcntl(shell, F_SETFL, O_RDWR | O_NONBLOCK));
	check_prompt_errno(EAGAIN, sv_pull(vec, shell, SV_POSITION, PAGE, 0));
	check_text(vec, "line\n");
}

TEST_F(waiting, pull_from_a_quiet_terminal_waits_until_a_signal_comes)
{
	int vec = new_vector(), shell, user;

	open_terminal(&shell, &user);
	alarm_in(200000);
	check_errno(EINTR, sv_pull(vec, shell, SV_POSITION, PAGE, 0));
	check_text(vec, "");
}

TEST_F(waiting, splice_from_a_terminal_waits_for_one_line)
{
	struct splicevec_splice cmd = {
		.in_offset = SV_POSITION,
		.out_offset = SV_POSITION,
		.len = PAGE,
	};
	int vec = new_vector(), user, ends[2];
	char buf[5];

	must(pipe(ends));
	open_terminal(&cmd.in, &user);
	cmd.out = ends[1];
	write_all(user, "line\n", 5);
	check_prompt_errno(0, sv_cmd_splice(vec, &cmd));
	check_eq(5, cmd.pulled);
	check_eq(5, cmd.pushed);
	check_eq(0, cmd.result & SPLICEVEC_EOF);
	read_all(ends[0], buf, 5);
	check(!memcmp(buf, "line\n", 5), "other bytes arrived");
}

static int pattern_vector(size_t len)
{
	int vec = new_vector(), file = pattern_file(TMPFS, SEED, len);

	if (sv_pull(vec, file, 0, len, 0) != (int64_t)len)
		die("a vector of %zu bytes cannot be filled", len);
	close(file);
	return vec;
}

static void read_and_check(int fd, size_t len)
{
	char *buf = map_pages(len);

	read_all(fd, buf, len);
	check_eq(-1, pattern_check(buf, SEED, 0, len));
	unmap_pages(buf, len);
}

TEST_F(waiting, nonblocking_push_to_a_terminal_takes_what_fits_then_eagain)
{
	int vec = pattern_vector(MIB(1)), shell, user;
	int64_t sum, n = 0;

	open_terminal(&shell, &user);
	make_raw(shell);
	/* nothing else keeps a terminal from waiting half way */
	check_errno(EOPNOTSUPP, sv_push(vec, shell, SV_POSITION, SV_ALL,
					SPLICEVEC_NONBLOCK));
	must(fcntl(shell, F_SETFL, O_RDWR | O_NONBLOCK));
	prompt_begin();
	for (sum = 0; !alarms; sum += n) {
		n = sv_push(vec, shell, SV_POSITION, SV_ALL, 0);
		if (n <= 0)
			break;
	}
	check_errno(EAGAIN, n);
	prompt_end();
	check(sum > 0 && sum < (int64_t)MIB(1), "%lld bytes fit",
	      (long long)sum);
	read_and_check(user, sum);
	check_taken(vec, SEED, sum, MIB(1) - sum);
}

struct reading {
	int fd;
	size_t len;
};

static void read_pattern(void *arg)
{
	struct reading *reading = arg;

	read_and_check(reading->fd, reading->len);
}

TEST_F(waiting, push_to_a_terminal_waits_for_its_reader)
{
	struct reading reading = { .len = KIB(100) };
	int vec = pattern_vector(KIB(100)), shell;
	struct worker worker;
	int64_t sum = 0, n;

	open_terminal(&shell, &reading.fd);
	make_raw(shell);
	worker_start(&worker, read_pattern, &reading);
	do {
		n = sv_push(vec, shell, SV_POSITION, SV_ALL, 0);
		sum += n > 0 ? n : 0;
	} while (n > 0);
	check_eq(0, n);
	check_eq(KIB(100), sum);
	worker_finish(&worker);
}

/* Pull @text, in as many pieces as it comes. */
static void pull_text(int vec, int fd, const char *text, unsigned int flags)
{
	int64_t left = strlen(text), n;

	prompt_begin();
	while (left) {
		n = sv_pull(vec, fd, SV_POSITION, PAGE, flags);
		if (!check(n > 0 && n <= left, "pull: %s, %lld bytes lack",
			   result_name(n), (long long)left))
			break;
		left -= n;
	}
	prompt_end();
	check_text(vec, text);
}

/* A peer that sends a byte with MSG_OOB, with others before it and behind. */
static void send_urgent(int peer)
{
	write_all(peer, "xy", 2);
	must(send(peer, "o", 1, MSG_OOB));
	write_all(peer, "abc", 3);
}

TEST_F(waiting, urgent_byte_stops_no_pull)
{
	static const enum place places[] = { TCP4, TCP6 };
	static const unsigned int flags[] = {
		0, SPLICEVEC_NONBLOCK, SPLICEVEC_COPY,
	};
	int vec = new_vector(), fds[2], i, one = 1;

	for (i = 0; i < 12; i++) {
		context("%s, flags %u%s", place_name(places[i % 2]),
			flags[i / 2 % 3], i < 6 ? "" : ", in line");
		stream_pair(places[i % 2], fds);
		if (i >= 6)
			must(setsockopt(fds[0], SOL_SOCKET, SO_OOBINLINE, &one,
					sizeof(one)));
		send_urgent(fds[1]);
		pull_text(vec, fds[0], i < 6 ? "xyabc" : "xyoabc",
			  flags[i / 2 % 3]);
		check_errno(EAGAIN, sv_pull(vec, fds[0], SV_POSITION, 9,
					    SPLICEVEC_NONBLOCK));
		write_all(fds[1], "more", 4);
		pull_text(vec, fds[0], "more", 0);
		close(fds[0]);
		close(fds[1]);
	}
}

/* What lies behind the urgent byte is not lost to a false end of the file. */
TEST_F(waiting, urgent_byte_is_no_end_though_the_peer_is_gone)
{
	static const enum place places[] = { TCP4, TCP6 };
	int vec = new_vector(), fds[2], i;

	for (i = 0; i < 2; i++) {
		context("%s", place_name(places[i]));
		stream_pair(places[i], fds);
		send_urgent(fds[1]);
		must(shutdown(fds[1], SHUT_WR));
		pull_text(vec, fds[0], "xyabc", 0);
		check_prompt(0, sv_pull(vec, fds[0], SV_POSITION, 9, 0));
		close(fds[0]);
		close(fds[1]);
	}
}

TEST_F(waiting, urgent_byte_stops_no_splice)
{
	struct splicevec_splice cmd = {
		.in_offset = SV_POSITION,
		.out_offset = SV_POSITION,
		.len = PAGE,
	};
	int vec = new_vector(), fds[2], ends[2];
	size_t done = 0;
	char buf[5];

	must(pipe(ends));
	stream_pair(TCP4, fds);
	send_urgent(fds[1]);
	cmd.in = fds[0];
	cmd.out = ends[1];
	prompt_begin();
	while (done < 5 && !sv_cmd_splice(vec, &cmd) && cmd.pushed)
		done += cmd.pushed;
	prompt_end();
	if (check_eq(5, done)) {
		read_all(ends[0], buf, 5);
		check(!memcmp(buf, "xyabc", 5), "other bytes arrived");
	}
}

/* A page's write that faults leaves an empty buffer in the pipe (up to 6.12). */
static void fill_with_nothing(int fd)
{
	char *gone = map_pages(PAGE);
	int i;

	unmap_pages(gone, PAGE);
	for (i = 0; i < 16; i++) {
		check_eq(-1, write(fd, gone, PAGE));
		check_eq(EFAULT, errno);
	}
}

/* Needs a buffer of its own. If nobody wakes it, it ends with the last reader. */
static void write_page(void *arg)
{
	char page[PAGE];

	pattern_fill(page, SEED, 0, PAGE);
	check_eq(PAGE, write(*(int *)arg, page, PAGE));
}

TEST_F(waiting, empty_buffers_a_pull_drops_make_room_for_a_waiting_writer)
{
	struct pollfd full = { .events = POLLOUT };
	int vec = new_vector(), ends[2], i;
	struct worker writer;

	for (i = 0; i < 2; i++) {
		context("%s", i ? "after EAGAIN" : "waiting");
		must(pipe(ends));
		fill_with_nothing(ends[1]);
		full.fd = ends[1];
		if (must(poll(&full, 1, 0)))
			SKIP(return, "no empty buffers on this kernel");
		worker_start(&writer, write_page, &ends[1]);
		worker_await_sleep(&writer);
		if (i)
			check_errno(EAGAIN, sv_pull(vec, ends[0], SV_POSITION,
						    9, SPLICEVEC_NONBLOCK));
		check_prompt(PAGE, sv_pull(vec, ends[0], SV_POSITION, PAGE, 0));
		close(ends[0]);
		worker_finish(&writer);
		close(ends[1]);
		check_taken(vec, SEED, 0, PAGE);
	}
}

/* A vector of many spans: a byte, and what it holds once more, many times. */
static int many_spans(int doublings)
{
	int vec = new_vector();

	must_sv(sv_pull_mem(vec, "x", 1, SPLICEVEC_COPY));
	while (doublings--)
		must_sv(sv_pull(vec, vec, SV_POSITION, SV_ALL, 0));
	return vec;
}

static long microseconds(void)
{
	struct timespec now;

	must(clock_gettime(CLOCK_MONOTONIC, &now));
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Return: bytes of the vector that were pushed when the signal came. */
static uint64_t splice_with_signal(int vec, int in, int out, long usec)
{
	struct splicevec_splice cmd = {
		.in = in,
		.out = out,
		.in_offset = SV_POSITION,
		.out_offset = SV_POSITION,
		.len = 10,
	};
	int err;

	alarm_in(usec);
	err = sv_cmd_splice(vec, &cmd);
	alarm_in(0);
	check(!err || (err == -EINTR && !cmd.pushed), "splice: %s",
	      result_name(err));
	return cmd.pushed;
}

/* However many spans are left to push: not each of them is looked at first. */
TEST_F(waiting, signal_ends_a_splice_and_leaves_the_rest)
{
	int ends[2], null = must(open("/dev/null", O_WRONLY)), vec;
	struct splicevec_info info;
	unsigned int tries = 10;
	uint64_t pushed, all = 1 << 11;
	long begin, usec;

	must(pipe(ends));
	close(ends[1]);
	vec = many_spans(11);
	begin = microseconds();
	check_eq(all, splice_with_signal(vec, ends[0], null, 0));
	usec = microseconds() - begin;
	/* in the middle, as far as that can be hit */
	do {
		close(vec);
		vec = many_spans(11);
		pushed = splice_with_signal(vec, ends[0], null, usec / 3 + 1);
	} while ((!pushed || pushed == all) && --tries);
	check(pushed && pushed < all, "%llu of %llu spans pushed, in %ld us",
	      (unsigned long long)pushed, (unsigned long long)all, usec);
	must_sv(sv_info(vec, &info));
	check_eq(pushed, info.head);
	check_eq(all, info.tail);
}

static double seconds(const struct timeval *time)
{
	return time->tv_sec + time->tv_usec / 1e6;
}

/* Of this thread, as far as it was at work. */
static double busy_until_now(void)
{
	struct rusage usage;

	must(getrusage(RUSAGE_THREAD, &usage));
	return seconds(&usage.ru_utime) + seconds(&usage.ru_stime);
}

/* Poll may call it readable, but there is nothing to receive. */
TEST_F(waiting, half_a_record_of_tls_is_waited_for_asleep)
{
	static const unsigned char half[] = { 23, 3, 3, 0, 64, 1, 2, 3 };
	struct timeval limit = { .tv_sec = slower() };
	int fds[2], vec = new_vector();
	double before;

	NEEDS(place_missing(KTLS));
	stream_pair(TCP4, fds);
	must_sv(ktls_on(fds[1], TLS_RX));
	must(setsockopt(fds[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	write_all(fds[0], half, sizeof(half));
	before = busy_until_now();
	check_errno(EAGAIN, sv_pull(vec, fds[1], SV_POSITION, 1, 0));
	check(busy_until_now() - before < 0.75 * slower(), "busy for %g s",
	      busy_until_now() - before);
	close(fds[0]);
	close(fds[1]);
	close(vec);
}

TEST_HARNESS_MAIN
