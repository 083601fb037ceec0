// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a command has returned and written to its struct: only results, and such as can
 * be.
 */
#include "fuzz.h"

#include <limits.h>
#include <string.h>

/* No command moves more. */
#define MOST	0x7ffff000ULL

static bool all_zero(const unsigned char *bytes, size_t from, size_t to)
{
	while (from < to)
		if (bytes[from++])
			return false;
	return true;
}

static void check_failed(struct fuzzer *f, const struct action *a,
			 const struct verdict *v, const unsigned char *before,
			 const unsigned char *after, size_t size)
{
	const struct layout *l = &layouts[a->op];
	bool same = !memcmp(before, after, size);
	size_t end = struct_size(a);

	if (v->untouched && !same)
		oracle_complain(f, a, "it failed at once and wrote");
	if (v->untouched || a->desk == DESK_STRADDLE)
		return;
	/* the vector was gone before the command began, or it never did */
	if (same && ((!f->alone && a->ret == -EBADF) ||
		     (a->ring && a->ret == -ECANCELED)))
		return;
	if (!all_zero(after, l->out, l->more < end ? l->more : end) ||
	    !all_zero(after, l->more_out, end))
		oracle_complain(f, a, "it failed and left results");
}

static void check_moved(struct fuzzer *f, const struct action *a, uint64_t bytes,
			uint64_t len)
{
	if (bytes > len || bytes > MOST)
		oracle_complain(f, a, "%llu bytes of %llu",
				(unsigned long long)bytes,
				(unsigned long long)len);
}

/* Somebody else may take the datagram whose length a pull has looked at. */
static uint64_t most_pulled(const struct fuzzer *f, uint64_t len,
			    uint32_t result)
{
	return result & SPLICEVEC_RECORD && !f->alone ? MOST : len;
}

static void check_pull(struct fuzzer *f, const struct action *a,
		       const struct splicevec_pull *now)
{
	check_moved(f, a, now->bytes, most_pulled(f, now->len, now->result));
	if (now->result & ~(SPLICEVEC_COPIED | SPLICEVEC_RECORD) ||
	    now->reserved2)
		oracle_complain(f, a, "result %#x, reserved %#x", now->result,
				now->reserved2);
	if (a->cmd.pull.flags & SPLICEVEC_COPY && now->bytes &&
	    !(now->result & SPLICEVEC_COPIED))
		oracle_complain(f, a, "no copy");
	promises_check_pull(f, a, now);
}

static void check_push(struct fuzzer *f, const struct action *a,
		       const struct splicevec_push *now)
{
	/* a CQE that is the end of a push says it in the struct */
	uint32_t known = SPLICEVEC_ESTIMATED |
			 (a->ring ? SPLICEVEC_CHANGED | SPLICEVEC_UNSTABLE : 0);
	uint32_t pins = SPLICEVEC_STRICT | SPLICEVEC_STABLE;

	check_moved(f, a, now->bytes, now->len);
	if (now->pinned > now->bytes || (now->pinned && ~now->flags & pins))
		oracle_complain(f, a, "pinned %llu of %llu",
				(unsigned long long)now->pinned,
				(unsigned long long)now->bytes);
	if (now->copied > now->bytes || now->result & ~known ||
	    now->reserved2)
		oracle_complain(f, a, "copied %llu of %llu, result %#x, reserved %#x",
				(unsigned long long)now->copied,
				(unsigned long long)now->bytes, now->result,
				now->reserved2);
	/* it would not tell when it lets go */
	if (f->alone && a->cmd.push.flags & SPLICEVEC_STRICT &&
	    is_vector_slot(now->fd) && now->copied != now->bytes)
		oracle_complain(f, a, "a vector got more than copies");
	if (f->alone && a->cmd.push.flags & SPLICEVEC_STABLE && now->bytes &&
	    is_private_vector(now->fd))
		stable_check(f, a, now);
	promises_check_push(f, a, now);
}

