// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module lends buffers to vectors, and each comes home once, when its last user is
 * gone: the example in examples/lender/, which writes over what has come home.
 */
#include "kselftest_harness.h"

#include "lender.h"
#include "maps.h"
#include "records.h"
#include "sinks.h"
#include "users.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

#define SEED	RECORDS_SEED

/* Runs that one loan has at the most. */
#define RUNS	256

LENDER_FIXTURE(lend)

static int lend(int lender, enum lender_sort sort, size_t len)
{
	int vec = new_vector();

	lender_lend_pattern(lender, vec, sort, SEED, 0, len);
	return vec;
}

TEST_F(lend, buffer_comes_home_when_the_vector_lets_go)
{
	int vec = lend(self->lender, LENDER_PAGES, 3 * PAGE);

	check_kind(vec, SPLICEVEC_LENT, SPLICEVEC_SPAN_LOAN);
	check_eq(2 * PAGE, sv_drop(vec, 2 * PAGE));
	check_not_returned(self->lender, 0);
	check_eq(PAGE, sv_drop(vec, SV_ALL));
	check_returned(self->lender, 1);
	check_not_returned(self->lender, 1);
}

/* It needs several loans, of which none is the lender's before all are. */
TEST_F(lend, large_buffer_comes_home_once_and_is_paid_for_until_then)
{
	size_t len = (RUNS + 44) * PAGE;
	int vec = lend(self->lender, LENDER_PAGES, len);
	struct splicevec_info info;
	struct ledger now;

	must_sv(sv_info(vec, &info));
	check_eq(len, info.tail);
	check_eq(RUNS + 44, info.pages);
	check_eq(len - 1, sv_drop(vec, len - 1));
	must_sv(sv_info(vec, &info));
	check_eq(1, info.loans);
	check_not_returned(self->lender, 0);
	ledger_read(&now);
	check_eq(self->before.pages + RUNS + 44, now.pages);
	check_eq(1, sv_drop(vec, SV_ALL));
	check_returned(self->lender, 1);
	close(vec);
	ledger_settle(&self->before);
}

TEST_F(lend, buffer_out_of_the_pool_is_lent_again)
{
	int vec = new_vector(), i;

	for (i = 0; i < 3; i++) {
		lender_lend_pattern(self->lender, vec, LENDER_VMALLOC, SEED, i,
				    3 * PAGE);
		read_pattern(vec, SEED, i, 3 * PAGE);
		check_returned(self->lender, i + 1);
	}
	check_eq(3, lender_counts(self->lender).lent);
	check_eq(1, lender_counts(self->lender).made);
}

/* Push all of it, STABLE, to where it can be looked at late. */
static struct splicevec_push push_stable(int vec, int fds[2], unsigned int flags)
{
	struct splicevec_push push = {
		.flags = SPLICEVEC_STABLE | flags,
		.offset = SV_POSITION,
		.len = SV_ALL,
	};

	pipe_pair(ANYWHERE, fds);
	push.fd = fds[0];
	check_errno(flags & SPLICEVEC_NOCOPY ? EOPNOTSUPP : 0,
		    sv_cmd_push(vec, &push));
	return push;
}

static void check_stable_arrives(int fds[2], size_t len)
{
	check_arrives(fds[1], SEED, 0, len);
	close(fds[0]);
	close(fds[1]);
}

TEST_F(lend, buffer_is_copied_by_a_stable_push)
{
	int vec = lend(self->lender, LENDER_PAGES, 3 * PAGE), fds[2];

	check_eq(0, push_stable(vec, fds, SPLICEVEC_NOCOPY).bytes);
	close(fds[0]);
	close(fds[1]);
	check_eq(3 * PAGE, push_stable(vec, fds, 0).copied);
	/* the copy is not the lender's */
	check_returned(self->lender, 1);
	check_stable_arrives(fds, 3 * PAGE);
}

/* Nor is a slice of it, wherever that is from. */
TEST_F(lend, buffer_that_stays_as_it_is_is_not_copied_by_a_stable_push)
{
	int vec = new_vector(), fds[2];
	char *from = map_pages(3 * PAGE);
	struct splicevec_push push;

	pattern_fill(from, SEED, 0, 3 * PAGE);
	check_errno(0, lender_lend_stable(self->lender, vec, LENDER_PAGES, from,
					  3 * PAGE));
	unmap_pages(from, 3 * PAGE);
	push = push_stable(must_sv(sv_dup(vec)), fds, 0);
	check_eq(3 * PAGE, push.bytes);
	check_eq(0, push.copied);
	close(vec);
	/* the pipe has it */
	check_not_returned(self->lender, 0);
	check_stable_arrives(fds, 3 * PAGE);
	check_returned(self->lender, 1);
}

