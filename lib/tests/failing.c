// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Vectors made of vectors, against a small kernel of the test's own that fails
 * each command once, or does all of them by halves: what is promised of failed
 * calls holds wherever they fail. Its commands move 1000 bytes at the most.
 */
#include "tap.h"

#include "../internal.h"
#undef SV_COMMAND_MAX
#define SV_COMMAND_MAX 1000

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int fake_close(int fd);

#define close fake_close
#include "../algebra.c"
#include "../compare.c"
#undef close

#define VECTORS	16
#define SPANS	64

/**
 * struct fake - a vector
 * @open: somebody has it
 * @nr: number of spans
 * @head: as in struct splicevec_info
 * @tail: likewise
 * @spans: of them loan, skip and length are used
 */
struct fake {
	bool open;
	int nr;
	uint64_t head;
	uint64_t tail;
	struct splicevec_span spans[SPANS];
};

static struct fake kernel[VECTORS];
static int commands;		/* that were run */
static int fail_at;		/* the command that fails; 0: none */
static bool by_halves;		/* pushes stop after one span */
static int meanwhile_at;	/* the INFO after which ... */
static void (*meanwhile)(void);	/* ... somebody else does this */

static bool fails(void)
{
	return ++commands == fail_at;
}

static void append(struct fake *to, uint64_t loan, uint64_t skip, uint64_t len)
{
	to->spans[to->nr++] = (struct splicevec_span){
		.loan = loan, .skip = skip, .len = len,
	};
	to->tail += len;
}

static void consume(struct fake *v, uint64_t len)
{
	v->head += len;
	while (len) {
		struct splicevec_span *first = v->spans;
		uint64_t n = least(len, first->len);

		first->skip += n;
		first->len -= n;
		len -= n;
		if (!first->len)
			memmove(first, first + 1, --v->nr * sizeof(*first));
	}
}

/* Append @len bytes from @at on. Return: false if there is no room. */
static bool append_window(struct fake *to, const struct fake *from, uint64_t at,
			  uint64_t len)
{
	struct fake copy = *from;
	int i;

	consume(&copy, at - copy.head);
	for (i = 0; i < copy.nr && len; i++) {
		struct splicevec_span *s = &copy.spans[i];
		uint64_t n = least(len, s->len);

		if (to->nr == SPANS)
			return false;
		append(to, s->loan, s->skip, n);
		len -= n;
	}
	return true;
}

int sv_open(int flags)
{
	int vec;

	if (fails())
		return -ENOMEM;
	for (vec = 0; vec < VECTORS && kernel[vec].open; vec++)
		;
	if (vec == VECTORS)
		abort();
	kernel[vec] = (struct fake){ .open = !flags };
	return vec;
}

static int fake_close(int vec)
{
	kernel[vec] = (struct fake){ .open = false };
	errno = EIO;		/* which nobody shall see */
	return -1;
}

int sv_info(int vec, struct splicevec_info *info)
{
	*info = (struct splicevec_info){
		.head = kernel[vec].head, .tail = kernel[vec].tail,
	};
	if (meanwhile_at && !--meanwhile_at)
		meanwhile();
	return fails() ? -ENOMEM : 0;
}

int64_t sv_pull(int vec, int fd, int64_t offset, uint64_t len,
		unsigned int flags)
{
	struct fake *from = &kernel[fd], copy = kernel[vec];

	if (fails() || flags)
		return -ENOMEM;
	if ((uint64_t)offset < from->head)
		return -ESTALE;
	len = least(least(len, SV_COMMAND_MAX), from->tail - offset);
	if (!append_window(&copy, from, offset, len))
		return -ENOBUFS;
	kernel[vec] = copy;
	return len;
}

static uint64_t pushable(const struct fake *from, uint64_t len)
{
	if (by_halves && from->nr)
		len = least(len, from->spans[0].len);
	return least(least(len, SV_COMMAND_MAX), from->tail - from->head);
}

