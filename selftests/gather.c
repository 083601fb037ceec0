// SPDX-License-Identifier: GPL-2.0-only
/*
 * One vector from many sources, many sinks from one vector: gathers, windows
 * that stay, what the spans say, and segments that are not cut apart.
 */
#include "kselftest_harness.h"

#include "sinks.h"
#include "sources.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <splicevec.h>
#include <sys/socket.h>
#include <sys/stat.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define SEED	19

LEDGER_FIXTURE(gather)

static void pull_all(int vec, struct source *from,
		     const struct source_kind *kind, size_t skip, size_t len)
{
	unsigned int result;

	source_open(from, kind, skip, len);
	check_eq(len, source_pull(from, vec, &result));
}

/* A header of the program's, a file, a trailer: one vector, one push. */
static void send_with_header(const struct sink_kind *kind, size_t copied)
{
	static const size_t header = 123, body = 100007, trailer = 45;
	struct source parts[3];
	struct pushed pushed;
	struct sink to;
	int vec = new_vector();

	context("%s", kind->name);
	pull_all(vec, &parts[0], &source_memory, 0, header);
	pull_all(vec, &parts[1], &source_ext4, header, body);
	pull_all(vec, &parts[2], &source_memory, header + body, trailer);
	sink_open(&to, kind, parts[0].seed, 0, header + body + trailer);
	pushed = sink_push(&to, vec, copied ? 0 : SPLICEVEC_NOCOPY);
	check_eq(header + body + trailer, pushed.bytes);
	/* over loopback the receiver may copy what is lent, later */
	if (kind->class == TO_TCP)
		check(pushed.copied <= header + trailer, "%llu bytes copied",
		      (unsigned long long)pushed.copied);
	else
		check_eq(copied, pushed.copied);
	sink_close(&to);
	source_close(&parts[0]);
	source_close(&parts[1]);
	source_close(&parts[2]);
	close(vec);
}

TEST_F(gather, header_file_and_trailer_leave_by_one_push_and_only_these_copied)
{
	static const struct {
		const struct sink_kind *kind;
		size_t copied;
	} sinks[] = {
		{ &sink_tcp4, 0 },	{ &sink_tcp6, 0 },
		{ &sink_nic4, 0 },	{ &sink_nic6, 0 },
		{ &sink_pipe, 0 },	{ &sink_vector, 0 },
		/* a unix socket cannot tell when it is done with memory */
		{ &sink_unix, 123 + 45 },
		{ &sink_ext4, 123 + 100007 + 45 },
		{ &sink_memory, 123 + 100007 + 45 },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(sinks); i++)
		if (!sink_missing(sinks[i].kind))
			send_with_header(sinks[i].kind, sinks[i].copied);
}

/* Where a part must be copied, nothing before it is pushed twice or lost. */
TEST_F(gather, nocopy_stops_before_the_span_that_would_be_copied)
{
	struct source parts[3];
	struct splicevec_info info;
	char buf[10000];
	int vec = new_vector(), fds[2];

	pull_all(vec, &parts[0], &source_ext4, 0, 5000);
	pull_all(vec, &parts[1], &source_memory, 5000, 100);
	pull_all(vec, &parts[2], &source_ext4, 5100, 4900);
	stream_pair(UNIX, fds);
	check_eq(5000, sv_push(vec, fds[0], SV_POSITION, SV_ALL,
			       SPLICEVEC_NOCOPY));
	check_errno(EOPNOTSUPP, sv_push(vec, fds[0], SV_POSITION, SV_ALL,
					SPLICEVEC_NOCOPY));
	must_sv(sv_info(vec, &info));
	check_eq(5000, info.head);
	check_eq(10000, info.tail);
	check_eq(5000, sv_push(vec, fds[0], SV_POSITION, SV_ALL, 0));
	read_all(fds[1], buf, 10000);
	check_eq(-1, pattern_check(buf, parts[0].seed, 0, 10000));
}