FIXTURE_VARIANT(last_user)
{
	const struct user_kind *user;
	enum lender_sort sort;
};

LENDER_FIXTURE(last_user)

#define LAST_USER(by, from)						\
	FIXTURE_VARIANT_ADD(last_user, by) {				\
		.user = &user_##by, .sort = LENDER_##from,		\
	}
LAST_USER(vector, PAGES);
LAST_USER(slice, COMPOUND);
LAST_USER(pipe, RUN);
LAST_USER(tee, VMALLOC);
LAST_USER(other_pipe, COMPOUND);
LAST_USER(pulled, PAGES);
LAST_USER(message, PAGES);
LAST_USER(map, VMALLOC);
LAST_USER(tcp, VMALLOC);
LAST_USER(tcp_reset, COMPOUND);

TEST_F(last_user, buffer_waits_for_it)
{
	struct user user;
	int vec;

	NEEDS(user_missing(variant->user));
	vec = lend(self->lender, variant->sort, variant->user->len);
	user_begin(&user, variant->user, vec);
	close(vec);
	check_not_returned(self->lender, 0);
	user_end(&user);
	check_returned(self->lender, 1);
}

/* Killed with what it had. */
TEST_F(last_user, buffer_waits_for_a_process_that_is_killed)
{
	pid_t pid;
	int vec;

	NEEDS(user_missing(variant->user));
	vec = lend(self->lender, variant->sort, variant->user->len);
	pid = user_begin_process(variant->user, vec);
	close(vec);
	check_not_returned(self->lender, 0);
	user_kill(pid);
	check_returned(self->lender, 1);
}

/* Neither module goes while a buffer is out, and both do afterwards. */
TEST_F(last_user, lender_stays_loaded_until_then)
{
	struct user user;
	int vec;

	NEEDS(user_missing(variant->user));
	vec = lend(self->lender, variant->sort, variant->user->len);
	user_begin(&user, variant->user, vec);
	close(vec);
	close(self->lender);
	check_errno(EAGAIN, lender_unload());
	user_end(&user);
	lender_unloads();
	must_sv(lender_load());
}

/* A sort of pages to a sort of sink, whole and from the middle of a page. */
static void send_to(int lender, enum lender_sort sort,
		    const struct sink_kind *kind, size_t skip, size_t len)
{
	uint64_t before = lender_counts(lender).returned;
	char *from = map_pages(len);
	int vec = new_vector();
	struct pushed pushed;
	struct sink to;

	context("%s to %s, %zu bytes at %zu", lender_sort_name(sort), kind->name,
		len, skip);
	pattern_fill(from, SEED, 3, len);
	check_errno(0, lender_lend(lender, vec, sort, from, len, skip));
	unmap_pages(from, len);
	sink_open(&to, kind, SEED, 3, len);
	pushed = sink_push(&to, vec, 0);
	check_eq(len, pushed.bytes);
	if (kind->class == TO_PIPE || kind->class == TO_VECTOR ||
	    kind->class == TO_NIC || kind->class == TO_NOTHING)
		check_eq(0, pushed.copied);
	else if (kind->class != TO_TCP && kind->class != TO_DIRECT)
		check_eq(len, pushed.copied);
	sink_close(&to);
	check_returned(lender, before + 1);
	close(vec);
}

FIXTURE_VARIANT(sorts)
{
	enum lender_sort sort;
};

LENDER_FIXTURE(sorts)

FIXTURE_VARIANT_ADD(sorts, pages) { .sort = LENDER_PAGES };
FIXTURE_VARIANT_ADD(sorts, vmalloc) { .sort = LENDER_VMALLOC };
FIXTURE_VARIANT_ADD(sorts, run) { .sort = LENDER_RUN };
FIXTURE_VARIANT_ADD(sorts, compound) { .sort = LENDER_COMPOUND };

