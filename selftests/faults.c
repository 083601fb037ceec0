// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call below PULL, PUSH, SPLICE and FEATURES that can fail does so once, for
 * each source and each sink: nothing is lost or sent twice, nothing is left behind,
 * and what is reported is one of the errors that are documented.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "failnth.h"
#include "sinks.h"
#include "sources.h"

#include <fcntl.h>
#include <splicevec.h>
#include <sys/stat.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 60

/* Little, so that sequences are short; but three pages, none of them whole. */
#define SKIP_BYTES	3UL
#define LEN		(2 * PAGE + 5)
/* Bytes of a span where a vector is made of several. */
#define SPAN		3000

struct transfer {
	const struct source_kind *source_kind;
	const struct sink_kind *sink_kind;
	unsigned int flags;
	struct source source;
	struct sink sink;
	int vec;
	struct splicevec_splice splice;
	struct splicevec_info before;
	struct pushed pushed;
	bool disk_failed;	/* at least once, and was reported */
};

static size_t held(int vec)
{
	struct splicevec_info info;

	must_sv(sv_info(vec, &info));
	return info.tail - info.head;
}

/* PULL */

static void pull_prepare(void *arg)
{
	struct transfer *t = arg;

	source_open(&t->source, t->source_kind, SKIP_BYTES, LEN);
	source_await(&t->source);
	t->vec = new_vector();
}

static long pull_run(void *arg)
{
	struct transfer *t = arg;
	unsigned int result;

	return source_pull(&t->source, t->vec, &result);
}

/* What is not in the vector is still in the source. */
static void pull_rest(struct transfer *t, size_t done)
{
	unsigned int result;

	if (!check(done <= LEN, "%zu bytes of %lu", done, LEN))
		return;
	t->source.len = LEN - done;
	check_eq(LEN - done, source_pull(&t->source, t->vec, &result));
}

static void pull_finish(void *arg, long ret)
{
	struct transfer *t = arg;

	t->disk_failed |= ret == -EIO;
	check(ret < 0 || ret == LEN, "no error, but %ld bytes", ret);
	pull_rest(t, held(t->vec));
	check_held(t->vec, SOURCE_SEED, SKIP_BYTES, LEN);
	source_close(&t->source);
	close(t->vec);
}

/* PULL of a hole in a file of memory: some kernels make pages for what is not there. */

static void hole_prepare(void *arg)
{
	struct transfer *t = arg;

	t->source.fd = new_file(TMPFS, O_RDWR);
	must(ftruncate(t->source.fd, LEN));
	t->vec = new_vector();
}

static long hole_run(void *arg)
{
	struct transfer *t = arg;

	return sv_pull(t->vec, t->source.fd, 0, LEN, 0);
}

static void hole_finish(void *arg, long ret)
{
	struct transfer *t = arg;
	size_t done = held(t->vec);
	char zeros[LEN] = "", got[LEN];

	check(ret, "no error, but nothing was pulled");
	if (done < LEN)
		check_eq((long)(LEN - done),
			 sv_pull(t->vec, t->source.fd, done, LEN - done, 0));
	check_eq((long)LEN, read(t->vec, got, LEN));
	check(!memcmp(got, zeros, LEN), "a hole is no zeros");
	close(t->source.fd);
	close(t->vec);
}

/* FEATURES, and PUSH of memory in several spans, or of a file with KEEP */

static int keep_vector(void)
{
	int vec = new_vector(), file = source_file(EXT4);

	check_eq(LEN, sv_pull(vec, file, 0, LEN, 0));
	close(file);
	return vec;
}

/*
 * A terminal without memory waits for some, and nobody wakes it: so it may not
 * wait as long as there are faults.
 */
static void open_sink(struct transfer *t, size_t pos)
{
	sink_open(&t->sink, t->sink_kind, SOURCE_SEED, pos, LEN);
	t->pushed = (struct pushed){};
	if (t->sink_kind == &sink_terminal)
		must(fcntl(t->sink.fd, F_SETFL, O_RDWR | O_NONBLOCK));
}

static void push_prepare(void *arg)
{
	struct transfer *t = arg;

	if (t->flags & SPLICEVEC_KEEP)
		t->vec = keep_vector();
	else
		t->vec = vector_of_spans(SOURCE_SEED, LEN, SPAN);
	open_sink(t, 0);
	must_sv(sv_info(t->vec, &t->before));
}

static long push_run(void *arg)
{
	struct transfer *t = arg;
	struct splicevec_features features;
	int err = sv_features(t->vec, t->sink.fd, &features);

	if (err)
		return err;
	return sink_push_once(&t->sink, t->vec, t->flags, &t->pushed);
}

/* What a sink has forgotten has left the vector. What has not goes to another one. */
static void replace_if_forgotten(struct transfer *t)
{
	size_t left = held(t->vec), taken = LEN - left, pos = t->sink.pos;

	if (!t->sink_kind->forgot || !fault_fired() ||
	    !t->sink_kind->forgot(&t->sink, taken))
		return;
	sink_abandon(&t->sink, taken);
	sink_open(&t->sink, t->sink_kind, SOURCE_SEED, pos + taken, left);
}

