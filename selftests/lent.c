// SPDX-License-Identifier: GPL-2.0-only
/*
 * Thousands of lent buffers, cut into slices at random, sent to processes at random,
 * of which some are killed. For each buffer its owner, a process or a module, is told
 * once that all of it is his again, and writes to it at once. Nobody sees that in what
 * he was sent.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "lender.h"
#include "places.h"

#include <fcntl.h>
#include <signal.h>
#include <splicevec.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 900

/* As many as that if LENT says so; fewer show as much, mostly. */
#define MOST_LOANS	10000
#define LOANS		1000
#define POOL		64
#define MOST_PAGES	4
#define MOST_SLICES	20
#define FOREVER		(-1LL)

/* What goes before a slice: which bytes of which loan these are. */
struct slice {
	uint32_t loan;
	uint32_t at;
	uint32_t len;
};

struct sink {
	enum place place;
	int fd;
	pid_t reader;
};

struct tally {
	_Atomic unsigned int slices;
	_Atomic unsigned int wrong;
};

struct lender {
	int vec;
	int module;			/* that lends, or -1 */
	char *buffers;
	unsigned int held[POOL];	/* by which loan, plus 1 */
	unsigned char told[MOST_LOANS];
	struct sink sinks[8];
	struct tally *tally;
	unsigned int killed;
};

/* Streams of all sorts, and pipes. */
static const enum place places[] = {
	ANYWHERE, TCP4, TCP6, NIC4, NIC6, UNIX, MPTCP, VSOCK, KTLS, SOCKMAP,
};

LEDGER_FIXTURE(lent)

static bool read_whole(int fd, void *buf, size_t len)
{
	char *to = buf;
	ssize_t n;

	for (; len; len -= n, to += n) {
		n = read(fd, to, len);
		if (n <= 0)
			return false;
	}
	return true;
}

static void read_slices(int fd, struct tally *tally)
{
	char buf[MOST_PAGES * PAGE];
	struct slice slice;

	while (read_whole(fd, &slice, sizeof(slice))) {
		if (slice.len > sizeof(buf)) {
			tally->wrong++;
			return;
		}
		if (!read_whole(fd, buf, slice.len))
			return;
		tally->slices++;
		if (pattern_check(buf, slice.loan, slice.at, slice.len) != -1)
			tally->wrong++;
	}
}

static void open_ends(enum place place, int fds[2])
{
	int pipe[2];

	if (place != ANYWHERE) {
		stream_pair(place, fds);
		return;
	}
	must(pipe2(pipe, O_CLOEXEC));
	fds[0] = pipe[1];
	fds[1] = pipe[0];
}

/* A process that reads what it is sent until it is killed or all is over. */
static void start_sink(struct lender *lender, struct sink *sink)
{
	size_t i;
	int fds[2];

	do {
		sink->place = places[rand() % ARRAY_LEN(places)];
	} while (sink->place != ANYWHERE && place_missing(sink->place));
	open_ends(sink->place, fds);
	sink->reader = must(fork());
	if (!sink->reader) {
		close(fds[0]);
		close(lender->vec);
		for (i = 0; i < ARRAY_LEN(lender->sinks); i++)
			if (lender->sinks[i].fd >= 0)
				close(lender->sinks[i].fd);
		read_slices(fds[1], lender->tally);
		_exit(0);
	}
	close(fds[1]);
	sink->fd = fds[0];
}

static void end_sink(struct sink *sink)
{
	int status;

	close(sink->fd);
	sink->fd = -1;
	must(waitpid(sink->reader, &status, 0));
}

static void replace_sink(struct lender *lender, struct sink *sink)
{
	must(kill(sink->reader, SIGKILL));
	end_sink(sink);
	start_sink(lender, sink);
	lender->killed++;
}

/* Return: has the sink taken it all? */
static bool send_slice(struct lender *lender, struct sink *sink, uint64_t head,
		       struct slice slice)
{
	int vec = new_vector();
	int64_t n;

	write_all(vec, &slice, sizeof(slice));
	check_eq(slice.len, sv_pull(vec, lender->vec, head + slice.at,
				    slice.len, 0));
	do {
		n = sv_push(vec, sink->fd, SV_POSITION, SV_ALL, 0);
	} while (n > 0);
	close(vec);
	return !n;
}

static void write_buffer(struct lender *lender, unsigned int i, uint64_t seed)
{
	pattern_fill(lender->buffers + i * MOST_PAGES * PAGE, seed, 0,
		     MOST_PAGES * PAGE);
}

static void take_records(struct lender *lender)
{
	struct splicevec_completion records[POOL];
	int n = must_sv(sv_reap(lender->vec, records, POOL, 1, FOREVER));
	int i, j;

	for (i = 0; i < n; i++) {
		if (!check(records[i].user_data < MOST_LOANS, "record of %llu",
			   records[i].user_data))
			continue;
		lender->told[records[i].user_data]++;
		for (j = 0; j < POOL; j++)
			if (lender->held[j] == records[i].user_data + 1)
				break;
		if (!check(j < POOL, "%llu was not lent", records[i].user_data))
			continue;
		lender->held[j] = 0;
		write_buffer(lender, j, ~0ULL);
	}
}