TEST_F(gather, kept_vector_goes_to_many_sinks_and_stays_as_it_was)
{
	static const struct sink_kind *const kinds[] = {
		&sink_tcp4, &sink_unix, &sink_pipe, &sink_ext4_direct,
		&sink_xfs, &sink_vector, &sink_memory, &sink_nothing,
	};
	struct splicevec_info before, after;
	size_t len = 32 * PAGE + 5, i;
	struct source from;
	struct sink to;
	int vec = new_vector();

	pull_all(vec, &from, &source_ext4, 0, len);
	must_sv(sv_info(vec, &before));
	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		struct splicevec_push cmd = {
			.flags = SPLICEVEC_KEEP,
			.offset = SV_POSITION,
			.start = SV_HEAD,
			.len = len,
		};

		if (sink_missing(kinds[i]))
			continue;
		context("%s", kinds[i]->name);
		sink_open(&to, kinds[i], from.seed, 0, len);
		cmd.fd = to.fd;
		cmd.addr = (uintptr_t)to.addr;
		check_errno(0, sv_cmd_push(vec, &cmd));
		check_eq(len, cmd.bytes);
		sink_close(&to);
		must_sv(sv_info(vec, &after));
		check(!memcmp(&before, &after, sizeof(before)),
		      "the vector changed");
	}
	source_close(&from);
	close(vec);
}

TEST_F(gather, window_is_exactly_what_was_asked_for)
{
	struct source parts[4];
	unsigned int random = 1, i;
	uint64_t size = 0, start, len, want;
	char *buf = map_pages(KIB(64));
	int vec = new_vector();

	pull_all(vec, &parts[0], &source_ext4, 0, 30001);
	pull_all(vec, &parts[1], &source_memory, 30001, 777);
	pull_all(vec, &parts[2], &source_pipe_written, 30778, 20000);
	pull_all(vec, &parts[3], &source_tcp4, 50778, 10000);
	size = 60778;
	must_sv(sv_drop(vec, 5));
	for (i = 0; i < 500; i++) {
		random = random * 1103515245 + 12345;
		start = 5 + (random >> 8) % size;
		random = random * 1103515245 + 12345;
		len = (random >> 8) % 9000;
		want = start + len <= size ? len :
		       start < size ? size - start : 0;
		context("%llu bytes at %llu", (unsigned long long)len,
			(unsigned long long)start);
		struct splicevec_push cmd = {
			.fd = SPLICEVEC_FD_MEM,
			.flags = SPLICEVEC_KEEP,
			.offset = SV_POSITION,
			.start = start,
			.len = len,
			.addr = (uintptr_t)buf,
		};

		memset(buf, 0, len + 1);
		check_errno(0, sv_cmd_push(vec, &cmd));
		check_eq(want, cmd.bytes);
		check_eq(want, cmd.copied);
		check_eq(-1, pattern_check(buf, parts[0].seed, start, want));
		check_eq(0, buf[want]);
	}
	for (i = 0; i < 4; i++)
		source_close(&parts[i]);
	close(vec);
}

