// SPDX-License-Identifier: GPL-2.0-only
/* The vector in sendfile(2): a window of it is sent, a file is appended to it. */
#include "kselftest_harness.h"

#include "places.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define SEED	43
/* Contents of a file after it was changed under those who have its pages. */
#define NEW	47

LEDGER_FIXTURE(asfilesend)

/* sendfile(2) a window to a sink; all of it, however many calls it takes. */
static void send_window(int vec, int out, loff_t start, size_t len)
{
	loff_t at = start;
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = sendfile(out, vec, &at, len - done);
		if (!check(n > 0, "sendfile: %s", errno_name(n ? errno : 0)))
			break;
		done += n;
		check_eq(start + done, at);
	}
}

TEST_F(asfilesend, sendfile_from_an_offset_keeps_the_vector)
{
	static const enum place places[] = { UNIX, TCP4, TCP6 };
	int file = pattern_file(EXT4, SEED, MIB(1)), fds[2], to, other;
	int vec = file_vector(file, MIB(1));
	struct drain drain;
	size_t i;

	check_eq(1000, sv_drop(vec, 1000));
	for (i = 0; i < ARRAY_LEN(places); i++) {
		context("%s", place_name(places[i]));
		stream_pair(places[i], fds);
		drain = (struct drain){ .fd = fds[1], .seed = SEED,
					.pos = 5000 };
		drain_start(&drain);
		send_window(vec, fds[0], 5000, 900000);
		close(fds[0]);
		drain_finish(&drain);
		check_eq(900000, drain.got);
		check_eq(-1, drain.wrong);
	}
	context("file");
	to = new_file(TMPFS, O_RDWR);
	send_window(vec, to, 1000, MIB(1) - 1000);
	check_eq(-1, file_check(to, 0, SEED, 1000, MIB(1) - 1000));
	check_eq(MIB(1) - 1000, lseek(to, 0, SEEK_END));
	context("vector");
	other = new_vector();
	send_window(vec, other, 70000, 300000);
	check_arrives(other, SEED, 70000, 300000);
	check_span(vec, 1000, MIB(1));
}

/* Some kernels find by themselves that what they add up is too much. */
static void check_refused(ssize_t n)
{
	check(n < 0 && (errno == EINVAL || errno == EOVERFLOW),
	      "an offset below zero: %s", n < 0 ? errno_name(errno) : "accepted");
}

TEST_F(asfilesend, sendfile_beside_what_is_there_sends_nothing)
{
	int vec = new_vector(), to = new_file(TMPFS, O_RDWR), fds[2];
	loff_t at = 4;

	check_eq(10, write(vec, "0123456789", 10));
	check_eq(5, sv_drop(vec, 5));
	check_fails(ESTALE, sendfile(to, vec, &at, 10));
	at = 10;
	check_eq(0, sendfile(to, vec, &at, 10));
	at = -1;
	check_fails(EOVERFLOW, sendfile(to, vec, &at, 10));
	/* the length is taken for more than it is then */
	must(pipe2(fds, O_NONBLOCK));
	check_refused(sendfile(to, vec, &at, 0));
	check_refused(sendfile(fds[1], vec, &at, 0));
	at = -11;
	check_refused(sendfile(to, vec, &at, 10));
	check_refused(sendfile(fds[1], vec, &at, 10));
	check_refused(splice(vec, &at, fds[1], NULL, 10, 0));
	check_eq(-11, at);
	check_fails(EAGAIN, read(fds[0], &at, 1));
	check_eq(0, lseek(to, 0, SEEK_END));
	check_span(vec, 5, 10);
	at = 8;
	check_eq(2, sendfile(to, vec, &at, 10));
	check_eq(10, at);
}

/*
 * It has no position that sendfile(2) could use; the last sinks could even be
 * given more than was asked for.
 */
TEST_F(asfilesend, sendfile_without_an_offset_sends_nothing)
{
	int vec = new_vector(), other = new_vector(), fds[2], i;
	int sinks[5] = { new_file(TMPFS, O_RDWR), other };

	must(pipe(fds));
	sinks[2] = fds[1];
	stream_pair(UNIX, fds);
	sinks[3] = fds[0];
	must(pipe2(fds, O_NONBLOCK));
	sinks[4] = fds[1];
	check_eq(10, write(vec, "0123456789", 10));
	for (i = 0; i < 5; i++) {
		context("sink %d", i);
		check_fails(EOVERFLOW, sendfile(sinks[i], vec, NULL, 4));
		check_span(vec, 0, 10);
	}
	check_eq(0, lseek(sinks[0], 0, SEEK_END));
	check_span(other, 0, 0);
}

/* The socket gets copies of what was lent: it keeps pages after the pipe's end. */
TEST_F(asfilesend, memory_sent_by_sendfile_is_given_back)
{
	static const enum place places[] = { UNIX, TCP4 };
	char *memory = map_pages(8 * PAGE);
	int fds[2], vec = new_vector();
	size_t i;

	check_eq(8 * PAGE, sv_pull_mem(vec, memory, 8 * PAGE, 0));
	for (i = 0; i < ARRAY_LEN(places); i++) {
		context("%s", place_name(places[i]));
		pattern_fill(memory, SEED, 0, 8 * PAGE);
		stream_pair(places[i], fds);
		send_window(vec, fds[0], 10, 8 * PAGE - 10);
		pattern_fill(memory, NEW, 0, 8 * PAGE);
		check_arrives(fds[1], SEED, 10, 8 * PAGE - 10);
		close(fds[0]);
		close(fds[1]);
	}
	check_span(vec, 0, 8 * PAGE);
	close(vec);
	ledger_settle(&self->before);
	unmap_pages(memory, 8 * PAGE);
}

TEST_F(asfilesend, sendfile_into_a_vector_appends_the_pages_of_the_file)
{
	static const enum place places[] = { EXT4, XFS, TMPFS };
	int file, vec;
	loff_t at;
	size_t i;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		if (place_missing(places[i]))
			continue;
		context("%s", place_name(places[i]));
		file = pattern_file(places[i], SEED, MIB(1) + 5);
		vec = new_vector();
		at = 0;
		check_eq(100, sendfile(vec, file, &at, 100));
		check_eq(100, at);
		must(lseek(file, 100, SEEK_SET));
		check_eq(MIB(1) - 95, sendfile(vec, file, NULL, MIB(2)));
		check_span(vec, 0, MIB(1) + 5);
		check_eq(0, sendfile(vec, file, NULL, MIB(2)));
		check_arrives(vec, SEED, 0, 5000);
		change_file(file, NEW, MIB(1) + 5);
		check_arrives(vec, NEW, 5000, MIB(1) - 4995);
		close(vec);
		close(file);
	}
}

TEST_HARNESS_MAIN