TEST_F(sorts, bytes_arrive_in_any_sink_and_the_buffer_comes_home_once)
{
	static const struct sink_kind *const kinds[] = {
		&sink_tcp4, &sink_tcp6, &sink_nic4, &sink_nic6, &sink_unix,
		&sink_pipe, &sink_ext4, &sink_tmpfs, &sink_ext4_direct,
		&sink_xfs_direct, &sink_vector, &sink_memory, &sink_nothing,
		&sink_mptcp, &sink_vsock, &sink_ktls, &sink_sockmap, &sink_udp4,
		&sink_unix_dgram, &sink_hash,
	};
	static const struct {
		size_t skip, len;
	} cases[] = { { 0, 1 }, { 1, PAGE }, { PAGE - 1, 9000 } };
	size_t i, j;

	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		if (sink_missing(kinds[i]))
			continue;
		for (j = 0; j < ARRAY_LEN(cases); j++)
			if (!kinds[i]->most || cases[j].len <= kinds[i]->most)
				send_to(self->lender, variant->sort, kinds[i],
					cases[j].skip, cases[j].len);
	}
}

TEST_F(sorts, huge_page_worth_of_them_arrives)
{
	static const struct sink_kind *const kinds[] = {
		&sink_tcp4, &sink_nic4, &sink_pipe, &sink_ext4_direct,
		&sink_vector,
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(kinds); i++)
		if (!sink_missing(kinds[i]))
			send_to(self->lender, variant->sort, kinds[i], 0,
				LENDER_MOST);
}

TEST_F(sorts, mapping_shows_the_bytes_and_nothing_beside_them)
{
	int vec = new_vector();
	char *from = map_pages(2 * PAGE), *map;

	pattern_fill(from, SEED, 0, 2 * PAGE);
	check_errno(0, lender_lend(self->lender, vec, variant->sort, from,
				   PAGE + 77, 100));
	map = map_vector(vec, 0, PAGE + 77, MAP_SHARED);
	close(vec);
	check_shows(map, SEED, 0, PAGE + 77);
	check_not_returned(self->lender, 0);
	unmap_pages(map, PAGE + 77);
	check_returned(self->lender, 1);
	unmap_pages(from, 2 * PAGE);
}

/*
 * A network filesystem answers: a header, lent data behind it. What arrives is
 * spliced off the socket into a pipe, held there, and read in the end.
 */
static void answer(int lender, enum place net)
{
	int vec = new_vector(), fds[2], pipe[2];
	size_t header = 100, len = 9 * PAGE, done = 0;
	uint64_t before = lender_counts(lender).returned;

	context("%s", place_name(net));
	stream_pair(net, fds);
	must(pipe2(pipe, O_CLOEXEC));
	must(fcntl(pipe[1], F_SETPIPE_SZ, MIB(1)));
	write_pattern(vec, SEED, 0, header);
	lender_lend_pattern(lender, vec, LENDER_VMALLOC, SEED, header, 4 * PAGE);
	lender_lend_pattern(lender, vec, LENDER_PAGES, SEED, header + 4 * PAGE,
			    len - 4 * PAGE);
	check_eq(header + len, sv_push(vec, fds[0], SV_POSITION, SV_ALL, 0));
	close(vec);
	while (done < header + len)
		done += must(splice(fds[1], NULL, pipe[1], NULL,
				    header + len - done, 0));
	/* all of it has arrived: the sender needs its buffers no more */
	check_returned(lender, before + 2);
	close(fds[0]);
	close(fds[1]);
	check_arrives(pipe[0], SEED, 0, header + len);
	close(pipe[0]);
	close(pipe[1]);
}

TEST_F(lend, answer_held_in_a_pipe_is_not_written_over)
{
	answer(self->lender, TCP4);
	if (!place_missing(NIC4))
		answer(self->lender, NIC4);
	/* they have come out of the pool again */
	check_not_returned(self->lender, lender_counts(self->lender).lent);
}

/* Whoever splices a lent buffer on into a socket sends a copy. */
TEST_F(lend, buffer_spliced_on_into_a_socket_comes_home_and_the_bytes_stay)
{
	int vec = lend(self->lender, LENDER_PAGES, 3 * PAGE), pipe[2], fds[2];

	must(pipe2(pipe, O_CLOEXEC));
	stream_pair(TCP4, fds);
	check_eq(3 * PAGE, sv_push(vec, pipe[1], SV_POSITION, SV_ALL,
				   SPLICEVEC_NOCOPY));
	check_eq(3 * PAGE, splice(pipe[0], NULL, fds[0], NULL, 3 * PAGE, 0));
	check_returned(self->lender, 1);
	check_arrives(fds[1], SEED, 0, 3 * PAGE);
}

