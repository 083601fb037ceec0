// SPDX-License-Identifier: GPL-2.0-only
/*
 * McVoy's loops: pull from here and there until it is enough, push once; and
 * move whatever is in one fd to another, through short transfers and failures.
 */
#include "kselftest_harness.h"

#include "sinks.h"
#include "sources.h"

#include <fcntl.h>
#include <sched.h>
#include <splicevec.h>
#include <sys/socket.h>
#include <sys/sendfile.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

LEDGER_FIXTURE(mcvoy)

/* His first example: gather from several fds, send once. */
TEST_F(mcvoy, pulls_from_several_fds_until_big_enough_arrive_by_one_push)
{
	static const struct source_kind *const kinds[] = {
		&source_ext4, &source_tcp4, &source_pipe_written,
		&source_memory, &source_unix, &source_tmpfs, &source_slice,
	};
	static const size_t part = 20011;
	struct splicevec_push cmd;
	struct source from[16];
	unsigned int result, n = 0;
	struct sink to;
	uint64_t held = 0;
	int vec = new_vector();

	/* every source goes on in the pattern where the one before ended */
	while (held < KIB(256)) {
		source_open(&from[n], kinds[n % ARRAY_LEN(kinds)], held, part);
		held += source_pull(&from[n], vec, &result);
		check_eq((n + 1) * part, held);
		n++;
	}
	sink_open(&to, &sink_tcp6, from[0].seed, 0, held);
	cmd = (struct splicevec_push){
		.fd = to.fd,
		.offset = SV_POSITION,
		.len = SV_ALL,
		.flags = SPLICEVEC_NOCOPY,
	};
	check_errno(0, sv_cmd_push(vec, &cmd));
	check_eq(held, cmd.bytes);
	sink_close(&to);
	while (n--)
		source_close(&from[n]);
	close(vec);
}

struct transfer {
	int in;
	int out;
	int64_t ret;
	pthread_t thread;
};

static void *transfer_thread(void *arg)
{
	struct transfer *t = arg;

	t->ret = sv_splice(t->in, t->out, SV_ALL);
	close(t->out);
	return NULL;
}

/* His FTP: a server sends a file, a client stores it. */
static void ftp(enum place from, enum place net, enum place to, int flags)
{
	size_t size = MIB(4) + 1234;
	int file = pattern_file(from, 5, size), copy = new_file(to, O_RDWR);
	int direct = flags ? reopen(copy, O_RDWR | flags) : must(dup(copy));
	struct transfer server = { .in = file };
	int fds[2];
	int64_t n;

	context("%s, %s, %s%s", place_name(from), place_name(net),
		place_name(to), flags ? " O_DIRECT" : "");
	stream_pair(net, fds);
	server.out = fds[0];
	must(pthread_create(&server.thread, NULL, transfer_thread, &server));
	n = sv_splice(fds[1], direct, SV_ALL);
	check_eq(size, n);
	must(pthread_join(server.thread, NULL));
	check_eq(size, server.ret);
	check_eq(size, lseek(file, 0, SEEK_CUR));
	check_eq(size, lseek(direct, 0, SEEK_CUR));
	check_eq(size, lseek(copy, 0, SEEK_END));
	check_eq(-1, file_check(copy, 0, 5, 0, size));
	close(direct);
	close(fds[1]);
	close(file);
	close(copy);
}

