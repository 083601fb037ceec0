// SPDX-License-Identifier: GPL-2.0-only
/*
 * One page of a process's memory, a byte of it in each of thousands of pipes.
 * The page is lent until the last of them lets go, whichever that is and
 * however it does; and what has left a pipe does not change any more.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "places.h"

#include <fcntl.h>
#include <splicevec.h>
#include <sys/socket.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 180

#define MOST	4096

struct span_of_pipes {
	volatile unsigned char *page;
	unsigned int nr;
	int (*pipes)[2];
	unsigned int *order;
	struct ledger lent;	/* while the page is lent */
	int socket[2];
	unsigned int random;
};

/* A way for a byte to leave its pipe, with a store before it and one after. */
struct way {
	const char *name;
	void (*leave)(struct span_of_pipes *s, unsigned int i);
};

static unsigned int next_random(struct span_of_pipes *s)
{
	s->random = s->random * 1103515245 + 12345;
	return s->random >> 16;
}

/* The byte at @i as it is to leave: a value it had not when it was pushed. */
static unsigned char store_before(struct span_of_pipes *s, unsigned int i)
{
	s->page[i] += 1 + next_random(s) % 100;
	return s->page[i];
}

static void store_after(struct span_of_pipes *s, unsigned int i)
{
	s->page[i] = ~s->page[i];
}

static void check_byte(const char *what, unsigned int i, unsigned char want,
		       unsigned char got)
{
	check(want == got, "pipe %u, %s: expected %#x, got %#x", i, what, want,
	      got);
}

static void close_pipe(struct span_of_pipes *s, unsigned int i)
{
	close(s->pipes[i][0]);
	close(s->pipes[i][1]);
}

static void by_read(struct span_of_pipes *s, unsigned int i)
{
	unsigned char want = store_before(s, i), got;

	read_all(s->pipes[i][0], &got, 1);
	store_after(s, i);
	check_byte("read", i, want, got);
	close_pipe(s, i);
}

/* The byte lies in the socket's queue when the store comes. */
static void by_splice(struct span_of_pipes *s, unsigned int i)
{
	unsigned char want = store_before(s, i), got;

	check_eq(1, splice(s->pipes[i][0], NULL, s->socket[0], NULL, 1, 0));
	store_after(s, i);
	read_all(s->socket[1], &got, 1);
	check_byte("splice to a socket", i, want, got);
	close_pipe(s, i);
}

static void by_close(struct span_of_pipes *s, unsigned int i)
{
	store_before(s, i);
	close_pipe(s, i);
	store_after(s, i);
}

/* Either pipe holds the page for itself. */
static void by_tee(struct span_of_pipes *s, unsigned int i)
{
	unsigned char want, got;
	int twin[2];

	must(pipe2(twin, O_CLOEXEC));
	check_eq(1, tee(s->pipes[i][0], twin[1], 1, 0));
	by_read(s, i);
	want = store_before(s, i);
	read_all(twin[0], &got, 1);
	store_after(s, i);
	check_byte("tee", i, want, got);
	close(twin[0]);
	close(twin[1]);
}

/* Moved on into another pipe, the buffer is still ours. */
static void by_move(struct span_of_pipes *s, unsigned int i)
{
	unsigned char want, got;
	int other[2];

	must(pipe2(other, O_CLOEXEC));
	check_eq(1, splice(s->pipes[i][0], NULL, other[1], NULL, 1, 0));
	close_pipe(s, i);
	want = store_before(s, i);
	read_all(other[0], &got, 1);
	store_after(s, i);
	check_byte("splice to a pipe", i, want, got);
	close(other[0]);
	close(other[1]);
}

/* The loan is taken back out of the pipe as it is: nothing is copied. */
static void by_pull(struct span_of_pipes *s, unsigned int i)
{
	unsigned char want, got;
	struct splicevec_span span = {};
	int vec = new_vector();

	check_eq(1, sv_pull(vec, s->pipes[i][0], SV_POSITION, 1, 0));
	close_pipe(s, i);
	check_eq(1, sv_spans(vec, 0, &span, 1));
	check_eq(SPLICEVEC_PINNED, span.kind);
	want = store_before(s, i);
	check_eq(1, sv_push_mem(vec, &got, 1, 0));
	store_after(s, i);
	check_byte("pull", i, want, got);
	close(vec);
}

static bool is_unix(int fd)
{
	socklen_t size = sizeof(int);
	int domain;

	must(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size));
	return domain == AF_UNIX;
}

/*
 * Our own hand-over from the pipe into a socket. A unix socket cannot track, so
 * it gets a copy as of then. TCP is lent the page until the bytes have arrived:
 * a store before that would be the lender's mistake.
 */
static void by_proxy(struct span_of_pipes *s, unsigned int i)
{
	unsigned char want = store_before(s, i), got;
	bool copied = is_unix(s->socket[0]);

	check_eq(1, sv_splice(s->pipes[i][0], s->socket[0], 1));
	if (copied)
		store_after(s, i);
	read_all(s->socket[1], &got, 1);
	if (!copied)
		store_after(s, i);
	check_byte("sv_splice to a socket", i, want, got);
	close_pipe(s, i);
}

static const struct way ways[] = {
	{ "read", by_read },
	{ "splice", by_splice },
	{ "close", by_close },
	{ "tee", by_tee },
	{ "move", by_move },
	{ "pull", by_pull },
	{ "proxy", by_proxy },
};

static void shuffle(struct span_of_pipes *s)
{
	unsigned int i, j, swap;

	for (i = 0; i < s->nr; i++)
		s->order[i] = i;
	for (i = s->nr - 1; i; i--) {
		j = next_random(s) % (i + 1);
		swap = s->order[i];
		s->order[i] = s->order[j];
		s->order[j] = swap;
	}
}

