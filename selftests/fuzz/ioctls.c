// SPDX-License-Identifier: GPL-2.0-only
/* Commands: drawn as they should be, then spoiled, mostly not. */
#include "fuzz.h"
#include "../compat.h"

#include <string.h>
#include <sys/ioctl.h>

#define LAYOUT_MORE(op, id, ioctl, first_out, least, in, out)		\
	[op] = { #ioctl, SPLICEVEC_##ioctl,				\
		 sizeof(struct splicevec_##id), least,			\
		 offsetof(struct splicevec_##id, first_out), in, out }

#define LAYOUT_GROWN(op, id, ioctl, first_out, least)			\
	LAYOUT_MORE(op, id, ioctl, first_out, least,			\
		    sizeof(struct splicevec_##id), sizeof(struct splicevec_##id))

#define LAYOUT(op, id, ioctl, first_out)				\
	LAYOUT_GROWN(op, id, ioctl, first_out, sizeof(struct splicevec_##id))

const struct layout layouts[COMMANDS] = {
	LAYOUT(OP_PULL, pull, PULL, bytes),
	LAYOUT_MORE(OP_PUSH, push, PUSH, bytes,
		    offsetof(struct splicevec_push, stable_ms),
		    offsetof(struct splicevec_push, stable_ms),
		    offsetof(struct splicevec_push, pinned)),
	LAYOUT(OP_SPLICE, splice, SPLICE, pulled),
	LAYOUT(OP_INFO, info, INFO, head),
	LAYOUT(OP_SPANS, spans, SPANS, count),
	LAYOUT_GROWN(OP_FEATURES, features, FEATURES, features,
		     offsetof(struct splicevec_features, pin_routes)),
	LAYOUT(OP_REAP, reap, REAP, count),
	LAYOUT(OP_CANCEL, cancel, CANCEL, count),
	LAYOUT(OP_POLICY, policy, POLICY, was),
	[OP_UNKNOWN] = { "unknown ioctl", 0, sizeof(union fuzzed),
			 sizeof(union fuzzed), sizeof(union fuzzed),
			 sizeof(union fuzzed), sizeof(union fuzzed) },
};

/* Bytes behind a struct that are no command's business. */
#define GUARD		16
#define GUARD_BYTE	0xa5

static bool have_32_bit_calls;

void ioctls_share(void)
{
	have_32_bit_calls = has_32_bit_calls();
	rings_share();
}

static void random_bytes(struct random *random, void *to, size_t len)
{
	unsigned char *bytes = to;

	while (len--)
		*bytes++ = random_word(random);
}

/* Not waiting is the rule: so much more can be tried. */
static uint32_t draw_flags(struct random *random, uint32_t others)
{
	uint32_t flags = one_in(random, 5) ? 0 : SPLICEVEC_NONBLOCK;

	return flags | (random_word(random) & random_word(random) & others);
}

/* Few, so that records meet and CANCEL finds what it looks for. */
static uint64_t draw_user_data(struct random *random)
{
	return one_in(random, 2) ? 0 : random_below(random, 4);
}

static void draw_memory(struct fuzzer *f, bool compat, uint32_t *iovs,
			uint64_t *addr, uint64_t *len)
{
	*iovs = 0;
	*addr = random_address(&f->random, len);
	if (!one_in(&f->random, 3))
		return;
	*addr = random_pieces(f, compat, iovs);
	*len = random_len(&f->random);
}

static void draw_pull(struct fuzzer *f, struct action *a)
{
	static const uint32_t ways[] = {
		0, 0, 0, 0, 0, SPLICEVEC_COPY, SPLICEVEC_COPY,
		SPLICEVEC_UNCACHED, SPLICEVEC_LAZY,
	};
	struct splicevec_pull *pull = &a->cmd.pull;

	pull->flags = draw_flags(&f->random, 0) |
		      ways[random_below(&f->random, ARRAY_LEN(ways))];
	if (one_in(&f->random, 4)) {
		pull->flags |= SPLICEVEC_NOTIFY;
		pull->user_data = draw_user_data(&f->random);
	}
	pull->offset = -1;
	if (one_in(&f->random, 3)) {
		uint32_t iovs;
		uint64_t addr, len;

		draw_memory(f, a->compat, &iovs, &addr, &len);
		pull->fd = SPLICEVEC_FD_MEM;
		pull->iovs = iovs;
		pull->addr = addr;
		pull->len = len;
		return;
	}
	pull->fd = random_fd(&f->random);
	pull->offset = random_offset(&f->random);
	pull->len = random_len(&f->random);
}

int64_t held_position(struct fuzzer *f, int vec)
{
	struct splicevec_info info = { .size = sizeof(info) };
	uint64_t at = random_word(&f->random);

	if (ioctl(vec, SPLICEVEC_INFO, &info))
		return 0;
	return info.head + at % (info.tail - info.head + 1);
}

static int64_t draw_start(struct fuzzer *f, int vec)
{
	int64_t held = held_position(f, vec);

	switch (random_below(&f->random, 8)) {
	case 0:
		return random_offset(&f->random);
	case 1 ... 3:
		return held;
	default:
		return -1;
	}
}

/* Mostly over while there is still something to be seen of it. */
static uint32_t draw_stable_ms(struct random *random)
{
	return one_in(random, 4) ? random_edge(random) : random_below(random, 200);
}

static void draw_push(struct fuzzer *f, struct action *a)
{
	struct splicevec_push *push = &a->cmd.push;
	unsigned int to = random_below(&f->random, 10);

	push->flags = draw_flags(&f->random, SPLICEVEC_KEEP | SPLICEVEC_NOCOPY |
					     SPLICEVEC_MORE | SPLICEVEC_STRICT |
					     SPLICEVEC_STABLE);
	if (push->flags & SPLICEVEC_STRICT)
		push->user_data = draw_user_data(&f->random);
	if (push->flags & SPLICEVEC_STRICT && one_in(&f->random, 2))
		push->flags |= SPLICEVEC_VERIFY;
	if (push->flags & SPLICEVEC_STABLE && one_in(&f->random, 2))
		push->stable_ms = draw_stable_ms(&f->random);
	push->offset = random_offset(&f->random);
	push->len = random_len(&f->random);
	push->fd = random_fd(&f->random);
	push->start = draw_start(f, a->fd);
	if (!(push->flags & SPLICEVEC_KEEP))
		push->start = 0;
	if (to == 0)
		push->fd = SPLICEVEC_FD_NONE;
	if (to <= 3)
		push->offset = -1;
	if (to >= 1 && to <= 3) {
		uint32_t iovs;
		uint64_t addr, len;

		draw_memory(f, a->compat, &iovs, &addr, &len);
		push->fd = SPLICEVEC_FD_MEM;
		push->iovs = iovs;
		push->addr = addr;
		push->len = len;
	}
}

static void draw_splice(struct fuzzer *f, struct action *a)
{
	struct splicevec_splice *splice = &a->cmd.splice;

	splice->flags = draw_flags(&f->random, one_in(&f->random, 2) ?
				   SPLICEVEC_NOCOPY | SPLICEVEC_STABLE : 0);
	splice->in = random_fd(&f->random);
	splice->out = random_fd(&f->random);
	if (one_in(&f->random, 6))
		splice->out = SPLICEVEC_FD_NONE;
	splice->in_offset = random_offset(&f->random);
	splice->out_offset = random_offset(&f->random);
	splice->len = random_len(&f->random);
}

static void draw_spans(struct fuzzer *f, struct action *a)
{
	struct splicevec_spans *spans = &a->cmd.spans;
	uint64_t len, addr = random_address(&f->random, &len);

	spans->capacity = one_in(&f->random, 8) ? random_edge(&f->random) :
						  random_below(&f->random, 64);
	spans->start = one_in(&f->random, 3) ? 0 : held_position(f, a->fd);
	spans->addr = one_in(&f->random, 4) ? addr : (uintptr_t)desk_spans(f);
}

static void draw_features(struct fuzzer *f, struct action *a)
{
	a->cmd.features.fd = one_in(&f->random, 8) ? -1 : random_fd(&f->random);
}

static int draw_eventfd(struct random *random)
{
	switch (random_below(random, 4)) {
	case 0:
		return -1;
	case 1:
		return random_fd(random);
	default:
		return endpoint_named("eventfd");
	}
}

/* Nanoseconds: no longer than a signal takes to come. */
#define LONGEST_WAIT	20000000

static void draw_reap(struct fuzzer *f, struct action *a)
{
	struct splicevec_reap *reap = &a->cmd.reap;
	struct random *random = &f->random;
	uint64_t len, addr = random_address(random, &len);

	reap->addr = one_in(random, 4) ? addr : (uintptr_t)desk_records(f);
	reap->capacity = one_in(random, 8) ? random_edge(random) :
					     random_below(random, 32);
	reap->min = one_in(random, 2) ? 0 : random_below(random, 4);
	reap->timeout = one_in(random, 2) ? 0 :
					    random_below(random, LONGEST_WAIT);
	reap->stride = sizeof(struct splicevec_completion);
	if (one_in(random, 4))
		reap->stride += 8 * random_below(random, 16);
	if (!one_in(random, 6))
		return;
	reap->flags = SPLICEVEC_REAP_EVENTFD;
	reap->eventfd = draw_eventfd(random);
}

static void draw_cancel(struct fuzzer *f, struct action *a)
{
	a->cmd.cancel.user_data = draw_user_data(&f->random);
	a->waited_for = one_in(&f->random, 4) && is_private_vector(a->fd);
}

static void draw_policy(struct fuzzer *f, struct action *a)
{
	uint32_t known = SPLICEVEC_STABLE | SPLICEVEC_VERIFY;

	a->cmd.policy.set = random_word(&f->random) & known;
	/* mostly none, or everything that is pushed would be copied */
	if (one_in(&f->random, 3))
		a->cmd.policy.flags = random_word(&f->random) & a->cmd.policy.set;
}

/* Of our type only: others mean something to what else may be in the slot. */
static void draw_unknown(struct fuzzer *f, struct action *a)
{
	unsigned int nr = random_word(&f->random), dir = nr >> 30;

	if (one_in(&f->random, 2))
		a->number = _IO(SPLICEVEC_IOC_TYPE,
				OP_UNKNOWN + nr % (256 - OP_UNKNOWN));
	else
		a->number = _IOC(dir, SPLICEVEC_IOC_TYPE, nr & 7,
				 1 + (nr >> 8 & 0x1fff));
	random_bytes(&f->random, &a->cmd, sizeof(a->cmd));
}

static void (*const draws[COMMANDS])(struct fuzzer *f, struct action *a) = {
	[OP_PULL] = draw_pull,
	[OP_PUSH] = draw_push,
	[OP_SPLICE] = draw_splice,
	[OP_INFO] = NULL,
	[OP_SPANS] = draw_spans,
	[OP_FEATURES] = draw_features,
	[OP_REAP] = draw_reap,
	[OP_CANCEL] = draw_cancel,
	[OP_POLICY] = draw_policy,
	[OP_UNKNOWN] = draw_unknown,
};

static void spoil_size(struct random *random, struct action *a)
{
	size_t size = layouts[a->op].size;

	switch (random_below(random, 5)) {
	case 0:
		a->cmd.size = random_below(random, size);
		break;
	case 1:
		a->cmd.size = random_edge(random);
		break;
	default:
		a->cmd.size = size + 1 + random_below(random, 100);
	}
	if (a->cmd.size <= size || a->cmd.size > PAGE)
		return;
	a->tail = a->cmd.size - size;
	if (one_in(random, 2))
		a->dirt = 1 + random_below(random, a->tail);
}

/* All fields are made of such words. Return: which, but not the size. */
static size_t random_field(struct random *random, const struct layout *layout)
{
	size_t words = layout->out / sizeof(uint32_t);
	size_t more = (layout->more_out - layout->more) / sizeof(uint32_t);
	size_t at = 1 + random_below(random, words + more - 1);

	return at < words ? at : at - words + layout->more / sizeof(uint32_t);
}

static void spoil_field(struct random *random, struct action *a)
{
	size_t at = random_field(random, &layouts[a->op]);
	uint32_t word;
	uint64_t edge = random_edge(random);

	memcpy(&word, a->cmd.bytes + at * sizeof(word), sizeof(word));
	switch (random_below(random, 4)) {
	case 0:
		word = random_word(random);
		break;
	case 1:
		word ^= 1U << random_below(random, 32);
		break;
	case 2:
		word = edge;
		break;
	default:
		at &= ~1UL;
		memcpy(a->cmd.bytes + at * sizeof(word), &edge, sizeof(edge));
		/* the size has its own way to be wrong */
		a->cmd.size = layouts[a->op].size;
		return;
	}
	memcpy(a->cmd.bytes + at * sizeof(word), &word, sizeof(word));
}

static void spoil_desk(struct random *random, struct action *a)
{
	a->desk = random_below(random, DESKS);
	a->cut = random_below(random, layouts[a->op].size);
}

static void spoil(struct random *random, struct action *a)
{
	switch (random_below(random, 28)) {
	case 0:
		spoil_size(random, a);
		break;
	case 1 ... 3:
		spoil_field(random, a);
		break;
	case 4:
		spoil_desk(random, a);
		break;
	case 5:
		spoil_field(random, a);
		spoil_desk(random, a);
		break;
	case 6:
		spoil_size(random, a);
		spoil_desk(random, a);
		break;
	}
}

/* A caller from when the struct was shorter. */
static void draw_age(struct random *random, struct action *a)
{
	const struct layout *layout = &layouts[a->op];
	size_t grown = layout->size - layout->min;

	if (!grown || a->cmd.size != layout->size || !one_in(random, 8))
		return;
	a->cmd.size = layout->min;
	/* or one that nobody has known */
	if (one_in(random, 4))
		a->cmd.size += random_below(random, grown);
}

/* Low numbers are fds of the tests themselves. */
static void spare_ours(int *fd)
{
	if (*fd >= 0 && *fd < SLOT_FIRST)
		*fd += SLOT_FIRST;
}

static void spare_fds(struct action *a)
{
	switch (a->op) {
	case OP_PULL:
		spare_ours(&a->cmd.pull.fd);
		break;
	case OP_PUSH:
		spare_ours(&a->cmd.push.fd);
		break;
	case OP_SPLICE:
		spare_ours(&a->cmd.splice.in);
		spare_ours(&a->cmd.splice.out);
		break;
	case OP_FEATURES:
		spare_ours(&a->cmd.features.fd);
		break;
	case OP_REAP:
		if (a->cmd.reap.flags & SPLICEVEC_REAP_EVENTFD)
			spare_ours(&a->cmd.reap.eventfd);
		break;
	default:
		break;
	}
}

static void name_fds(struct action *a)
{
	switch (a->op) {
	case OP_PULL:
		a->fd_name = slot_name(a->cmd.pull.fd);
		break;
	case OP_PUSH:
		a->fd_name = slot_name(a->cmd.push.fd);
		break;
	case OP_SPLICE:
		a->fd_name = slot_name(a->cmd.splice.in);
		a->other_name = slot_name(a->cmd.splice.out);
		break;
	case OP_FEATURES:
		a->fd_name = slot_name(a->cmd.features.fd);
		break;
	default:
		break;
	}
}

static bool suits_ring(const struct fuzzer *f, const struct action *a)
{
	if (a->compat)
		return false;
	if (a->op == OP_PUSH && a->cmd.push.flags & SPLICEVEC_STRICT)
		return a->desk == DESK_PLAIN && f->left < DESKS_APART;
	return a->op == OP_PULL || a->op == OP_PUSH || a->op == OP_SPLICE;
}

/* Milliseconds before what waits is called off. */
#define PATIENCE	20

static void draw_ring(struct fuzzer *f, struct action *a)
{
	a->ring = one_in(&f->random, 8) && suits_ring(f, a);
	a->async = one_in(&f->random, 3);
	a->patience = random_below(&f->random, PATIENCE);
	/* io_uring may be left with it, and nobody else may touch it then */
	if (a->ring && a->op == OP_PUSH && a->cmd.push.flags & SPLICEVEC_STRICT)
		a->apart = f->left + 1;
}

void ioctl_draw(struct fuzzer *f, struct action *a)
{
	const struct layout *layout = &layouts[a->op];

	a->number = layout->number;
	a->fd = random_vector(&f->random);
	a->compat = one_in(&f->random, 5) && have_32_bit_calls;
	if (draws[a->op])
		draws[a->op](f, a);
	a->cmd.size = layout->size;
	random_bytes(&f->random, a->cmd.bytes + layout->out,
		     layout->more - layout->out);
	random_bytes(&f->random, a->cmd.bytes + layout->more_out,
		     layout->size - layout->more_out);
	if (a->op != OP_UNKNOWN)
		spoil(&f->random, a);
	draw_age(&f->random, a);
	if (a->cut >= struct_size(a))
		a->cut = struct_size(a) - 1;
	draw_ring(f, a);
	spare_fds(a);
	name_fds(a);
}

static long call_ioctl(const struct action *a, void *arg)
{
	return ioctl(a->fd, a->number, arg) < 0 ? -errno : 0;
}

static void call(struct fuzzer *f, struct action *a, void *arg)
{
	if (a->ring && ring_run(f, a, arg))
		return;
	/* where nothing was done because of the ring, or what is no vector */
	a->ring = false;
	a->ret = a->compat ? ioctl32(a->fd, a->number, arg) : call_ioctl(a, arg);
}

size_t struct_size(const struct action *a)
{
	const struct layout *layout = &layouts[a->op];

	return a->cmd.size >= layout->min && a->cmd.size < layout->size ?
	       a->cmd.size : layout->size;
}

/* The struct as it is to lie in memory. Return: its length. */
static size_t build(const struct action *a, unsigned char *image)
{
	size_t size = struct_size(a), len = size + a->tail;

	memcpy(image, &a->cmd, size);
	memset(image + size, 0, a->tail);
	if (a->dirt)
		image[size + a->dirt - 1] = 1;
	memset(image + len, GUARD_BYTE, GUARD);
	return len;
}

/* Is there room for a guard, and memory where it would be? */
static bool guarded(const struct action *a)
{
	return a->desk != DESK_END && a->desk != DESK_STRADDLE;
}

/* What the command may write to a list of ours is known by what it was before. */
static void guard_lists(struct fuzzer *f, const struct action *a)
{
	const size_t span = sizeof(struct splicevec_span);
	const struct splicevec_reap *reap = &a->cmd.reap;
	uint64_t capacity = a->cmd.spans.capacity;

	if (a->op == OP_SPANS)
		guard_list(f, capacity * span, (capacity + 1) * span);
	if (a->op == OP_REAP)
		guard_list(f, 0, (reap->capacity + 1ULL) * reap->stride);
}

void ioctl_run(struct fuzzer *f, struct action *a)
{
	unsigned char before[2 * PAGE], after[2 * PAGE];
	size_t len = build(a, before), seen = len;
	void *arg = desk_address(f, a, len), *alias = desk_alias(f, a, len);
	struct waiters *waiters = NULL;
	struct verdict expected;
	struct held held;

	if (a->desk == DESK_STRADDLE)
		seen = a->cut;
	if (guarded(a))
		seen += GUARD;
	if (alias)
		memcpy(alias, before, seen);
	guard_lists(f, a);
	expected = oracle_expect(f, a);
	held = held_before(f, a);
	record_begin(f, a);
	if (a->waited_for)
		waiters = waiters_begin(a);
	/* there may have been one before */
	sigpipe_came();
	call(f, a, arg);
	if (waiters)
		waiters_end(f, a, waiters);
	record_end(f, a);
	if (alias)
		memcpy(after, alias, seen);
	results_check(f, a, &expected, before, alias ? after : NULL, seen);
	held_check(f, a, &held);
}