/* What left the vector is what the sink has, and so is the rest, once pushed. */
static void push_rest(struct transfer *t)
{
	int ret;

	replace_if_forgotten(t);
	if (t->sink_kind == &sink_terminal)
		must(fcntl(t->sink.fd, F_SETFL, O_RDWR));
	do {
		ret = sink_push_once(&t->sink, t->vec, 0, &t->pushed);
	} while (ret > 0);
	check_eq(0, ret);
	check_eq(0, held(t->vec));
}

static void push_finish(void *arg, long ret)
{
	struct transfer *t = arg;
	size_t done = t->pushed.bytes;

	t->disk_failed |= ret == -EIO;
	check(ret < 0 || done, "no error, but nothing was pushed");
	if (t->flags & SPLICEVEC_KEEP) {
		check_same(t->vec, &t->before);
		check_held(t->vec, SOURCE_SEED, 0, LEN);
		check_eq(done, sv_drop(t->vec, done));
	}
	check_held(t->vec, SOURCE_SEED, done, LEN - done);
	push_rest(t);
	sink_close(&t->sink);
	close(t->vec);
}

/* SPLICE */

static void splice_prepare(void *arg)
{
	struct transfer *t = arg;

	pull_prepare(t);
	open_sink(t, SKIP_BYTES);
	t->splice = (struct splicevec_splice){
		.in = t->source.fd,
		.out = t->sink.fd,
		.in_offset = t->source.offset,
		.out_offset = SV_POSITION,
		.len = LEN,
	};
}

static long splice_run(void *arg)
{
	struct transfer *t = arg;

	return sv_cmd_splice(t->vec, &t->splice);
}

/* A record has to arrive as it came; what is left of a stream arrives in parts. */
static void splice_finish(void *arg, long ret)
{
	struct transfer *t = arg;
	size_t pulled = ret ? 0 : t->splice.pulled;
	size_t pushed = ret ? 0 : t->splice.pushed;

	check(ret || pulled, "no error, but nothing was pulled");
	check(!(t->splice.result & SPLICEVEC_EOF) || pulled == LEN,
	      "an end after %zu bytes", pulled);
	check_eq(pulled - pushed, held(t->vec));
	check_held(t->vec, SOURCE_SEED, SKIP_BYTES + pushed, pulled - pushed);
	source_advance(&t->source, pulled);
	pull_rest(t, pulled);
	push_rest(t);
	sink_close(&t->sink);
	source_close(&t->source);
	close(t->vec);
}

SWEEP(pull);
SWEEP(hole);
SWEEP(push);
SWEEP(splice);

/*
 * What a socket says that has no memory, one of TLS, whose connection is over for that,
 * and a terminal that may not wait for it.
 */
static const int *errors_of(const struct sink_kind *kind)
{
	static const int terminal[] = { EAGAIN, 0 };
	static const int tls[] = { ENOBUFS, EBADMSG, EPIPE, 0 };
	static const int socket[] = { ENOBUFS, 0 };

	if (kind == &sink_terminal)
		return terminal;
	if (kind == &sink_ktls)
		return tls;
	return kind && kind->class <= TO_ALIEN ? socket : NULL;
}

/*
 * The ledger knows nothing of references to pages of others. But a file whose pages
 * somebody still holds does not leave the page cache; memory is all tmpfs has.
 */
static void check_evicted(enum place place)
{
	int file;

	if (place != EXT4 && place != XFS)
		return;
	file = source_file(place);
	evict_all(file, SOURCE_SIZE);
	close(file);
}

/* The same of files that are a source's own. */
static void check_source_evicted(const struct source_kind *kind)
{
	struct source s;
	struct stat st;

	check_evicted(kind->place);
	source_open(&s, kind, SKIP_BYTES, LEN);
	if (!fstat(s.fd, &st) && (S_ISBLK(st.st_mode) || kind == &source_overlay))
		evict_all(s.fd, SOURCE_SIZE);
	source_close(&s);
}

/* Where nothing needs memory, nor looks at the caller's, so that no call can fail. */
static const struct faultless {
	const struct source_kind *source;
	const struct sink_kind *sink;	/* of a push with KEEP */
	const char *why;
} faultless[] = {
	{ .source = &source_slice, .why = "its loan is shared" },
	{ .source = &source_duplicate, .why = "its loan is shared" },
	{ .source = &source_concatenation, .why = "its loan is shared" },
	{ .source = &source_slice_of_memory, .why = "its loan is shared" },
	{ .sink = &sink_pipe, .why = "its buffers are there" },
	{ .sink = &sink_pipe_of_one_page, .why = "its buffers are there" },
	{ .sink = &sink_pipe_of_1m, .why = "its buffers are there" },
	{ .sink = &sink_block, .why = "its pages are in the cache" },
	{ .sink = &sink_vector, .why = "there is room for one span" },
	{ .sink = &sink_nothing, .why = "it does nothing" },
};