int64_t sv_push(int vec, int fd, int64_t offset, uint64_t len,
		unsigned int flags)
{
	struct fake *from = &kernel[vec];

	if (fails() || offset != SV_POSITION || flags)
		return -ENOMEM;
	len = pushable(from, len);
	append_window(&kernel[fd], from, from->head, len);
	consume(from, len);
	return len;
}

int64_t sv_drop(int vec, uint64_t len)
{
	if (fails())
		return -ENOMEM;
	len = pushable(&kernel[vec], len);
	consume(&kernel[vec], len);
	return len;
}

/* Three a call, to make the comparison ask often. */
int sv_spans(int vec, uint64_t start, struct splicevec_span *spans,
	     unsigned int capacity)
{
	const struct fake *v = &kernel[vec];
	uint64_t at = v->head;
	int i, nr = 0;

	if (fails())
		return -ENOMEM;
	for (i = 0; i < v->nr && nr < 3 && nr < (int)capacity; i++) {
		at += v->spans[i].len;
		if (at <= start)
			continue;
		spans[nr] = v->spans[i];
		spans[nr++].offset = at - v->spans[i].len;
	}
	return nr;
}

/* The vectors every call starts from; their heads are not 0. */
enum { A, B, EMPTY, LONG, FULL };

static void set_up(void)
{
	int i;

	memset(kernel, 0, sizeof(kernel));
	for (i = A; i <= FULL; i++)
		kernel[i] = (struct fake){
			.open = true, .head = 70 + i, .tail = 70 + i,
		};
	append(&kernel[A], 1, 5, 100);
	append(&kernel[A], 2, 0, 40);
	append(&kernel[A], 1, 105, 60);
	append(&kernel[B], 3, 9, 30);
	append(&kernel[B], 2, 0, 300);
	for (i = 0; i < 9; i++)
		append(&kernel[LONG], 4, 300 * i, 300);
	for (i = 0; i < SPANS; i++)
		append(&kernel[FULL], 5, i, 1);
	commands = 0;
	fail_at = 0;
	by_halves = false;
	meanwhile_at = 0;
	errno = EDOM;
}

static bool as_at_first(int vec)
{
	struct fake now = kernel[vec];
	bool same;

	set_up();
	same = !memcmp(&now, &kernel[vec], sizeof(now));
	kernel[vec] = now;
	return same;
}

static bool all_as_at_first(void)
{
	struct fake now[VECTORS];

	memcpy(now, kernel, sizeof(now));
	set_up();
	return !memcmp(now, kernel, sizeof(now));
}

/* Bytes in a row: spans of one loan that continue each other are one. */
static struct fake joined(const struct fake *v)
{
	struct fake j = { .open = true };
	int i;

	for (i = 0; i < v->nr; i++) {
		const struct splicevec_span *s = &v->spans[i];
		struct splicevec_span *last = j.nr ? &j.spans[j.nr - 1] : NULL;

		if (last && last->loan == s->loan &&
		    last->skip + last->len == s->skip)
			last->len += s->len;
		else
			append(&j, s->loan, s->skip, s->len);
	}
	return j;
}

/* Does @v hold what @first and then @second hold, or held? */
static bool is_both(const struct fake *v, const struct fake *first,
		    const struct fake *second)
{
	struct fake want = *first, got = joined(v);

	append_window(&want, second, second->head, second->tail - second->head);
	want = joined(&want);
	return got.nr == want.nr &&
	       !memcmp(got.spans, want.spans, got.nr * sizeof(got.spans[0]));
}

/* Return: what a new vector holds, or why there is none. */
static long long bytes_in(int vec)
{
	return vec < 0 ? vec : (long long)kernel[vec].tail;
}

static const struct fake nothing = { .open = true };

/* What the calls return is told apart by sign only: fds and counts vary. */
static int64_t call_dup(void) { return sv_dup(A); }
static int64_t call_sub(void) { return sv_sub(A, 80, 130); }
static int64_t call_dup_long(void) { return sv_dup(LONG); }
static int64_t call_concat(void) { return sv_concat(A, B); }
static int64_t call_prepend(void) { return sv_prepend(A, B); }
static int64_t call_split(void) { return sv_split(A, 120); }
static int64_t call_dup_full(void) { return sv_dup(FULL); }
static int64_t call_compare(void) { return sv_compare(A, A, NULL); }