TEST_F(lend, kept_buffer_goes_to_many_and_comes_home_once)
{
	int vec = lend(self->lender, LENDER_COMPOUND, 3 * PAGE), fds[8][2], i;

	for (i = 0; i < 8; i++) {
		stream_pair(i % 2 ? UNIX : TCP4, fds[i]);
		check_eq(3 * PAGE, sv_push_window(vec, fds[i][0], SV_POSITION,
						  SV_HEAD, SV_ALL, 0));
	}
	check_not_returned(self->lender, 0);
	close(vec);
	for (i = 0; i < 8; i++)
		check_arrives(fds[i][1], SEED, 0, 3 * PAGE);
	check_returned(self->lender, 1);
}

TEST_F(lend, sink_that_cannot_track_is_refused_or_gets_a_copy_that_is_told)
{
	struct splicevec_push cmd = { .offset = SV_POSITION, .len = SV_ALL };
	int vec = lend(self->lender, LENDER_PAGES, PAGE), fds[2];
	struct splicevec_features features;

	stream_pair(UNIX, fds);
	must_sv(sv_features(vec, fds[0], &features));
	check_eq(SPLICEVEC_ROUTE_COPIED, features.routes[SPLICEVEC_LENT]);
	check_eq(SPLICEVEC_WHY_UNTRACKED, features.reasons[SPLICEVEC_LENT]);
	cmd.fd = fds[0];
	cmd.flags = SPLICEVEC_NOCOPY;
	check_errno(EOPNOTSUPP, sv_cmd_push(vec, &cmd));
	check_not_returned(self->lender, 0);
	cmd.flags = 0;
	check_errno(0, sv_cmd_push(vec, &cmd));
	check_eq(PAGE, cmd.copied);
	/* it is the copy that lies in the socket */
	check_returned(self->lender, 1);
	check_arrives(fds[1], SEED, 0, PAGE);
}

TEST_F(lend, copy_of_a_buffer_is_a_gift)
{
	int vec = lend(self->lender, LENDER_RUN, 2 * PAGE), copy = new_vector();

	check_eq(2 * PAGE, sv_pull(copy, vec, SV_POSITION, SV_ALL,
				   SPLICEVEC_COPY));
	close(vec);
	check_returned(self->lender, 1);
	check_kind(copy, SPLICEVEC_OWNED, 0);
	read_pattern(copy, SEED, 0, 2 * PAGE);
}

TEST_F(lend, strict_push_of_a_buffer_has_its_record)
{
	int vec = lend(self->lender, LENDER_PAGES, 2 * PAGE), pipe[2];

	must(pipe2(pipe, O_CLOEXEC));
	check_eq(2 * PAGE, sv_push_strict(vec, pipe[1], SV_POSITION, SV_ALL, 0,
					  9));
	check_no_record(vec);
	check_not_returned(self->lender, 0);
	check_arrives(pipe[0], SEED, 0, 2 * PAGE);
	check_push_once(vec, 9, 0, 2 * PAGE);
	check_returned(self->lender, 1);
}

/* What is refused has changed nothing, and its buffer is free. */
static void check_refused(int lender, int err, int vec, size_t len)
{
	char *from = map_pages(PAGE);

	pattern_fill(from, SEED, 0, PAGE);
	check_errno(err, lender_lend(lender, vec, LENDER_PAGES, from, len, 0));
	check_not_returned(lender, 0);
	check_eq(0, lender_counts(lender).lent);
	unmap_pages(from, PAGE);
}

TEST_F(lend, only_a_vector_open_for_writing_is_lent_to)
{
	int ends[2], vec = must_sv(sv_open(0));
	int reading = must(open("/dev/splicevec", O_RDONLY | O_CLOEXEC));

	must(pipe2(ends, O_CLOEXEC));
	check_refused(self->lender, EINVAL, ends[1], PAGE);
	check_refused(self->lender, EINVAL, new_file(TMPFS, O_RDWR), PAGE);
	check_refused(self->lender, EBADF, reading, PAGE);
	check_refused(self->lender, EBADF, -1, PAGE);
	check_refused(self->lender, EINVAL, vec, 0);
	check_span(vec, 0, 0);
}

struct limited {
	int lender;
	int vec;
};

