// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random vectors made of vectors, against a model in memory. Each byte ever
 * pulled has a number of its own; a vector is a list of these numbers. So the
 * model knows what every vector holds and which bytes are the same memory.
 */
#include "kselftest_harness.h"

#include "sources.h"

#include <splicevec.h>
#include <time.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 240

#define VECTORS	5
#define STEPS	150
/* Bytes of one pull, and of a vector that may still grow by all it holds. */
#define PULL_MAX	20000
#define VECTOR_MAX	100000

LEDGER_FIXTURE(algebra_model)

struct model {
	int vec;
	uint64_t head;
	size_t nr;
	uint32_t *bytes;
};

/* One sequence of steps. */
static struct model models[VECTORS];
static unsigned char *pool;		/* each byte by its number */
static size_t pooled;
static unsigned int random_state;

static size_t pick(size_t below)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8) % below;
}

static struct model *pick_model(void)
{
	return &models[pick(VECTORS)];
}

/* Mostly within what there is, sometimes beyond. */
static size_t pick_len(const struct model *m)
{
	return pick(8) ? pick(m->nr + 1) : pick(2 * VECTOR_MAX);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void check_model(const struct model *m)
{
	struct splicevec_info info;

	must_sv(sv_info(m->vec, &info));
	check_eq(m->head, info.head);
	check_eq(m->head + m->nr, info.tail);
}

static void drop_front(struct model *m, size_t len)
{
	m->head += len;
	m->nr -= len;
	memmove(m->bytes, m->bytes + len, m->nr * sizeof(*m->bytes));
}

/* @at says where among the bytes of @m those go in. */
static void insert(struct model *m, size_t at, const uint32_t *bytes, size_t nr)
{
	uint32_t *copy = malloc((nr + 1) * sizeof(*copy));

	if (!copy)
		die("no memory");
	/* they may be of @m itself, and about to move */
	memcpy(copy, bytes, nr * sizeof(*copy));
	m->bytes = realloc(m->bytes, (m->nr + nr + 1) * sizeof(*m->bytes));
	if (!m->bytes)
		die("no memory");
	memmove(m->bytes + at + nr, m->bytes + at,
		(m->nr - at) * sizeof(*m->bytes));
	memcpy(m->bytes + at, copy, nr * sizeof(*copy));
	m->nr += nr;
	free(copy);
}

static void empty(struct model *m)
{
	close(m->vec);
	m->vec = -1;
	m->head = 0;
	m->nr = 0;
}

/* @m is another vector from now on, and holds what @bytes say. */
static void replace(struct model *m, int64_t vec, const uint32_t *bytes,
		    size_t nr)
{
	must_sv(vec);
	m->vec = vec;
	insert(m, 0, bytes, nr);
}

static bool full(const struct model *m)
{
	return m->nr > VECTOR_MAX;
}

static void do_pull(void)
{
	static const struct source_kind *const kinds[] = {
		&source_tmpfs, &source_ext4, &source_memory, &source_unix,
		&source_memory_copy, &source_pipe_written, &source_tcp4,
		&source_pipe_vmspliced,
	};
	const struct source_kind *kind = kinds[pick(ARRAY_LEN(kinds))];
	size_t len = 1 + pick(PULL_MAX), i;
	struct model *m = pick_model();
	uint32_t numbers[PULL_MAX];
	unsigned int result;
	struct source from;

	if (source_missing(kind) || full(m))
		return;
	source_open(&from, kind, pick(KIB(256)), len);
	check_eq(len, source_pull(&from, m->vec, &result));
	pattern_fill(pool + pooled, from.seed, from.skip, len);
	source_close(&from);
	for (i = 0; i < len; i++)
		numbers[i] = pooled++;
	insert(m, m->nr, numbers, len);
}

static void do_drop(void)
{
	struct model *m = pick_model();
	size_t len = pick_len(m), gone = least(len, m->nr);

	check_eq(gone, sv_drop(m->vec, len));
	drop_front(m, gone);
}

static void check_bytes(const unsigned char *buf, const struct model *m,
			size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (buf[i] != pool[m->bytes[i]])
			break;
	check(i == len, "byte %zu of %zu is wrong", i, len);
}

static void do_read(void)
{
	struct model *m = pick_model();
	size_t len = pick_len(m), there = least(len, m->nr);
	unsigned char *buf = malloc(len + 1);

	check_eq(there, sv_push_mem(m->vec, buf, len, 0));
	check_bytes(buf, m, there);
	drop_front(m, there);
	free(buf);
}

static void do_push(void)
{
	struct model *m = pick_model(), *to = pick_model();
	size_t len = pick_len(m), there = least(len, m->nr);

	if (m == to || full(to))
		return;
	check_eq(there, sv_push(m->vec, to->vec, SV_POSITION, len, 0));
	insert(to, to->nr, m->bytes, there);
	drop_front(m, there);
}

static void do_dup(void)
{
	struct model *m = pick_model(), *to = pick_model();

	if (m == to)
		return;
	empty(to);
	replace(to, sv_dup(m->vec), m->bytes, m->nr);
}

static void do_sub(void)
{
	struct model *m = pick_model(), *to = pick_model();
	size_t skip = pick_len(m), len = pick_len(m);
	size_t first = least(skip, m->nr);

	if (m == to)
		return;
	empty(to);
	replace(to, sv_sub(m->vec, m->head + skip, len), m->bytes + first,
		least(len, m->nr - first));
}

static void do_split(void)
{
	struct model *m = pick_model(), *to = pick_model();
	size_t len = pick_len(m), there = least(len, m->nr);

	if (m == to)
		return;
	empty(to);
	replace(to, sv_split(m->vec, len), m->bytes, there);
	drop_front(m, there);
}

static void do_concat(void)
{
	struct model *m = pick_model(), *to = pick_model();

	if (full(m) || full(to))
		return;
	check_eq(m->nr, sv_concat(to->vec, m->vec));
	insert(to, to->nr, m->bytes, m->nr);
}

static void do_prepend(void)
{
	struct model *m = pick_model(), *to = pick_model();

	if (full(m) || full(to))
		return;
	check_eq(m->nr, sv_prepend(to->vec, m->vec));
	if (m->nr)
		to->head += to->nr;
	insert(to, 0, m->bytes, m->nr);
}

static void do_compare(void)
{
	struct model *a = pick_model(), *b = pick_model();
	size_t same = 0, both = least(a->nr, b->nr);
	uint64_t got = 0;

	while (same < both && a->bytes[same] == b->bytes[same])
		same++;
	check_eq(same < a->nr || same < b->nr,
		 sv_compare(a->vec, b->vec, &got));
	check_eq(same, got);
}

static const struct step {
	const char *name;
	void (*run)(void);
	bool shares;		/* may neither take a page nor make a loan */
} steps[] = {
	{ "pull", do_pull, false },
	{ "drop", do_drop, false },
	{ "read", do_read, false },
	{ "push", do_push, false },
	{ "dup", do_dup, true },
	{ "sub", do_sub, true },
	{ "split", do_split, true },
	{ "concat", do_concat, true },
	{ "prepend", do_prepend, true },
};

/* A vector that was replaced may have taken the last of its loans along. */
static void check_nothing_taken(const struct ledger *before)
{
	struct ledger now;

	ledger_read(&now);
	check(now.loans <= before->loans, "%ld loans made",
	      now.loans - before->loans);
	check(now.pages <= before->pages && now.pinned <= before->pinned,
	      "%ld pages taken", now.pages - before->pages + now.pinned -
	      before->pinned);
	check_eq(before->vectors, now.vectors);
}

static void one_step(unsigned int seed, int nr)
{
	const struct step *step = &steps[pick(ARRAY_LEN(steps))];
	struct ledger before;
	int i;

	context("seed %u, step %d, %s", seed, nr, step->name);
	if (step->shares)
		ledger_read(&before);
	step->run();
	do_compare();
	if (step->shares)
		check_nothing_taken(&before);
	for (i = 0; i < VECTORS; i++)
		check_model(&models[i]);
}

/* At the end all bytes are looked at. */
static void end_model(struct model *m)
{
	unsigned char *buf = malloc(m->nr + 1);

	check_eq(m->nr, sv_push_mem(m->vec, buf, m->nr + 1, 0));
	check_bytes(buf, m, m->nr);
	free(buf);
	empty(m);
}

static void one_sequence(unsigned int seed)
{
	static const uint32_t none;
	int i;

	printf("# seed %u\n", seed);
	random_state = seed;
	pooled = 0;
	pool = map_pages(STEPS * PULL_MAX);
	for (i = 0; i < VECTORS; i++) {
		models[i].vec = new_vector();
		insert(&models[i], 0, &none, 0);
	}
	for (i = 0; i < STEPS && !failures(); i++)
		one_step(seed, i);
	context("seed %u, at the end", seed);
	for (i = 0; i < VECTORS; i++)
		end_model(&models[i]);
	unmap_pages(pool, STEPS * PULL_MAX);
}

TEST_F(algebra_model, known_sequences_hold_what_the_model_holds)
{
	unsigned int seed;

	for (seed = 1; seed <= 24 && !failures(); seed++)
		one_sequence(seed);
}

/* Another one each time; its seed is printed, for the list above. */
TEST_F(algebra_model, unknown_sequences_hold_what_the_model_holds)
{
	unsigned int i, seed = time(NULL) ^ getpid() << 16;

	for (i = 0; i < 8 && !failures(); i++)
		one_sequence(seed + i);
}

TEST_HARNESS_MAIN