static const struct call {
	const char *name;
	int64_t (*run)(void);
} calls[] = {
	{ "dup", call_dup },
	{ "sub", call_sub },
	{ "dup_of_a_long_vector", call_dup_long },
	{ "dup_of_a_full_vector", call_dup_full },
	{ "concat", call_concat },
	{ "prepend", call_prepend },
	{ "split", call_split },
	{ "compare", call_compare },
};

static void say(const char *call, const char *what, bool good)
{
	char name[100];

	snprintf(name, sizeof(name), "%s_%s", call, what);
	ok(good, name);
}

/* A prepend whose last command fails: its own bytes are there once more. */
static bool is_prepend_not_dropped(void)
{
	struct fake now = kernel[A], before;

	set_up();
	before = kernel[B];
	append_window(&before, &kernel[A], kernel[A].head, 200);
	return is_both(&now, &kernel[A], &before);
}

/* Every command of every call fails once: nothing has happened. */
static void test_failures(void)
{
	size_t i;
	int nr, k;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		bool good = true, quiet = true;

		set_up();
		say(calls[i].name, "works_without_failures", calls[i].run() >= 0);
		for (nr = commands, k = 1; k <= nr; k++) {
			set_up();
			fail_at = k;
			good &= calls[i].run() == -ENOMEM;
			quiet &= errno == EDOM;
			if (calls[i].run == call_prepend && k == nr)
				good &= is_prepend_not_dropped();
			else
				good &= all_as_at_first();
		}
		say(calls[i].name, "fails_as_if_it_had_not_been", good);
		say(calls[i].name, "leaves_errno_alone", quiet);
	}
}

/* Whether it is done in one go or bit by bit makes no difference. */
static void test_results(bool halves)
{
	const char *how = halves ? "by_halves" : "at_once";
	struct fake a, b;
	int vec;

	set_up();
	a = kernel[A];
	b = kernel[B];
	by_halves = halves;
	is(sv_concat(A, B), 330, "concat_returns_the_bytes_appended");
	say(how, "concat_appends", is_both(&kernel[A], &a, &b));
	ok(as_at_first(B), "concat_leaves_the_other");
	set_up();
	by_halves = halves;
	is(sv_prepend(A, B), 330, "prepend_returns_the_bytes_prepended");
	say(how, "prepend_prepends", is_both(&kernel[A], &b, &a));
	is(kernel[A].head, a.tail, "prepend_moves_the_head_to_the_tail");
	ok(as_at_first(B), "prepend_leaves_the_other");
	set_up();
	by_halves = halves;
	vec = sv_split(A, 120);
	is(kernel[vec].tail, 120, "split_cuts_off_as_many_bytes");
	is(kernel[A].head, a.head + 120, "split_leaves_positions_alone");
	say(how, "split_loses_nothing", is_both(&a, &kernel[vec], &kernel[A]));
	vec = sv_split(A, SV_ALL);
	is(kernel[vec].tail, 80, "split_takes_what_there_is");
}

static void test_self(void)
{
	struct fake a;

	set_up();
	a = kernel[A];
	is(sv_concat(A, A), 200, "concat_to_itself_works");
	ok(is_both(&kernel[A], &a, &a), "concat_to_itself_doubles");
	set_up();
	is(sv_prepend(A, A), 200, "prepend_to_itself_works");
	ok(is_both(&kernel[A], &a, &a), "prepend_to_itself_doubles");
}