/* Kind and owner of each span, in order and without a gap. */
TEST_F(gather, spans_tell_what_lies_where_and_whose_it_is)
{
	static const struct {
		const struct source_kind *kind;
		size_t len;
		bool loan;
	} parts[] = {
		{ &source_ext4, 5000, true },
		{ &source_memory, 100, true },
		{ &source_ext4_copy, 200, false },
		{ &source_unix, 300, false },
		{ &source_pipe_vmspliced, 400, false },
		{ &source_tmpfs, 500, true },
	};
	struct splicevec_span spans[ARRAY_LEN(parts) + 1];
	struct source from[ARRAY_LEN(parts)];
	uint64_t at = 0;
	int vec = new_vector();
	size_t i;

	for (i = 0; i < ARRAY_LEN(parts); i++)
		pull_all(vec, &from[i], parts[i].kind, 1, parts[i].len);
	memset(spans, 0x55, sizeof(spans));
	check_eq(ARRAY_LEN(parts), sv_spans(vec, 0, spans,
					    ARRAY_LEN(parts) + 1));
	for (i = 0; i < ARRAY_LEN(parts); i++) {
		context("%s", parts[i].kind->name);
		check_eq(at, spans[i].offset);
		check_eq(parts[i].len, spans[i].len);
		check_eq(source_pages(parts[i].kind), spans[i].kind);
		check_eq(parts[i].loan ? SPLICEVEC_SPAN_LOAN : 0,
			 spans[i].flags & SPLICEVEC_SPAN_LOAN);
		/* asked from its last byte on, it comes first */
		at += parts[i].len;
		check_eq(1, sv_spans(vec, at - 1, &spans[i + 1], 1));
		check_eq(at - parts[i].len, spans[i + 1].offset);
		must_sv(sv_spans(vec, 0, spans, ARRAY_LEN(parts)));
		source_close(&from[i]);
	}
	check_eq(0, sv_spans(vec, at, spans, 1));
	check_eq(0, sv_spans(vec, 0, NULL, 0));
	must_sv(sv_drop(vec, 4999));
	check_eq(1, sv_spans(vec, 0, spans, 1));
	check_eq(4999, spans[0].offset);
	check_eq(1, spans[0].len);
	close(vec);
}

/* The device a filesystem lies on. */
static int device_under(const char *dir)
{
	char node[] = "/tmp/device";
	struct stat st;
	int fd;

	must(stat(dir, &st));
	must(mknod(node, S_IFBLK | 0600, st.st_dev));
	fd = must(open(node, O_RDONLY | O_CLOEXEC));
	must(unlink(node));
	return fd;
}

/* Only pages of a page cache have an owner who wants them back. */
static void check_owner(const char *name, int fd, bool cache)
{
	struct splicevec_span span;
	int vec = new_vector();

	context("%s", name);
	check(sv_pull(vec, fd, 0, PAGE, 0) > 0, "nothing pulled");
	check_eq(1, sv_spans(vec, 0, &span, 1));
	check_eq(cache, span.kind == SPLICEVEC_CACHE);
	check_eq(cache ? SPLICEVEC_SPAN_LOAN : 0, span.flags & SPLICEVEC_SPAN_LOAN);
	close(vec);
	close(fd);
}

TEST_F(gather, spans_are_loans_of_the_page_cache_only_if_they_lie_in_it)
{
	int file = pattern_file(EXT4, SEED, PAGE);

	must(fsync(file));
	check_owner("ext4 with O_DIRECT", reopen(file, O_RDONLY | O_DIRECT),
		    false);
	check_owner("ext4", file, true);
	check_owner("/proc/version", must(open("/proc/version", O_RDONLY)),
		    false);
	check_owner("block device", device_under("/mnt/ext4"), true);
}

static unsigned int segments_sent(int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	must(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	return info.tcpi_data_segs_out;
}

/* Return: segments that two small pushes make. */
static unsigned int push_twice(unsigned int flags, const char *from)
{
	int vec = new_vector(), fds[2], one = 1;
	unsigned int segments;
	char buf[200];

	stream_pair(TCP4, fds);
	must(setsockopt(fds[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	check_eq(200, sv_pull_mem(vec, from, 200, SPLICEVEC_COPY));
	check_eq(100, sv_push(vec, fds[0], SV_POSITION, 100, flags));
	check_eq(100, sv_push(vec, fds[0], SV_POSITION, 100, 0));
	read_all(fds[1], buf, 200);
	check(!memcmp(buf, from, 200), "other bytes arrived");
	segments = segments_sent(fds[0]);
	close(fds[0]);
	close(fds[1]);
	close(vec);
	return segments;
}

TEST_F(gather, more_holds_a_segment_back_until_the_next_push)
{
	unsigned int tries = 10, segments;
	char from[200];

	pattern_fill(from, SEED, 0, sizeof(from));
	check_eq(2, push_twice(0, from));
	/* TCP holds it back for a fifth of a second: a slow machine may miss */
	do {
		segments = push_twice(SPLICEVEC_MORE, from);
	} while (segments != 1 && --tries);
	check_eq(1, segments);
}

TEST_HARNESS_MAIN