static unsigned int free_buffer(struct lender *lender)
{
	unsigned int i;

	for (;;) {
		for (i = 0; i < POOL; i++)
			if (!lender->held[i])
				return i;
		take_records(lender);
	}
}

static unsigned int how_many(void)
{
	const char *wanted = getenv("LENT");
	unsigned long loans = wanted ? strtoul(wanted, NULL, 10) :
				       daily(LOANS / slower());

	if (!loans || loans > MOST_LOANS)
		die("LENT: 1 to %u", MOST_LOANS);
	return loans;
}

static void lend_memory(struct lender *lender, unsigned int loan, size_t len)
{
	unsigned int i = free_buffer(lender);

	write_buffer(lender, i, loan);
	lender->held[i] = loan + 1;
	check_eq(len, sv_pull_mem_notify(lender->vec, lender->buffers +
					 i * MOST_PAGES * PAGE, len, 0, loan));
}

/* No more are out than a process would lend, so that they are used again. */
static void lend_pages(struct lender *lender, unsigned int loan, size_t len)
{
	struct lender_counts counts;

	do {
		counts = lender_counts(lender->module);
	} while (counts.lent - counts.returned >= POOL && !usleep(1000));
	lender_lend_pattern(lender->module, lender->vec, rand() % LENDER_SORTS,
			    loan, 0, len);
}

static void lend_one(struct lender *lender, unsigned int loan)
{
	unsigned int slices = 1 + rand() % MOST_SLICES;
	size_t len = 1 + rand() % (MOST_PAGES * PAGE);
	struct splicevec_info info;

	must_sv(sv_info(lender->vec, &info));
	if (lender->module >= 0)
		lend_pages(lender, loan, len);
	else
		lend_memory(lender, loan, len);
	while (slices--) {
		struct sink *sink = &lender->sinks[rand() %
						   ARRAY_LEN(lender->sinks)];
		struct slice slice = { .loan = loan, .at = rand() % len };

		slice.len = 1 + rand() % (len - slice.at);
		if (!(rand() % 500))
			must(kill(sink->reader, SIGKILL));
		if (!send_slice(lender, sink, info.tail, slice))
			replace_sink(lender, sink);
	}
	check_eq(len, sv_drop(lender->vec, SV_ALL));
}

static void begin(struct lender *lender, int module)
{
	unsigned int i;

	*lender = (struct lender){ .vec = new_vector(), .module = module };
	raise_nofile(256);
	lender->buffers = map_pages(POOL * MOST_PAGES * PAGE);
	lender->tally = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < ARRAY_LEN(lender->sinks); i++)
		lender->sinks[i].fd = -1;
	for (i = 0; i < ARRAY_LEN(lender->sinks); i++)
		start_sink(lender, &lender->sinks[i]);
}

static void lend_all(struct lender *lender, unsigned int loans)
{
	unsigned int i;

	for (i = 0; i < loans; i++)
		lend_one(lender, i);
	for (i = 0; i < ARRAY_LEN(lender->sinks); i++)
		end_sink(&lender->sinks[i]);
}

static void await_records(struct lender *lender, unsigned int loans)
{
	unsigned int i, out = 1;

	while (out && !failures()) {
		for (i = out = 0; i < POOL; i++)
			out += !!lender->held[i];
		if (out)
			take_records(lender);
	}
	for (i = 0; i < loans; i++)
		check(lender->told[i] == 1, "loan %u: told %u times", i,
		      lender->told[i]);
}

static void check_tally(struct lender *lender, unsigned int loans)
{
	check_eq(0, lender->tally->wrong);
	check(lender->tally->slices > loans, "%u slices of %u loans",
	      lender->tally->slices, loans);
	check(lender->killed, "nobody was killed");
	unmap_pages(lender->buffers, POOL * MOST_PAGES * PAGE);
}

TEST_F(lent, each_buffer_comes_home_once)
{
	unsigned int loans = how_many();
	struct lender lender;

	begin(&lender, -1);
	lend_all(&lender, loans);
	await_records(&lender, loans);
	check_tally(&lender, loans);
	TH_LOG("%u loans, %u slices read, %u readers killed", loans,
	       lender.tally->slices, lender.killed);
}

LENDER_FIXTURE(module)

TEST_F(module, gets_each_buffer_home_once)
{
	unsigned int loans = how_many();
	struct lender lender;

	begin(&lender, self->lender);
	lend_all(&lender, loans);
	check_returned(self->lender, loans);
	check_tally(&lender, loans);
	TH_LOG("%u loans of %llu buffers, %u slices read, %u readers killed",
	       loans, lender_counts(self->lender).made, lender.tally->slices,
	       lender.killed);
}

TEST_HARNESS_MAIN
