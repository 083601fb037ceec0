// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a command must do, known before it is run: the errors it may give, and whether
 * it may write to its struct. What it wrote is for results.c.
 *
 * Where other threads may change fds or memory meanwhile less is known.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PULL_WAYS	(SPLICEVEC_COPY | SPLICEVEC_UNCACHED | SPLICEVEC_LAZY)
#define PULL_FLAGS	(SPLICEVEC_NONBLOCK | PULL_WAYS | SPLICEVEC_NOTIFY)
#define PUSH_FLAGS	(SPLICEVEC_NONBLOCK | SPLICEVEC_KEEP |		\
			 SPLICEVEC_NOCOPY | SPLICEVEC_MORE |		\
			 SPLICEVEC_STRICT | SPLICEVEC_STABLE |		\
			 SPLICEVEC_VERIFY)
#define SPLICE_FLAGS	(SPLICEVEC_NONBLOCK | SPLICEVEC_NOCOPY |	\
			 SPLICEVEC_STABLE)
/* Lines for one finding; after so many nobody reads on. */
#define COMPLAINTS	20

void oracle_complain(struct fuzzer *f, const struct action *a, const char *fmt,
		     ...)
{
	unsigned int complaints = atomic_fetch_add(&shared->failures, 1);
	char what[256], text[512], line[sizeof(shared->first_failure)];
	va_list args;

	if (complaints >= COMPLAINTS)
		return;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	describe_action(a, text, sizeof(text));
	snprintf(line, sizeof(line), "# process %u generation %u thread %u: %s\n#   %s\n",
		 f->process, f->process_record->generation, f->thread, what,
		 text);
	say("%s", line);
	if (complaints)
		return;
	/* the first is what the others may follow from */
	memcpy(shared->first_failure, line, sizeof(line));
	record_print(f->process);
}

void oracle_errno(struct fuzzer *f, const struct action *a)
{
	if (a->ret < 0 && is_vector_slot(a->fd) && !errno_is_documented(a, -a->ret))
		oracle_complain(f, a, "no documented error");
}

static void expect(struct verdict *v, int err)
{
	v->errors[v->nr++] = err;
}

/* Can the struct be had at all? */
static bool expect_struct(struct verdict *v, const struct action *a)
{
	uint32_t size = a->cmd.size;
	bool there = a->desk < DESK_NOWHERE &&
		     (a->desk != DESK_STRADDLE || a->cut >= sizeof(size));

	v->untouched = a->desk != DESK_STRADDLE;
	if (!there)
		expect(v, EFAULT);
	else if (size < layouts[a->op].min)
		expect(v, EINVAL);
	else if (size > PAGE)
		expect(v, E2BIG);
	else if (a->dirt)
		expect(v, E2BIG);
	if (there && a->dirt && a->desk == DESK_STRADDLE)
		expect(v, EFAULT);
	if (!v->nr && (a->desk == DESK_STRADDLE || a->desk == DESK_READONLY))
		expect(v, EFAULT);
	if (!v->nr)
		v->untouched = false;
	return !v->nr;
}

static bool bad_memory(int fd, uint64_t addr, uint32_t iovs)
{
	return fd != SPLICEVEC_FD_MEM && (addr || iovs);
}

static bool bad_stride(uint32_t stride)
{
	return stride < sizeof(struct splicevec_completion) || stride % 8 ||
	       stride > PAGE;
}

static bool bad_reap(const struct splicevec_reap *reap)
{
	return reap->flags & ~SPLICEVEC_REAP_EVENTFD ||
	       reap->min > reap->capacity || reap->min > SPLICEVEC_REAP_MAX ||
	       (reap->capacity && bad_stride(reap->stride)) ||
	       (reap->eventfd && !(reap->flags & SPLICEVEC_REAP_EVENTFD));
}

static bool bad_policy(const struct splicevec_policy *policy)
{
	return policy->set & ~POLICY_FLAGS || policy->flags & ~policy->set ||
	       policy->reserved;
}

static bool bad_push(const struct splicevec_push *push)
{
	return (push->user_data && !(push->flags & SPLICEVEC_STRICT)) ||
	       push->flags & ~PUSH_FLAGS ||
	       (push->flags & SPLICEVEC_VERIFY &&
		!(push->flags & SPLICEVEC_STRICT)) ||
	       (push->start && !(push->flags & SPLICEVEC_KEEP)) ||
	       (push->stable_ms && !(push->flags & SPLICEVEC_STABLE)) ||
	       push->reserved3 ||
	       bad_memory(push->fd, push->addr, push->iovs);
}

/* The struct as the command reads it: what an older caller does not know is 0. */
static union fuzzed known_part(const struct action *a)
{
	union fuzzed known = {};

	memcpy(&known, &a->cmd, struct_size(a));
	return known;
}

/* What is wrong without a look at any fd. */
static bool is_invalid(const struct action *a)
{
	const union fuzzed known = known_part(a);
	const struct splicevec_pull *pull = &a->cmd.pull;
	const struct splicevec_splice *splice = &a->cmd.splice;

	switch (a->op) {
	case OP_PULL:
		return (pull->user_data && !(pull->flags & SPLICEVEC_NOTIFY)) ||
		       pull->flags & ~PULL_FLAGS ||
		       __builtin_popcount(pull->flags & PULL_WAYS) > 1 ||
		       bad_memory(pull->fd, pull->addr, pull->iovs);
	case OP_PUSH:
		return bad_push(&known.push);
	case OP_SPLICE:
		return splice->flags & ~SPLICE_FLAGS ||
		       splice->in == SPLICEVEC_FD_MEM ||
		       splice->out == SPLICEVEC_FD_MEM;
	case OP_INFO:
		return a->cmd.info.reserved;
	case OP_REAP:
		return bad_reap(&a->cmd.reap);
	case OP_CANCEL:
		return a->cmd.cancel.flags;
	case OP_POLICY:
		return bad_policy(&a->cmd.policy);
	default:
		return false;
	}
}

