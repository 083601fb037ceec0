// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a command did to its vector, or tells of it, is what it says: where nobody
 * else can touch the vector, it is looked at before and after.
 */
#include "fuzz.h"

#include <string.h>
#include <sys/ioctl.h>

/* The offset that means what none means. */
#define HEAD	((uint64_t)INT64_MAX)

/* It may be the same vector under another number, which moves the way back. */
static bool may_come_back(const struct action *a)
{
	return a->op == OP_SENDFILE_OUT && is_private_vector(a->other);
}

static bool look(int vec, struct splicevec_info *info)
{
	*info = (struct splicevec_info){ .size = sizeof(*info) };
	return !ioctl(vec, SPLICEVEC_INFO, info);
}

struct held held_before(struct fuzzer *f, const struct action *a)
{
	struct held held = {};

	if (f->alone && is_private_vector(a->fd) && !may_come_back(a))
		held.known = look(a->fd, &held.info);
	return held;
}

/* The struct of a command that worked, as it is now. */
static union fuzzed struct_of(struct fuzzer *f, const struct action *a)
{
	const size_t size = struct_size(a);
	union fuzzed now = {};

	memcpy(&now, desk_alias(f, a, size + a->tail), size);
	return now;
}

static void told_by_command(const struct action *a, const union fuzzed *now,
			    int64_t *in, int64_t *out)
{
	switch (a->op) {
	case OP_PULL:
		*in = now->pull.bytes;
		break;
	case OP_PUSH:
		*out = a->cmd.push.flags & SPLICEVEC_KEEP ? 0 : now->push.bytes;
		break;
	case OP_SPLICE:
		*in = now->splice.pulled;
		*out = now->splice.pushed;
		break;
	default:
		break;
	}
}

static void told_by_call(const struct action *a, int64_t *in, int64_t *out)
{
	switch (a->op) {
	case OP_WRITE:
	case OP_WRITEV:
	case OP_SPLICE_IN:
	case OP_SENDFILE_IN:
	case OP_LEND:
		*in = a->ret;
		break;
	case OP_READ:
	case OP_READV:
		*out = a->ret;
		break;
	case OP_PREAD:
		*out = a->arg[2] == HEAD ? a->ret : 0;
		break;
	case OP_PREADV2:
		/* -1 is the file position */
		*out = a->arg[2] == -1UL || a->arg[2] == HEAD ? a->ret : 0;
		break;
	case OP_SPLICE_OUT:
		/* 0 is none; with any other it is a look at what is kept */
		*out = !a->arg[2] || a->arg[2] == HEAD ? a->ret : 0;
		break;
	default:
		break;
	}
}

static bool lists_what_is_held(const struct splicevec_spans *told,
			       const struct splicevec_span *spans,
			       const struct splicevec_info *held)
{
	uint32_t most = told->capacity < DESK_SPANS ? told->capacity : DESK_SPANS;
	uint64_t from = told->start > held->head ? told->start : held->head;
	const struct splicevec_span *last = spans + told->count - 1;

	if (!most || from >= held->tail)
		return !told->count;
	return told->count && spans->offset >= held->head &&
	       spans->offset <= from && spans->offset + spans->len > from &&
	       (told->count == most || last->offset + last->len == held->tail);
}

/* What it tells of the vector is what another look at it told. */
static void check_told(struct fuzzer *f, const struct action *a,
		       const union fuzzed *now, const struct held *held)
{
	const struct splicevec_span *spans = desk_spans(f);
	const size_t head = offsetof(struct splicevec_info, head);

	if (a->op == OP_INFO &&
	    memcmp((const char *)&now->info + head,
		   (const char *)&held->info + head, sizeof(now->info) - head))
		oracle_complain(f, a, "it tells of another vector");
	if (a->op == OP_SPANS && now->spans.addr == (uintptr_t)spans &&
	    !lists_what_is_held(&now->spans, spans, &held->info))
		oracle_complain(f, a, "%u spans are not those of %llu to %llu",
				now->spans.count,
				(unsigned long long)held->info.head,
				(unsigned long long)held->info.tail);
}

void held_check(struct fuzzer *f, const struct action *a,
		const struct held *before)
{
	int64_t in = 0, out = 0, was, is;
	struct splicevec_info now;

	if (!before->known || !look(a->fd, &now))
		return;
	if (a->op >= COMMANDS && a->ret > 0) {
		told_by_call(a, &in, &out);
	} else if (a->op < OP_UNKNOWN && !a->ret) {
		const union fuzzed results = struct_of(f, a);

		told_by_command(a, &results, &in, &out);
		check_told(f, a, &results, before);
	}
	was = before->info.tail - before->info.head;
	is = now.tail - now.head;
	if (is != was + in - out)
		oracle_complain(f, a, "it held %lld bytes, now %lld: in %lld, out %lld",
				(long long)was, (long long)is, (long long)in,
				(long long)out);
	/* what SPLICE passes on need not go through the vector's positions */
	if (a->op != OP_SPLICE && now.head != before->info.head + out)
		oracle_complain(f, a, "the head went from %llu to %llu: out %lld",
				(unsigned long long)before->info.head,
				(unsigned long long)now.head, (long long)out);
}

void stable_check(struct fuzzer *f, const struct action *a,
		  const struct splicevec_push *now)
{
	struct splicevec_info info = { .size = sizeof(info) };
	struct splicevec_span spans[16];
	struct splicevec_spans list = {
		.size = sizeof(list),
		.capacity = ARRAY_LEN(spans),
		.addr = (uintptr_t)spans,
	};
	uint32_t i;

	if (ioctl(now->fd, SPLICEVEC_INFO, &info))
		return;
	list.start = info.tail - now->bytes;
	if (ioctl(now->fd, SPLICEVEC_SPANS, &list))
		return;
	for (i = 0; i < list.count; i++)
		if (spans[i].kind != SPLICEVEC_OWNED)
			oracle_complain(f, a, "a stable span is of kind %u",
					spans[i].kind);
}
