// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every source to every sink, at sizes around a page and above a loan: the
 * bytes arrive, as many are copied as was promised, nothing stays behind.
 *
 * A pair gets one of the sizes every day, and a fifth of them where all takes longer; the
 * next pair mostly others.
 */
#include "kselftest_harness.h"

#include "sinks.h"
#include "sources.h"

#include <splicevec.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

/* How many bytes of a push may be copied. */
enum promise {
	NONE,
	ALL,
	LATER,		/* none at hand-off; the receiver may do it afterwards */
	CROOKED,	/* those that do not lie in blocks of the device */
	SOME,		/* depends on where the bytes happened to lie */
};

static const enum promise promises[SINK_CLASSES][SPLICEVEC_KINDS] = {
#define PROMISE(owned, cache, foreign, pinned) {			\
		[SPLICEVEC_OWNED] = owned, [SPLICEVEC_CACHE] = cache,	\
		[SPLICEVEC_FOREIGN] = foreign,				\
		[SPLICEVEC_PINNED] = pinned, [SPLICEVEC_LENT] = pinned }
	[TO_TCP]      = PROMISE(NONE, NONE, NONE, LATER),
	[TO_NIC]      = PROMISE(NONE, NONE, NONE, NONE),
	[TO_UNIX]     = PROMISE(NONE, NONE, NONE, ALL),
	[TO_UPPER]    = PROMISE(ALL, ALL, ALL, ALL),
	[TO_RECORD]   = PROMISE(ALL, ALL, ALL, ALL),
	[TO_ALIEN]    = PROMISE(ALL, ALL, ALL, ALL),
	[TO_PIPE]     = PROMISE(NONE, NONE, NONE, NONE),
	[TO_VECTOR]   = PROMISE(NONE, NONE, NONE, NONE),
	[TO_NOTHING]  = PROMISE(NONE, NONE, NONE, NONE),
	[TO_BUFFERED] = PROMISE(ALL, ALL, ALL, ALL),
	[TO_DIRECT]   = PROMISE(SOME, CROOKED, SOME, CROOKED),
	[TO_MEMORY]   = PROMISE(ALL, ALL, ALL, ALL),
};

/*
 * How much, from where on: the start of a source, and crooked in its second
 * page. The long one once only: it is most of the time.
 */
static const struct {
	size_t len;
	size_t skip;
} cases[] = {
	{ 1, 0 },	{ 1, PAGE + 3 },
	{ 4095, 0 },	{ 4095, PAGE + 3 },
	{ 4096, 0 },	{ 4096, PAGE + 3 },
	{ 4097, 0 },	{ 4097, PAGE + 3 },
	{ 65537, 0 },	{ 65537, PAGE + 3 },
	{ MIB(1) + 3, PAGE + 3 },
};

/* Shared by the processes the harness makes, for the count at the end. */
static atomic_uint *nr_checked;

