// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands as a table, for whichever door they come through.
 */
#include "command.h"

#include <linux/uaccess.h>

#include "features.h"
#include "loan.h"
#include "pull.h"
#include "push.h"
#include "reap.h"
#include "splice.h"
#include "vector.h"

/* Spans that one SPANS call writes at the most; see the ABI header. */
#define SV_SPANS_CALL	4096

static int check_pull(const union sv_args *args)
{
	return sv_args_check_pull(&args->pull);
}

static long run_pull(struct sv_vector *vec, union sv_args *args)
{
	return sv_pull(vec, &args->pull, false);
}

static int check_push(const union sv_args *args)
{
	return sv_args_check_push(&args->push);
}

static long run_push(struct sv_vector *vec, union sv_args *args)
{
	struct sv_attempt whole = {};

	return sv_push(vec, &args->push, &whole);
}

static int check_splice(const union sv_args *args)
{
	return sv_args_check_splice(&args->splice);
}

static long run_splice(struct sv_vector *vec, union sv_args *args)
{
	return sv_splice(vec, &args->splice);
}

static int check_info(const union sv_args *args)
{
	return args->info.reserved ? -EINVAL : 0;
}

/**
 * sv_command_info - the INFO command
 * @vec: vector, held by the caller
 * @info: results are set
 */
void sv_command_info(struct sv_vector *vec, struct splicevec_info *info)
{
	const struct sv_spans *spans;

	spin_lock(&vec->lock);
	spans = sv_vector_spans(vec);
	info->head = spans->head;
	info->tail = spans->tail;
	info->spans = spans->nr;
	info->loans = spans->loans;
	info->pages = spans->pages;
	spin_unlock(&vec->lock);
}

static long run_info(struct sv_vector *vec, union sv_args *args)
{
	sv_command_info(vec, &args->info);
	return 0;
}

static void span_to_user(const struct sv_span *span, u64 at,
			 struct splicevec_span *to)
{
	to->offset = at;
	to->len = span->len;
	to->kind = span->loan->kind;
	to->flags = 0;
	if (span->loan->kind == SPLICEVEC_CACHE || !span->loan->plain)
		to->flags |= SPLICEVEC_SPAN_LOAN;
	if (span->loan->writable)
		to->flags |= SPLICEVEC_SPAN_WRITABLE;
	to->loan = span->loan->serial;
	to->skip = sv_span_before(span);
}

/* Copies a window to user space outside the vector's lock. */
static long write_spans(const struct sv_spans *window, u64 at,
			struct splicevec_spans *args)
{
	struct splicevec_span __user *to = u64_to_user_ptr(args->addr);
	struct splicevec_span span;
	u32 i;

	for (i = 0; i < window->nr && i < args->capacity; i++) {
		span_to_user(sv_spans_at(window, i), at, &span);
		if (copy_to_user(&to[i], &span, sizeof(span)))
			return -EFAULT;
		at += span.len;
	}
	args->count = i;
	return 0;
}

static long run_spans(struct sv_vector *vec, union sv_args *args)
{
	struct sv_spans window = {};
	long err;
	u64 at;

	args->spans.capacity = min(args->spans.capacity, SV_SPANS_CALL);
	err = sv_vector_window_spans(vec, args->spans.start,
				     args->spans.capacity, &window, &at);
	if (!err)
		err = write_spans(&window, at, &args->spans);
	sv_spans_free(&window);
	return err;
}

static long run_features(struct sv_vector *vec, union sv_args *args)
{
	return sv_features(vec, &args->features);
}

static int check_reap(const union sv_args *args)
{
	return sv_args_check_reap(&args->reap);
}

static long run_reap(struct sv_vector *vec, union sv_args *args)
{
	return sv_reap(vec, &args->reap);
}

static bool reap_timed(const union sv_args *args)
{
	return args->reap.timeout < KTIME_MAX;
}

static int check_cancel(const union sv_args *args)
{
	return sv_args_check_cancel(&args->cancel);
}