static void check_splice(struct fuzzer *f, const struct action *a,
			 const struct splicevec_splice *now)
{
	uint32_t why = SPLICEVEC_EOF | SPLICEVEC_IN_AGAIN | SPLICEVEC_OUT_AGAIN;
	uint32_t known = why | SPLICEVEC_ESTIMATED | SPLICEVEC_RECORD;

	check_moved(f, a, now->pulled, most_pulled(f, now->len, now->result));
	/* it stops for one reason */
	if (now->copied > now->pushed || now->result & ~known ||
	    __builtin_popcount(now->result & why) > 1 || now->reserved)
		oracle_complain(f, a, "copied %llu of %llu, result %#x, reserved %#x",
				(unsigned long long)now->copied,
				(unsigned long long)now->pushed, now->result,
				now->reserved);
}

static void check_info(struct fuzzer *f, const struct action *a,
		       const struct splicevec_info *now)
{
	bool empty = now->head == now->tail;

	if (now->head > now->tail || now->loans > now->spans ||
	    !now->spans != empty || !now->loans != empty ||
	    !now->pages != empty)
		oracle_complain(f, a, "head %llu, tail %llu, spans %llu, loans %llu, pages %llu",
				(unsigned long long)now->head,
				(unsigned long long)now->tail,
				(unsigned long long)now->spans,
				(unsigned long long)now->loans,
				(unsigned long long)now->pages);
}

static bool good_span(const struct splicevec_span *span)
{
	return span->len && span->kind && span->kind < SPLICEVEC_KINDS &&
	       !(span->flags & ~(SPLICEVEC_SPAN_LOAN | SPLICEVEC_SPAN_WRITABLE)) &&
	       (span->kind == SPLICEVEC_CACHE ||
		!(span->flags & SPLICEVEC_SPAN_WRITABLE)) && span->loan;
}

static void check_spans(struct fuzzer *f, const struct action *a,
			const struct splicevec_spans *now)
{
	const struct splicevec_span *spans = desk_spans(f);
	uint64_t room = (uint64_t)now->capacity * sizeof(*spans);
	uint32_t i;

	if (now->count > now->capacity || now->count > DESK_SPANS ||
	    now->reserved) {
		oracle_complain(f, a, "%u spans, reserved %#x", now->count,
				now->reserved);
		return;
	}
	if (now->addr != (uintptr_t)spans)
		return;
	for (i = 0; i < now->count; i++)
		if (!good_span(&spans[i]) ||
		    (i && spans[i].offset !=
			  spans[i - 1].offset + spans[i - 1].len))
			oracle_complain(f, a, "span %u of %u", i, now->count);
	if (!guard_is_whole(f, room, room + sizeof(*spans)))
		oracle_complain(f, a, "it wrote behind %u spans", now->capacity);
}

static bool good_route(const struct splicevec_features *now, unsigned int kind,
		       unsigned int route, unsigned int why)
{
	if (now->fd == -1 || !kind || kind >= SPLICEVEC_KINDS)
		return !route && !why;
	return route <= SPLICEVEC_ROUTE_COPIED &&
	       why <= SPLICEVEC_WHY_UNSTABLE &&
	       (route == SPLICEVEC_ROUTE_COPIED) == (why > 0);
}

static void check_features(struct fuzzer *f, const struct action *a,
			   const struct splicevec_features *now)
{
	const uint64_t known = SPLICEVEC_FEAT_SPLICE_PAGES |
			       SPLICEVEC_FEAT_TRACKED_SOCK |
			       SPLICEVEC_FEAT_TRACKED_PIPE |
			       SPLICEVEC_FEAT_PIN_READONLY |
			       SPLICEVEC_FEAT_URING |
			       SPLICEVEC_FEAT_URING_STRICT |
			       SPLICEVEC_FEAT_STABLE | SPLICEVEC_FEAT_VERIFY |
			       SPLICEVEC_FEAT_STABLE_PIN;
	unsigned int kind;

	if (now->features & ~known)
		oracle_complain(f, a, "features %#llx",
				(unsigned long long)now->features);
	for (kind = 0; kind < ARRAY_LEN(now->routes); kind++)
		if (!good_route(now, kind, now->routes[kind], now->reasons[kind]) ||
		    !good_route(now, kind, now->strict_routes[kind],
				now->strict_reasons[kind]) ||
		    !good_route(now, kind, now->stable_routes[kind],
				now->stable_reasons[kind]) ||
		    (now->size >= sizeof(*now) &&
		     !good_route(now, kind, now->pin_routes[kind],
				 now->pin_reasons[kind])))
			oracle_complain(f, a, "kind %u: route %u, reason %u",
					kind, now->routes[kind],
					now->reasons[kind]);
}