static void __attribute__((constructor)) share_count(void)
{
	nr_checked = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static enum promise promise_of(const struct source *from, const struct sink *to)
{
	int pages = source_pages(from->kind);
	enum promise promise = promises[to->kind->class][pages];

	/* only what lies as in a file tells where its blocks are */
	if (promise == CROOKED && !from->kind->aligned)
		return SOME;
	return promise;
}

static void check_copied(const struct source *from, const struct sink *to,
			 const struct pushed *pushed)
{
	unsigned long long copied = pushed->copied;
	bool crooked = from->skip % 512 || from->len % 512;

	switch (promise_of(from, to)) {
	case NONE:
		check(!copied, "expected no copies, got %llu bytes", copied);
		break;
	case ALL:
		check(copied == from->len, "expected all copied, got %llu",
		      copied);
		break;
	case LATER:
		check(copied == from->len ||
		      pushed->result & SPLICEVEC_ESTIMATED,
		      "settled with %llu bytes copied", copied);
		break;
	case CROOKED:
		check(!copied == !crooked, "%llu bytes copied", copied);
		check(from->skip % PAGE || copied <= from->len % PAGE,
		      "%llu bytes copied, %zu stand over", copied,
		      from->len % PAGE);
		break;
	case SOME:
		break;
	}
}

/* Streams alone cannot know what becomes of pages behind their back. */
static void check_result(const struct sink *to, const struct pushed *pushed)
{
	if (to->kind->class == TO_TCP || to->kind->class == TO_NIC ||
	    to->kind->class == TO_UNIX)
		return;
	check(!(pushed->result & SPLICEVEC_ESTIMATED),
	      "an estimate where the number is known");
}

static void check_empty(int vec, size_t len)
{
	struct splicevec_info info;

	must_sv(sv_info(vec, &info));
	check_eq(len, info.head);
	check_eq(len, info.tail);
	check_eq(0, info.spans);
	check_eq(0, info.loans);
	check_eq(0, info.pages);
}

/* What would be copied, or is too long to go whole, is refused and stays. */
static void check_refusal(struct sink *to, int vec, unsigned int flags, int err)
{
	struct splicevec_info before, after;

	must_sv(sv_info(vec, &before));
	check_errno(err, sink_push(to, vec, flags).bytes);
	must_sv(sv_info(vec, &after));
	check(!memcmp(&before, &after, sizeof(before)),
	      "a refused push changed the vector");
}

static bool fits(const struct sink_kind *sink, size_t len)
{
	return !sink->most || len <= sink->most;
}

static void check_kind(const struct source *from, int vec)
{
	struct splicevec_span span;

	if (check_eq(1, sv_spans(vec, 0, &span, 1)))
		check_eq(source_pages(from->kind), span.kind);
}

static void push_and_check(const struct source *from, struct sink *to, int vec)
{
	enum promise promise = promise_of(from, to);
	struct pushed pushed;
	unsigned int flags;

	if (promise == ALL)
		check_refusal(to, vec, SPLICEVEC_NOCOPY, EOPNOTSUPP);
	flags = promise == NONE || promise == LATER ? SPLICEVEC_NOCOPY : 0;
	pushed = sink_push(to, vec, flags);
	if (check_eq(from->len, pushed.bytes)) {
		check_copied(from, to, &pushed);
		check_result(to, &pushed);
		check_empty(vec, from->len);
	}
}

static void transfer(const struct source_kind *source,
		     const struct sink_kind *sink, size_t skip, size_t len)
{
	struct source from;
	unsigned int result;
	struct sink to;
	int vec = new_vector();

	context("%s to %s, %zu bytes at %zu", source->name, sink->name, len,
		skip);
	source_open(&from, source, skip, len);
	check_eq(len, source_pull(&from, vec, &result));
	check_eq(source_pages(source) == SPLICEVEC_OWNED && !source->uncopied,
		 !!(result & SPLICEVEC_COPIED));
	check_kind(&from, vec);
	sink_open(&to, sink, from.seed, skip, len);
	if (fits(sink, len))
		push_and_check(&from, &to, vec);
	else
		check_refusal(&to, vec, 0, EMSGSIZE);
	sink_close(&to);
	source_close(&from);
	close(vec);
	atomic_fetch_add(nr_checked, 1);
}

/* Something that differs from pair to pair. */
static size_t number_of(const char *source, const char *sink)
{
	size_t sum = 0;

	while (*source)
		sum += (unsigned char)*source++;
	while (*sink)
		sum += (unsigned char)*sink++;
	return sum;
}

/* What one sink leaves behind is told once. */
static void transfers(const struct source_kind *source,
		      const struct sink_kind *sink)
{
	struct ledger before;
	size_t step = !thorough() ? ARRAY_LEN(cases) : slower() == 1 ? 1 : 5;
	size_t i = number_of(source->name, sink->name) % step;

	if (sink_missing(sink))
		return;
	ledger_read(&before);
	for (; i < ARRAY_LEN(cases); i += step)
		transfer(source, sink, cases[i].skip, cases[i].len);
	ledger_settle(&before);
}

FROM_EACH_SOURCE();

/* One after the other, as to begin a test takes longer than most transfers. */
TEST_F(from, bytes_arrive_at_each_sink_and_are_copied_as_promised)
{
	const char *missing = source_missing(variant->source);

	if (missing)
		SKIP(return, "%s", missing);
#define TO(id) transfers(variant->source, &sink_##id)
	EACH_SINK(TO);
}

TO_EACH_SINK();

/* What is not there nothing was transferred to. */
TEST_F(to, sink_is_there)
{
	const char *missing = sink_missing(variant->sink);

	if (missing)
		SKIP(return, "%s", missing);
}

LEDGER_FIXTURE(count)

TEST_F(count, at_least_300_transfers_were_checked)
{
	TH_LOG("%u transfers", atomic_load(nr_checked));
	EXPECT_LE(300, atomic_load(nr_checked));
}

TEST_HARNESS_MAIN