static void test_windows(void)
{
	struct fake a, b;
	int vec;

	set_up();
	a = kernel[A];
	b = kernel[EMPTY];
	append(&b, 1, 15, 90);
	append(&b, 2, 0, 40);
	append(&b, 1, 105, 1);
	vec = sv_sub(A, 80, 131);
	ok(is_both(&kernel[vec], &nothing, &b), "sub_is_the_window");
	is(kernel[vec].head, 0, "positions_of_a_new_vector_begin_at_0");
	is(bytes_in(sv_sub(A, 269, 10)), 1, "sub_ends_at_the_tail");
	is(bytes_in(sv_sub(A, 270, 10)), 0, "sub_at_the_tail_is_empty");
	set_up();
	is(bytes_in(sv_sub(A, 1000, SV_ALL)), 0, "sub_past_it_is_empty");
	is(bytes_in(sv_sub(A, 1000, 10)), 0, "however_short");
	vec = sv_sub(A, SV_HEAD, SV_ALL);
	ok(is_both(&kernel[vec], &nothing, &a), "sub_from_the_head_is_all");
	is(sv_sub(A, 69, 1), -ESTALE, "sub_before_the_head_is_estale");
	is(sv_sub(A, -2, 1), -EINVAL, "sub_of_no_position_is_einval");
	is(sv_concat(A, EMPTY), 0, "concat_of_nothing_is_0");
	is(sv_prepend(A, EMPTY), 0, "prepend_of_nothing_is_0");
	ok(as_at_first(A), "and_changes_nothing");
	is(sv_prepend(EMPTY, A), 200, "prepend_to_nothing_works");
	ok(is_both(&kernel[EMPTY], &nothing, &a), "and_is_what_was_prepended");
}

/* More than one command moves, and more spans than fit. */
static void test_bounds(void)
{
	struct fake all, a;
	int vec, i;

	set_up();
	a = kernel[A];
	all = kernel[LONG];
	vec = sv_dup(LONG);
	ok(is_both(&kernel[vec], &nothing, &all), "dup_of_many_commands");
	is(sv_prepend(A, LONG), -EFBIG, "prepend_of_many_commands_is_efbig");
	ok(as_at_first(A), "and_touches_nothing");
	is(sv_concat(A, LONG), 2700, "concat_of_many_commands");
	ok(is_both(&kernel[A], &a, &all), "and_it_is_whole");
	set_up();
	fail_at = 4;		/* INFO, PULL, PULL, and this one */
	is(sv_concat(A, LONG), 2000, "error_after_the_first_is_the_count");
	is(sv_pull(A, LONG, kernel[LONG].head + 2000, SV_ALL, 0), 700,
	   "and_the_rest_can_be_pulled");
	ok(is_both(&kernel[A], &a, &all), "and_then_it_is_whole");
	set_up();
	is(sv_concat(FULL, A), -ENOBUFS, "concat_without_room_is_enobufs");
	is(sv_prepend(FULL, A), -ENOBUFS, "prepend_without_room_is_enobufs");
	is(sv_prepend(A, FULL), -ENOBUFS, "likewise_with_much_to_prepend");
	ok(all_as_at_first(), "and_nothing_happened");
	for (i = 0; i < SPANS / 2 - 2; i++)
		append(&kernel[EMPTY], 7, 2 * i, 1);
	is(sv_prepend(EMPTY, B), 330, "prepend_needs_its_own_spans_twice");
	is(sv_prepend(EMPTY, B), -ENOBUFS, "and_no_more_fit");
}

/* A split that fails half-way has cut nearer to the head, and lost nothing. */
static void test_short_split(void)
{
	struct fake a;
	int vec;

	set_up();
	a = kernel[A];
	by_halves = true;
	fail_at = 4;		/* INFO, open, PUSH, and this one */
	vec = sv_split(A, 120);
	is(bytes_in(vec), 100, "split_that_fails_later_is_short");
	ok(vec >= 0 && is_both(&a, &kernel[vec], &kernel[A]),
	   "and_nothing_is_lost");
}

static void consume_one(void)
{
	consume(&kernel[A], 1);
}

/* Spans of pulls to come may be joined to those that are there. */
static void grow_last(void)
{
	struct fake *v = &kernel[A];

	v->spans[v->nr - 1].len++;
	v->tail++;
}

static void set_up_meanwhile(int at, void (*what)(void))
{
	set_up();
	meanwhile_at = at;
	meanwhile = what;
}