static void check_cancel(struct fuzzer *f, const struct action *a,
			 const struct splicevec_cancel *now)
{
	if (!now->count || now->reserved)
		oracle_complain(f, a, "%u called off, reserved %#x", now->count,
				now->reserved);
}

/* A CQE has the number that the struct has. */
static void check_cqe(struct fuzzer *f, const struct action *a,
		      const union fuzzed *now)
{
	uint64_t bytes = a->op == OP_PULL ? now->pull.bytes :
			 a->op == OP_PUSH ? now->push.bytes : now->splice.pushed;

	if (a->told && (uint64_t)a->cqe != (bytes < INT_MAX ? bytes : INT_MAX))
		oracle_complain(f, a, "CQE of %d, %llu bytes", a->cqe,
				(unsigned long long)bytes);
}

static void check_policy(struct fuzzer *f, const struct action *a,
			 const struct splicevec_policy *now)
{
	if (now->was & ~POLICY_FLAGS)
		oracle_complain(f, a, "policy %#llx", (unsigned long long)now->was);
}

static void check_worked(struct fuzzer *f, const struct action *a,
			 const unsigned char *after)
{
	/* what an older caller does not know of is nothing */
	union fuzzed now = {};

	memcpy(&now, after, struct_size(a));
	check_cqe(f, a, &now);
	switch (a->op) {
	case OP_PULL:
		check_pull(f, a, &now.pull);
		break;
	case OP_PUSH:
		check_push(f, a, &now.push);
		break;
	case OP_SPLICE:
		check_splice(f, a, &now.splice);
		break;
	case OP_INFO:
		check_info(f, a, &now.info);
		break;
	case OP_SPANS:
		check_spans(f, a, &now.spans);
		break;
	case OP_FEATURES:
		check_features(f, a, &now.features);
		break;
	case OP_REAP:
		promises_check_reap(f, a, &now.reap);
		break;
	case OP_CANCEL:
		check_cancel(f, a, &now.cancel);
		break;
	case OP_POLICY:
		check_policy(f, a, &now.policy);
		break;
	default:
		break;
	}
}

static void check_result(struct fuzzer *f, const struct action *a,
			 const struct verdict *v)
{
	/* called off before anybody looked at it */
	bool never = a->ring && a->ret == -ECANCELED;

	if (a->ret > 0)
		oracle_complain(f, a, "neither 0 nor an error");
	if (v->nr && !never && !errno_is_one_of(-a->ret, v->errors, v->nr))
		oracle_complain(f, a, "expected %s", errno_name(v->errors[0]));
	if (v->fails && a->ret >= 0)
		oracle_complain(f, a, "expected an error");
	if (a->op == OP_REAP && a->ret == -EINTR)
		promises_check_interrupted(f, a);
	if (sigpipe_came())
		oracle_complain(f, a, "SIGPIPE");
}

void results_check(struct fuzzer *f, const struct action *a,
		   const struct verdict *expected, const unsigned char *before,
		   const unsigned char *after, size_t size)
{
	const struct layout *l = &layouts[a->op];
	size_t out = l->out, end = struct_size(a);
	size_t more_out = l->more_out < end ? l->more_out : end;

	if (!is_vector_slot(a->fd))
		return;
	check_result(f, a, expected);
	oracle_errno(f, a);
	if (!after)
		return;
	if (memcmp(before, after, size < out ? size : out) ||
	    (size >= end && l->more < more_out &&
	     memcmp(before + l->more, after + l->more, more_out - l->more)) ||
	    (size > end && memcmp(before + end, after + end, size - end)))
		oracle_complain(f, a, "it wrote to what is no result");
	if (a->ret < 0)
		check_failed(f, a, expected, before, after, size);
	else
		check_worked(f, a, after);
}