#define INSTANCE "/sys/kernel/tracing/instances/lend"

static unsigned int count_events(const char *trace, const char *event)
{
	unsigned int n = 0;

	for (; (trace = strstr(trace, event)); trace += strlen(event))
		n++;
	return n;
}

/* Of the loan it is known which it is: kind=5. */
TEST_F(lend, trace_has_each_edge_of_a_lifetime)
{
	int vec = new_vector(), pipe[2], fd;
	char *trace = map_pages(KIB(64));
	ssize_t len = 0, n;

	if (mkdir(INSTANCE, 0700) && errno != EEXIST)
		SKIP(return, INSTANCE ": %s", errno_name(errno));
	put_file(INSTANCE "/events/splicevec/enable", "1");
	must(pipe2(pipe, O_CLOEXEC));
	lender_lend_pattern(self->lender, vec, LENDER_PAGES, SEED, 0, PAGE);
	check_eq(PAGE, sv_push(vec, pipe[1], SV_POSITION, SV_ALL, 0));
	close(pipe[0]);
	close(pipe[1]);
	check_returned(self->lender, 1);
	put_file(INSTANCE "/events/splicevec/enable", "0");
	fd = must(open(INSTANCE "/trace", O_RDONLY | O_CLOEXEC));
	while ((n = must(read(fd, trace + len, KIB(64) - 1 - len))))
		len += n;
	close(fd);
	check_eq(1, count_events(trace, " splicevec_lend: "));
	check_eq(1, count_events(trace, " splicevec_return: "));
	check_eq(1, count_events(trace, " splicevec_push: "));
	check_eq(1, count_events(trace, " splicevec_complete: "));
	check_eq(2, count_events(trace, " kind=5 runs=1 pages=1"));
	must(rmdir(INSTANCE));
	unmap_pages(trace, KIB(64));
}

#define NOBODY	65534

static bool lend_as_nobody(void *arg)
{
	struct limited *l = arg;
	char *from = map_pages(9 * PAGE);

	must(setresgid(NOBODY, NOBODY, NOBODY));
	must(setresuid(NOBODY, NOBODY, NOBODY));
	pattern_fill(from, SEED, 0, 9 * PAGE);
	check_errno(EDQUOT, lender_lend(l->lender, l->vec, LENDER_COMPOUND, from,
					9 * PAGE, 0));
	check_errno(EDQUOT, lender_lend(l->lender, l->vec, LENDER_PAGES, from,
					9 * PAGE, 0));
	check_span(l->vec, 0, 0);
	check_errno(0, lender_lend(l->lender, l->vec, LENDER_PAGES, from,
				   8 * PAGE, 0));
	check_errno(EDQUOT, lender_lend(l->lender, l->vec, LENDER_RUN, from, 1,
					0));
	check_span(l->vec, 0, 8 * PAGE);
	return true;
}

TEST_F(lend, more_than_the_user_may_hold_is_edquot_and_all_or_nothing)
{
	static const char hard[] = "/sys/module/splicevec/parameters/user_pages_hard";
	struct limited l = { self->lender, new_vector() };
	char before[32] = {};
	int fd = must(open(hard, O_RDONLY | O_CLOEXEC));

	must(read(fd, before, sizeof(before) - 1));
	put_file(hard, "8");
	check(in_child(lend_as_nobody, &l), "as nobody: failed");
	put_file(hard, before);
	check_eq(1, lender_counts(self->lender).lent);
	check_not_returned(self->lender, 0);
	read_pattern(l.vec, SEED, 0, 8 * PAGE);
	check_returned(self->lender, 1);
}

TEST_F(lend, full_vector_is_enobufs_and_nothing_is_lent)
{
	static const char spans[] = "/sys/module/splicevec/parameters/vector_spans";
	int fd = must(open(spans, O_RDONLY | O_CLOEXEC)), vec = new_vector();
	char before[32] = {};

	must(read(fd, before, sizeof(before) - 1));
	write_pattern(vec, SEED, 0, 1);
	put_file(spans, "1");
	check_refused(self->lender, ENOBUFS, vec, PAGE);
	put_file(spans, before);
	check_span(vec, 0, 1);
	lender_lend_pattern(self->lender, vec, LENDER_PAGES, SEED, 1, PAGE);
	read_pattern(vec, SEED, 0, PAGE + 1);
	check_returned(self->lender, 1);
}

TEST_HARNESS_MAIN