/* The vector itself is not open for this; @mode: its F_GETFL */
static bool is_wrong_way(const struct action *a, int mode)
{
	mode &= O_ACCMODE;
	switch (a->op) {
	case OP_PULL:
		return mode == O_RDONLY;
	case OP_PUSH:
	case OP_REAP:
	case OP_CANCEL:
	case OP_POLICY:
		return mode == O_WRONLY;
	case OP_SPLICE:
		return mode != O_RDWR;
	default:
		return false;
	}
}

static bool is_closed(int fd)
{
	int mode = fcntl(fd, F_GETFL);

	return mode < 0 || mode & O_PATH;
}

static bool is_closed_for(int fd, int wrong_mode)
{
	if (fd == SPLICEVEC_FD_MEM ||
	    (fd == SPLICEVEC_FD_NONE && wrong_mode == O_RDONLY))
		return false;
	return is_closed(fd) ||
	       (fcntl(fd, F_GETFL) & O_ACCMODE) == wrong_mode;
}

static void expect_fds(struct verdict *v, const struct action *a)
{
	switch (a->op) {
	case OP_PULL:
		if (is_closed_for(a->cmd.pull.fd, O_WRONLY))
			expect(v, EBADF);
		break;
	case OP_PUSH:
		if (is_closed_for(a->cmd.push.fd, O_RDONLY))
			expect(v, EBADF);
		break;
	case OP_FEATURES:
		if (a->cmd.features.fd != -1 &&
		    is_closed_for(a->cmd.features.fd, O_RDONLY))
			expect(v, EBADF);
		break;
	case OP_SPLICE:
		if (is_closed_for(a->cmd.splice.in, O_WRONLY)) {
			expect(v, EBADF);
		} else if (is_closed_for(a->cmd.splice.out, O_RDONLY)) {
			expect(v, EBADF);
			/* the source has a say first */
			expect(v, EOPNOTSUPP);
		}
		break;
	case OP_REAP:
		if (a->cmd.reap.flags && a->cmd.reap.eventfd != -1 &&
		    is_closed(a->cmd.reap.eventfd))
			expect(v, EBADF);
		break;
	case OP_CANCEL:
		/* pushes of other threads are what could be called off */
		if (is_private_vector(a->fd) && !a->waited_for)
			expect(v, EALREADY);
		break;
	default:
		break;
	}
}

static bool bad_offset(int64_t offset)
{
	return offset < -1;
}

/* Numbers that are wrong whatever the fds are; fds may be found wrong before. */
static bool is_impossible(const struct action *a)
{
	const struct splicevec_pull *pull = &a->cmd.pull;
	const struct splicevec_push *push = &a->cmd.push;
	const struct splicevec_splice *splice = &a->cmd.splice;

	switch (a->op) {
	case OP_PULL:
		return bad_offset(pull->offset) || pull->iovs > 1024 ||
		       (pull->fd == SPLICEVEC_FD_MEM && pull->offset != -1);
	case OP_PUSH:
		return bad_offset(push->offset) || push->iovs > 1024 ||
		       bad_offset(push->start) ||
		       ((push->fd == SPLICEVEC_FD_MEM ||
			 push->fd == SPLICEVEC_FD_NONE) && push->offset != -1);
	case OP_SPLICE:
		return bad_offset(splice->in_offset) ||
		       bad_offset(splice->out_offset);
	default:
		return false;
	}
}

static bool is_into_itself(const struct action *a)
{
	switch (a->op) {
	case OP_PUSH:
		return a->cmd.push.fd == a->fd;
	case OP_SPLICE:
		return a->cmd.splice.out == a->fd;
	case OP_FEATURES:
		return a->cmd.features.fd == a->fd;
	default:
		return false;
	}
}

/* Spans that have users already, and nobody is told of their end. */
static bool is_shared_before(const struct action *a)
{
	const struct splicevec_pull *pull = &a->cmd.pull;

	return a->op == OP_PULL && pull->flags & SPLICEVEC_NOTIFY &&
	       !(pull->flags & SPLICEVEC_COPY) && is_vector_slot(pull->fd);
}

static void expect_command(struct verdict *v, const struct fuzzer *f,
			   const struct action *a, int mode)
{
	if (!expect_struct(v, a))
		return;
	if (is_invalid(a)) {
		expect(v, EINVAL);
		return;
	}
	v->fails = is_impossible(a);
	/* anything may be behind the same fd when it is looked at again */
	if (!f->alone)
		return;
	if (is_wrong_way(a, mode))
		expect(v, EBADF);
	else
		expect_fds(v, a);
	v->fails |= is_into_itself(a) || is_shared_before(a);
}

struct verdict oracle_expect(const struct fuzzer *f, const struct action *a)
{
	struct verdict v = {};
	int mode;

	if (!is_vector_slot(a->fd))
		return v;
	mode = fcntl(a->fd, F_GETFL);
	if (f->alone && mode < 0) {
		v.untouched = true;
		expect(&v, EBADF);
		return v;
	}
	if (a->op == OP_UNKNOWN) {
		v.untouched = true;
		expect(&v, ENOTTY);
	} else {
		expect_command(&v, f, a, mode);
	}
	/* it may be closed at any time */
	if (v.nr && !f->alone)
		expect(&v, EBADF);
	return v;
}