static void fill_pipes(struct span_of_pipes *s)
{
	int vec = new_vector();
	unsigned int i;

	must_sv(sv_pull_mem(vec, (void *)s->page, s->nr, 0));
	for (i = 0; i < s->nr; i++) {
		must(pipe2(s->pipes[i], O_CLOEXEC));
		if (sv_push(vec, s->pipes[i][1], SV_POSITION, 1,
			    SPLICEVEC_NOCOPY) != 1)
			die("push to pipe %u", i);
	}
	close(vec);
}

static void spread(struct span_of_pipes *s, enum place socket, unsigned int nr)
{
	raise_nofile(3 * MOST);
	*s = (struct span_of_pipes){
		.page = map_pages(PAGE),
		.nr = nr,
		.pipes = calloc(nr, sizeof(*s->pipes)),
		.order = calloc(nr, sizeof(*s->order)),
		.random = nr,
	};
	stream_pair(socket, s->socket);
	pattern_fill((void *)s->page, 1, 0, PAGE);
	shuffle(s);
	fill_pipes(s);
	ledger_read(&s->lent);
}

/* Each push is one loan's use: as many are alive as pipes hold a byte. */
static void check_lent(const struct span_of_pipes *s, unsigned int left)
{
	struct ledger now;

	ledger_read(&now);
	check(now.pinned == s->lent.pinned, "%u pipes left: %+ld pages pinned",
	      left, now.pinned - s->lent.pinned);
	check(now.loans == s->lent.loans, "%u pipes left: %+ld loans", left,
	      now.loans - s->lent.loans);
	check(now.pushes >= left, "%u pipes left: %ld pushes", left,
	      now.pushes);
}

/* Everything leaves in random order, and by @last way at last. */
static void gather(struct span_of_pipes *s, const struct ledger *before,
		   const struct way *last)
{
	long released = foll_pins("released");
	const struct way *way;
	unsigned int i;

	check_eq(before->pinned + 1, s->lent.pinned);
	check_eq(before->loans + 1, s->lent.loans);
	for (i = 0; i < s->nr; i++) {
		if (i % 64 == 0 || i + 4 > s->nr)
			check_lent(s, s->nr - i);
		way = &ways[next_random(s) % ARRAY_LEN(ways)];
		if (i + 1 == s->nr) {
			check_eq(released, foll_pins("released"));
			way = last;
		}
		way->leave(s, s->order[i]);
	}
	ledger_settle(before);
	check_eq(released + 1, foll_pins("released"));
}

FIXTURE_VARIANT(howells)
{
	enum place socket;
};

LEDGER_FIXTURE(howells)

FIXTURE_VARIANT_ADD(howells, unix)
{
	.socket = UNIX,
};

FIXTURE_VARIANT_ADD(howells, tcp)
{
	.socket = TCP4,
};

TEST_F(howells, page_in_4096_pipes_is_unpinned_once_when_the_last_lets_go)
{
	long acquired = foll_pins("acquired");
	struct span_of_pipes s;

	spread(&s, variant->socket, MOST);
	check_eq(acquired + 1, foll_pins("acquired"));
	gather(&s, &self->before, &ways[MOST % ARRAY_LEN(ways)]);
	check_eq(acquired + 1, foll_pins("acquired"));
}

TEST_F(howells, any_way_may_be_the_last)
{
	struct span_of_pipes s;
	struct ledger before;
	unsigned int i;

	/* the socket pair of one round stays open in the next: no loan */
	for (i = 0; i < ARRAY_LEN(ways); i++) {
		context("last by %s", ways[i].name);
		ledger_read(&before);
		spread(&s, variant->socket, 48);
		gather(&s, &before, &ways[i]);
	}
}

/* What is left of a buffer was made private together with what was read. */
TEST_F(howells, reader_of_part_of_a_buffer_keeps_the_rest_as_it_was)
{
	unsigned char *page = map_pages(PAGE), got[PAGE];
	int vec = new_vector(), ends[2];

	pattern_fill(page, 1, 0, PAGE);
	must(pipe2(ends, O_CLOEXEC));
	check_eq(PAGE, sv_pull_mem(vec, page, PAGE, 0));
	check_eq(PAGE, sv_push(vec, ends[1], SV_POSITION, SV_ALL, 0));
	read_all(ends[0], got, 100);
	memset(page, 0, PAGE);
	read_all(ends[0], got + 100, PAGE - 100);
	check_eq(-1, pattern_check(got, 1, 0, PAGE));
	/* with the bytes private, nothing is lent any more */
	close(vec);
	ledger_settle(&self->before);
}

TEST_F(howells, child_that_inherits_the_pipe_keeps_the_page_lent)
{
	unsigned char *page = map_pages(PAGE), got;
	int vec = new_vector(), ends[2], done[2];
	struct ledger now;
	pid_t child;

	must(pipe2(ends, O_CLOEXEC));
	must(pipe2(done, O_CLOEXEC));
	check_eq(PAGE, sv_pull_mem(vec, page, PAGE, 0));
	check_eq(PAGE, sv_push(vec, ends[1], SV_POSITION, SV_ALL, 0));
	close(vec);
	child = must(fork());
	if (!child) {
		close(done[1]);
		(void)!read(done[0], &got, 1);
		_exit(0);
	}
	close(done[0]);
	close(ends[0]);
	close(ends[1]);
	ledger_read(&now);
	check_eq(self->before.pinned + 1, now.pinned);
	close(done[1]);
	must(waitpid(child, NULL, 0));
	ledger_settle(&self->before);
}

TEST_HARNESS_MAIN