static const char *why_faultless(const struct transfer *t)
{
	const struct sink_kind *keeps = NULL;
	size_t i;

	if (t->flags & SPLICEVEC_KEEP)
		keeps = t->sink_kind;
	for (i = 0; i < ARRAY_LEN(faultless); i++)
		if (t->source_kind == faultless[i].source &&
		    keeps == faultless[i].sink)
			return faultless[i].why;
	return NULL;
}

static void try_faults(const struct sweep *what, struct transfer *t)
{
	struct sweep with = *what;

	with.faultless = why_faultless(t);
	with.errors = errors_of(t->sink_kind);
	sweep(&with, t);
	if (t->source_kind)
		check_source_evicted(t->source_kind);
	else if (t->flags & SPLICEVEC_KEEP)
		check_evicted(EXT4);
}

FROM_EACH_SOURCE();

TEST_F(from, pull_loses_nothing)
{
	struct transfer t = { .source_kind = variant->source };

	NEEDS_FAULTS_AND(source_missing(variant->source));
	try_faults(&pull_sweep, &t);
}

TEST_F(from, splice_to_pipe_loses_nothing)
{
	struct transfer t = {
		.source_kind = variant->source,
		.sink_kind = &sink_pipe,
	};

	NEEDS_FAULTS_AND(source_missing(variant->source));
	if (variant->source->flags || variant->source->memory)
		SKIP(return, "SPLICE has no flags of PULL, and no memory");
	try_faults(&splice_sweep, &t);
}

LEDGER_FIXTURE(hole)

TEST_F(hole, pull_loses_nothing)
{
	struct transfer t = {};

	NEEDS_FAULTS_AND(place_missing(TMPFS));
	sweep(&hole_sweep, &t);
}

/*
 * Before 6.5 a hash takes all bytes, and starts anew if then it has no memory for the
 * result; before 6.12 netlink traces the stack in the log when there is none for a long
 * message. They do so whoever writes.
 */
static const char *to_missing(const struct sink_kind *kind)
{
	if (kind == &sink_hash && linux_before(6, 5))
		return "forgets what it took when there is no memory";
	if (kind == &sink_netlink && linux_before(6, 12))
		return "complains in the log when there is no memory";
	return sink_missing(kind);
}

TO_EACH_SINK();

TEST_F(to, push_loses_nothing)
{
	struct transfer t = { .sink_kind = variant->sink };

	NEEDS_FAULTS_AND(to_missing(variant->sink));
	try_faults(&push_sweep, &t);
}

TEST_F(to, push_with_keep_leaves_all)
{
	struct transfer t = {
		.sink_kind = variant->sink,
		.flags = SPLICEVEC_KEEP,
	};

	NEEDS_FAULTS_AND(to_missing(variant->sink));
	try_faults(&push_sweep, &t);
}

TEST_F(to, splice_of_file_loses_nothing)
{
	struct transfer t = {
		.source_kind = &source_ext4,
		.sink_kind = variant->sink,
	};

	NEEDS_FAULTS_AND(to_missing(variant->sink));
	if (variant->sink->class == TO_MEMORY)
		SKIP(return, "SPLICE has no memory");
	try_faults(&splice_sweep, &t);
}

/* Errors of a disk, as far as its requests are made by who pulls or pushes. */

FIXTURE_VARIANT(disk)
{
	const struct source_kind *source;
	const struct sink_kind *sink;
	/* the caller itself waits for the request, and nobody makes it again */
	bool tells;
};

LEDGER_FIXTURE(disk)

#define DISK(side, id, is_told)						\
	FIXTURE_VARIANT_ADD(disk, side##_##id)				\
	{								\
		.side = &side##_##id,					\
		.tells = is_told,					\
	}
DISK(source, ext4_cold, false);
DISK(source, ext4_lazy, false);
DISK(source, ext4_direct, true);
DISK(source, xfs_lazy, false);
DISK(source, xfs_uncached, true);
DISK(source, block_lazy, false);
DISK(source, block_uncached, false);
DISK(sink, block_direct, true);

TEST_F(disk, errors_lose_nothing)
{
	static const int errors[] = { EIO, 0 };
	struct transfer t = {
		.source_kind = variant->source,
		.sink_kind = variant->sink,
	};
	struct sweep with = variant->source ? pull_sweep : push_sweep;
	unsigned int tries = 0;
	const char *missing;

	NEEDS_FAULTS_AND(variant->source ? source_missing(variant->source) :
					   sink_missing(variant->sink));
	missing = fail_requests(true);
	if (missing)
		SKIP(return, "%s", missing);
	with.errors = errors;
	/*
	 * A slab that was empty is one call more, and the request was not the nth; or it
	 * is one of those that are not tried every day, as each in turn is.
	 */
	do {
		sweep(&with, &t);
	} while (variant->tells && !t.disk_failed && ++tries < 10 && !failures());
	fail_requests(false);
	if (t.source_kind)
		check_source_evicted(t.source_kind);
	check(t.disk_failed || !variant->tells, "no request failed");
}

TEST_COUNT(1000)

TEST_HARNESS_MAIN