static long run_cancel(struct sv_vector *vec, union sv_args *args)
{
	return sv_cancel(vec, &args->cancel);
}

static int check_policy(const union sv_args *args)
{
	return sv_args_check_policy(&args->policy);
}

static long run_policy(struct sv_vector *vec, union sv_args *args)
{
	args->policy.was = sv_vector_set_policy(vec, args->policy.set,
						args->policy.flags);
	return 0;
}

#define SV_LAYOUT(type, first_out, last)				\
	{								\
		.size = sizeof(struct type) + BUILD_BUG_ON_ZERO(	\
			(sizeof(struct type) | offsetof(struct type, first_out)) % 8), \
		.min = offsetofend(struct type, last),			\
		.out = offsetof(struct type, first_out),		\
		.more = sizeof(struct type),				\
		.more_out = sizeof(struct type),			\
	}

/* With arguments from @in2 up to @out2 that came behind the results. */
#define SV_LAYOUT_MORE(type, first_out, last, in2, out2)		\
	{								\
		.size = sizeof(struct type) + BUILD_BUG_ON_ZERO(	\
			(sizeof(struct type) | offsetof(struct type, first_out) | \
			 offsetof(struct type, in2) | offsetof(struct type, out2)) % 8), \
		.min = offsetofend(struct type, last),			\
		.out = offsetof(struct type, first_out),		\
		.more = offsetof(struct type, in2),			\
		.more_out = offsetof(struct type, out2),		\
	}

static const struct sv_command commands[] = {
	{ SPLICEVEC_PULL, FMODE_WRITE,
	  SV_LAYOUT(splicevec_pull, bytes, reserved2), check_pull, run_pull },
	{ SPLICEVEC_PUSH, FMODE_READ,
	  SV_LAYOUT_MORE(splicevec_push, bytes, reserved2, stable_ms, pinned),
	  check_push, run_push },
	{ SPLICEVEC_SPLICE, FMODE_READ | FMODE_WRITE,
	  SV_LAYOUT(splicevec_splice, pulled, reserved), check_splice, run_splice },
	{ SPLICEVEC_INFO, 0,
	  SV_LAYOUT(splicevec_info, head, pages), check_info, run_info },
	{ SPLICEVEC_SPANS, 0,
	  SV_LAYOUT(splicevec_spans, count, reserved), NULL, run_spans },
	{ SPLICEVEC_FEATURES, 0,
	  SV_LAYOUT(splicevec_features, features, stable_reasons), NULL, run_features },
	{ SPLICEVEC_REAP, FMODE_READ,
	  SV_LAYOUT(splicevec_reap, count, left), check_reap, run_reap,
	  reap_timed },
	{ SPLICEVEC_CANCEL, FMODE_READ,
	  SV_LAYOUT(splicevec_cancel, count, reserved), check_cancel, run_cancel },
	{ SPLICEVEC_POLICY, FMODE_READ,
	  SV_LAYOUT(splicevec_policy, was, was), check_policy, run_policy },
};

/**
 * sv_command_find - look a command up
 * @number: as the door was given it
 *
 * Return: its row, or NULL: there is no such command.
 */
const struct sv_command *sv_command_find(unsigned int number)
{
	const struct sv_command *command;

	if (_IOC_NR(number) >= ARRAY_SIZE(commands))
		return NULL;
	command = &commands[_IOC_NR(number)];
	return command->number == number ? command : NULL;
}

/**
 * sv_command_check - may a command be run?
 * @command: its row
 * @file: the vector's
 * @args: as copied in
 *
 * Return: 0, -EINVAL, or -EBADF: the vector is not open for it.
 */
int sv_command_check(const struct sv_command *command, const struct file *file,
		     const union sv_args *args)
{
	int err = command->check ? command->check(args) : 0;

	if (err)
		return err;
	return (file->f_mode & command->mode) == command->mode ? 0 : -EBADF;
}