static void test_meanwhile(void)
{
	uint64_t same;
	struct fake a;
	int vec;

	set_up_meanwhile(1, consume_one);
	vec = sv_dup(A);
	a = kernel[A];
	ok(vec >= 0 && is_both(&kernel[vec], &nothing, &a),
	   "dup_follows_the_head");
	set_up_meanwhile(1, consume_one);
	is(sv_concat(B, A), 199, "concat_follows_the_head");
	set_up_meanwhile(1, consume_one);
	is(sv_sub(A, 70, 10), -ESTALE, "window_that_is_gone_is_estale");
	set_up_meanwhile(1, consume_one);
	is(sv_compare(A, B, NULL), -ESTALE, "compare_of_what_is_gone_is_estale");
	set_up_meanwhile(2, grow_last);
	append_window(&kernel[EMPTY], &kernel[A], kernel[A].head, 140);
	append(&kernel[EMPTY], 1, 105, 61);
	is(sv_compare(A, EMPTY, &same), 1, "compare_stops_where_the_end_was");
	is(same, 200, "and_counts_to_there");
	set_up_meanwhile(1, grow_last);
	is(bytes_in(sv_dup(A)), 200, "so_does_dup");
	set_up_meanwhile(1, grow_last);
	is(bytes_in(sv_split(A, SV_ALL)), 200, "so_does_split");
}

static void compares(int a, int b, int ret, uint64_t same, const char *name)
{
	uint64_t n = 4242, m = 4242;
	bool good = sv_compare(a, b, &n) == ret && n == same &&
		    sv_compare(b, a, &m) == ret && m == same &&
		    sv_compare(a, b, NULL) == ret;

	ok(good, name);
	if (!good)
		printf("# same %llu and %llu, want %llu\n",
		       (unsigned long long)n, (unsigned long long)m,
		       (unsigned long long)same);
}

static void test_compare(void)
{
	int i;

	set_up();
	compares(A, A, 0, 200, "vector_is_the_same_as_itself");
	compares(A, B, 1, 0, "others_differ_from_the_first_byte_on");
	compares(A, EMPTY, 1, 0, "empty_one_is_not_the_same");
	compares(EMPTY, EMPTY, 0, 0, "empty_ones_are_the_same");
	/* the same bytes of the same loans, in many more spans */
	for (i = 0; i < 25; i++)
		append(&kernel[EMPTY], 1, 5 + 4 * i, 4);
	append(&kernel[EMPTY], 2, 0, 1);
	append(&kernel[EMPTY], 2, 1, 39);
	for (i = 0; i < 20; i++)
		append(&kernel[EMPTY], 1, 105 + 3 * i, 3);
	compares(A, EMPTY, 0, 200, "cuts_make_no_difference");
	commands = 0;
	sv_compare(A, EMPTY, NULL);
	/* 2 INFO, and SPANS of 3 and of 47 spans, 3 at a time */
	is(commands, 2 + 1 + 16, "each_span_is_asked_for_once");
	append(&kernel[EMPTY], 9, 0, 1);
	compares(A, EMPTY, 1, 200, "shorter_one_is_the_same_to_its_end");
	consume(&kernel[A], 7);
	compares(A, EMPTY, 1, 0, "same_loan_elsewhere_is_not_the_same");
	consume(&kernel[EMPTY], 7);
	compares(A, EMPTY, 1, 193, "cut_at_the_head_makes_no_difference");
	kernel[A].spans[1].loan = 8;
	compares(A, EMPTY, 1, 93, "other_loan_is_not_the_same");
	kernel[A].spans[1].loan = 2;
	kernel[A].spans[2].skip++;
	compares(A, EMPTY, 1, 133, "other_place_in_a_loan_is_not_the_same");
}

int main(void)
{
	test_failures();
	test_results(false);
	test_results(true);
	test_self();
	test_windows();
	test_bounds();
	test_short_split();
	test_meanwhile();
	test_compare();
	return tap_done();
}