TEST_F(mcvoy, file_over_a_socket_into_a_file_arrives_whole)
{
	static const struct {
		enum place from, net, to;
		int flags;
	} ftps[] = {
		{ EXT4, TCP4, XFS, 0 },
		{ XFS, TCP6, EXT4, O_DIRECT },
		{ TMPFS, UNIX, TMPFS, 0 },
		{ EXT4, NIC4, EXT4, O_DIRECT },
		{ XFS, NIC6, TMPFS, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(ftps); i++)
		if (!place_missing(ftps[i].from) &&
		    !place_missing(ftps[i].net) && !place_missing(ftps[i].to))
			ftp(ftps[i].from, ftps[i].net, ftps[i].to,
			    ftps[i].flags);
}

/* Any pair: sources and sinks that are fds, at their positions. */
static void splice_pair(const struct source_kind *source,
			const struct sink_kind *sink, size_t skip, size_t len)
{
	struct source from;
	struct sink to;
	int64_t n;

	context("%s to %s, %zu bytes at %zu", source->name, sink->name, len,
		skip);
	source_open(&from, source, skip, len);
	if (from.offset >= 0 && source->place != ANYWHERE)
		lseek(from.fd, from.offset, SEEK_SET);
	sink_open(&to, sink, from.seed, skip, len);
	n = sv_splice(from.fd, to.fd, len);
	check(n == (int64_t)len, "expected %zu, got %s", len, result_name(n));
	if (from.offset >= 0)
		check_eq(skip + len, lseek(from.fd, 0, SEEK_CUR));
	sink_close(&to);
	source_close(&from);
}

TEST_F(mcvoy, splice_moves_any_source_to_any_sink)
{
	static const struct source_kind *const from[] = {
		&source_ext4, &source_ext4_cold, &source_xfs, &source_tmpfs,
		&source_tcp4, &source_tcp6, &source_unix,
		&source_pipe_written, &source_pipe_vmspliced,
		&source_pipe_spliced, &source_pipe_teed, &source_pipe_lent,
		&source_duplicate,
	};
	static const struct sink_kind *const to[] = {
		&sink_tcp4, &sink_tcp6, &sink_nic4, &sink_unix, &sink_pipe,
		&sink_pipe_of_one_page, &sink_ext4, &sink_xfs, &sink_tmpfs,
		&sink_ext4_direct, &sink_xfs_direct, &sink_vector,
	};
	size_t i, j;

	for (i = 0; i < ARRAY_LEN(from); i++) {
		for (j = 0; j < ARRAY_LEN(to); j++) {
			if (source_missing(from[i]) || sink_missing(to[j]))
				continue;
			splice_pair(from[i], to[j], 0, 1);
			splice_pair(from[i], to[j], 4099, 70001);
		}
	}
}

/* A few bytes fit at a time; the reader is slow. */
static void *slow_reader(void *arg)
{
	struct drain *drain = arg;
	unsigned char buf[997];
	ssize_t n;

	while ((n = read(drain->fd, buf, sizeof(buf))) > 0) {
		ssize_t wrong = pattern_check(buf, drain->seed, drain->got, n);

		if (wrong >= 0 && drain->wrong < 0)
			drain->wrong = drain->got + wrong;
		drain->got += n;
		sched_yield();
	}
	return NULL;
}

static void splice_slowly(enum place place, int flags)
{
	struct drain drain = { .seed = 5, .wrong = -1 };
	size_t size = KIB(200) + 1;
	int file = pattern_file(TMPFS, 5, size), fds[2], small = 4096;

	context("%s%s", place_name(place), flags ? ", O_NONBLOCK" : "");
	stream_pair(place, fds);
	must(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	must(setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	must(fcntl(fds[0], F_SETFL, flags));
	drain.fd = fds[1];
	must(pthread_create(&drain.thread, NULL, slow_reader, &drain));
	check_eq(size, sv_splice(file, fds[0], SV_ALL));
	close(fds[0]);
	drain_finish(&drain);
	check_eq(-1, drain.wrong);
	check_eq(size, drain.got);
	close(fds[1]);
	close(file);
}

TEST_F(mcvoy, splice_resumes_after_short_transfers)
{
	splice_slowly(TCP4, 0);
	splice_slowly(TCP6, O_NONBLOCK);
	splice_slowly(UNIX, 0);
	splice_slowly(UNIX, O_NONBLOCK);
}

/* A stream that ends in the middle: what was not taken is still the file's. */
TEST_F(mcvoy, sink_that_fails_mid_way_leaves_the_source_behind_the_last_byte)
{
	static const enum place places[] = { EXT4, XFS, TMPFS };
	int file, sink, ends[2], small = 4096;
	int64_t n;
	size_t i;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		if (place_missing(places[i]))
			continue;
		context("%s", place_name(places[i]));
		file = pattern_file(places[i], 5, MIB(2));
		must(lseek(file, 777, SEEK_SET));
		must(pipe(ends));
		must(fcntl(ends[1], F_SETPIPE_SZ, small));
		must(fcntl(ends[1], F_SETFL, O_NONBLOCK));
		sink = ends[1];
		/* one page fits, then it would wait: take the reader away */
		n = sendfile(sink, file, NULL, 100);
		check_eq(100, n);
		close(ends[0]);
		check_errno(EPIPE, sv_splice(file, sink, SV_ALL));
		check_eq(877, lseek(file, 0, SEEK_CUR));
		close(sink);
		close(file);
	}
}

struct hangup {
	int fd;
	size_t after;
};

/* Read some, then go away. */
static void *hang_up(void *arg)
{
	struct hangup *h = arg;
	char buf[1000];

	while (h->after) {
		ssize_t n = read(h->fd, buf, h->after < sizeof(buf) ?
				 h->after : sizeof(buf));

		if (n <= 0)
			break;
		h->after -= n;
	}
	close(h->fd);
	return NULL;
}

TEST_F(mcvoy, reader_that_goes_away_ends_it_with_the_count_then_epipe)
{
	int file = pattern_file(EXT4, 5, MIB(4)), ends[2];
	struct hangup h = { .after = 100000 };
	pthread_t thread;
	int64_t n;

	must(pipe(ends));
	h.fd = ends[0];
	must(pthread_create(&thread, NULL, hang_up, &h));
	n = sv_splice(file, ends[1], SV_ALL);
	check(n >= 100000 && n < (int64_t)MIB(4), "got %s", result_name(n));
	must(pthread_join(thread, NULL));
	check_eq(n, lseek(file, 0, SEEK_CUR));
	check_errno(EPIPE, sv_splice(file, ends[1], SV_ALL));
	check_eq(n, lseek(file, 0, SEEK_CUR));
	close(ends[1]);
	close(file);
}

/* Through a vector of one's own nothing a stream gave is lost either. */
TEST_F(mcvoy, own_vector_keeps_what_a_stream_gave_and_a_sink_refused)
{
	int vec = new_vector(), in[2], dead[2], good = new_file(TMPFS, O_RDWR);
	struct splicevec_info info;
	char buf[10000];
	int64_t n;

	pattern_fill(buf, 5, 0, sizeof(buf));
	must(pipe(in));
	must(pipe(dead));
	close(dead[0]);
	write_all(in[1], buf, sizeof(buf));
	close(in[1]);
	check_errno(EPIPE, sv_splice_vec(vec, in[0], dead[1], SV_ALL));
	must_sv(sv_info(vec, &info));
	check(info.tail > info.head, "nothing was pulled");
	n = sv_splice_vec(vec, in[0], good, SV_ALL);
	check_eq(sizeof(buf), n);
	check_eq(-1, file_check(good, 0, 5, 0, sizeof(buf)));
	close(vec);
	close(in[0]);
	close(dead[1]);
	close(good);
}

TEST_F(mcvoy, splice_moves_no_more_than_asked)
{
	int file = pattern_file(EXT4, 5, MIB(1)), out = new_file(XFS, O_RDWR);
	int vec = new_vector();

	check_eq(0, sv_splice(file, out, 0));
	check_eq(10001, sv_splice(file, out, 10001));
	check_eq(10001, lseek(file, 0, SEEK_CUR));
	check_eq(5, sv_splice_vec(vec, file, out, 5));
	check_eq(10006, lseek(file, 0, SEEK_CUR));
	check_eq(MIB(1) - 10006, sv_splice(file, out, SV_ALL));
	check_eq(0, sv_splice(file, out, SV_ALL));
	check_eq(-1, file_check(out, 0, 5, 0, MIB(1)));
	check_eq(MIB(1), lseek(out, 0, SEEK_END));
	close(vec);
	close(file);
	close(out);
}

TEST_HARNESS_MAIN
