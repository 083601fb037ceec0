// SPDX-License-Identifier: GPL-2.0-only
/*
 * The door for io_uring: PULL, PUSH and SPLICE with the structs of the ioctls.
 *
 * Whoever submits must not wait, so the first try is made without: what would have
 * to wait, or of which that cannot be known, is issued again by a thread of io_uring,
 * which may. Between the two a request can be given up without anybody being told:
 * so what is kept of it meanwhile is a few numbers inside the request, and nothing
 * that would have to be let go. The struct is read anew.
 *
 * A thread that waits does so interruptibly, and io_uring interrupts it when the ring
 * or its owner goes away.
 */
#include "uring.h"

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "args.h"
#include "command.h"
#include "compat/uring.h"
#include "completion.h"
#include "pull.h"
#include "push.h"
#include "splice.h"
#include "vector.h"

/**
 * struct progress - what a request keeps from one issue to the next
 * @user: the caller's struct
 * @start: of a KEEP push that has begun: where it goes on
 * @bytes: pushed so far
 * @copied: how many of them were copied
 * @result: enum splicevec_result so far
 */
struct progress {
	u64 user;
	s64 start;
	u32 bytes;
	u32 copied;
	u32 result;
};

/**
 * struct strict - a STRICT push whose CQE is its completion
 * @recipient: is told of the completion
 * @lock: protects @cmd, @told, @canceled and @record until it was told
 * @refs: the completion's and the request's
 * @cmd: the request, once it waits for the completion and until somebody has taken
 *	it upon himself to complete it
 * @told: the completion came
 * @canceled: the request is given up
 * @record: what the completion said
 * @user: the caller's struct
 * @layout: of it
 * @args: with the results of the hand-over
 *
 * The request holds the vector, and with it the module, until it is completed.
 */
struct strict {
	struct sv_recipient recipient;
	spinlock_t lock;
	refcount_t refs;
	struct io_uring_cmd *cmd;
	bool told;
	bool canceled;
	struct splicevec_completion record;
	void __user *user;
	const struct sv_args_layout *layout;
	struct splicevec_push args;
};

static struct progress *progress_of(struct io_uring_cmd *cmd)
{
	BUILD_BUG_ON(sizeof(struct progress) > sizeof(cmd->pdu));
	return (struct progress *)cmd->pdu;
}

/* In place of the progress, when that is over. */
static struct strict **strict_of(struct io_uring_cmd *cmd)
{
	return (struct strict **)cmd->pdu;
}

static void strict_put(struct strict *strict)
{
	if (refcount_dec_and_test(&strict->refs))
		kfree(strict);
}

/*
 * Make the results in the caller's struct final. Only if the submitter has died while
 * others have the ring this runs as a thread of the kernel: then there is no struct.
 *
 * Return: what the CQE says.
 */
static s32 strict_result(struct strict *strict)
{
	bool submitter = current->mm && !(current->flags & PF_KTHREAD);

	strict->args.copied = strict->record.copied;
	strict->args.result &= ~SPLICEVEC_ESTIMATED;
	strict->args.result |= strict->record.flags;
	if (submitter &&
	    sv_args_copy_out(&strict->args, strict->layout, strict->user))
		return -EFAULT;
	return strict->record.status ?: strict->record.bytes;
}

static void strict_finish(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct strict *strict = *strict_of(cmd);

	sv_uring_done(cmd, strict_result(strict), issue_flags);
	strict_put(strict);
}

SV_URING_TASK_WORK(strict_finish_work, strict_finish);

static void strict_tell(struct sv_recipient *recipient,
			const struct splicevec_completion *record)
{
	struct strict *strict = container_of(recipient, struct strict, recipient);
	struct io_uring_cmd *cmd;

	spin_lock(&strict->lock);
	strict->record = *record;
	strict->told = true;
	cmd = strict->cmd;
	strict->cmd = NULL;
	spin_unlock(&strict->lock);
	if (cmd)
		io_uring_cmd_complete_in_task(cmd, strict_finish_work);
	strict_put(strict);
}

static struct strict *strict_alloc(void __user *user,
				   const struct sv_args_layout *layout)
{
	struct strict *strict = kzalloc(sizeof(*strict), GFP_KERNEL_ACCOUNT);

	if (!strict)
		return NULL;
	spin_lock_init(&strict->lock);
	refcount_set(&strict->refs, 2);
	strict->recipient.tell = strict_tell;
	strict->user = user;
	strict->layout = layout;
	return strict;
}

/* The push goes on, and its loans with it; but nobody waits for it any more. */
static int strict_cancel(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct strict *strict = *strict_of(cmd);
	bool mine;

	spin_lock(&strict->lock);
	mine = strict->cmd;
	strict->cmd = NULL;
	strict->canceled = true;
	spin_unlock(&strict->lock);
	if (mine) {
		sv_uring_done(cmd, -ECANCELED, issue_flags);
		strict_put(strict);
	}
	return 0;
}

/*
 * Wait for the completion, which may have come long ago. From when it is said that
 * the request can be canceled it can be, before it waits as well.
 */
static void strict_wait(struct strict *strict, struct io_uring_cmd *cmd,
			unsigned int issue_flags)
{
	bool told, wait;

	*strict_of(cmd) = strict;
	io_uring_cmd_mark_cancelable(cmd, issue_flags);
	spin_lock(&strict->lock);
	told = strict->told;
	wait = !told && !strict->canceled;
	if (wait)
		strict->cmd = cmd;
	spin_unlock(&strict->lock);
	if (wait)
		return;
	sv_uring_done(cmd, told ? strict_result(strict) : -ECANCELED, issue_flags);
	strict_put(strict);
}

/*
 * A push whose CQE comes with its completion. It is made in one go: a part of one
 * could not be given up without a trace.
 */
static int push_strict(struct io_uring_cmd *cmd, unsigned int issue_flags,
		       const struct sv_command *command,
		       struct splicevec_push *args)
{
	struct sv_attempt attempt = { .nowait = issue_flags & IO_URING_F_NONBLOCK };
	void __user *user = u64_to_user_ptr(progress_of(cmd)->user);
	struct strict *strict = strict_alloc(user, &command->layout);
	int err;

	if (!strict)
		return -ENOMEM;
	attempt.recipient = &strict->recipient;
	err = sv_push(cmd->file->private_data, args, &attempt);
	if (err) {
		kfree(strict);
		return err;
	}
	strict->args = *args;
	/* what the struct says should the request be given up */
	sv_args_copy_out(args, &command->layout, user);
	strict_wait(strict, cmd, issue_flags);
	return -EIOCBQUEUED;
}

/* What was pushed before counts, and is left out of what is still to be pushed. */
static void push_resume(struct splicevec_push *args,
			const struct progress *progress)
{
	args->len = min_t(u64, args->len, MAX_RW_COUNT);
	args->len -= min_t(u64, args->len, progress->bytes);
	if (progress->bytes && (args->flags & SPLICEVEC_KEEP))
		args->start = progress->start;
}

static void push_add(struct splicevec_push *args, struct progress *progress)
{
	args->bytes += progress->bytes;
	args->copied += progress->copied;
	args->result |= progress->result;
}

/*
 * Return: 0; -SV_EWAIT: there is more to do, where one may wait; or what else went
 * wrong with nothing pushed.
 */
static int push_some(struct io_uring_cmd *cmd, unsigned int issue_flags,
		     struct splicevec_push *args)
{
	struct sv_attempt attempt = { .nowait = issue_flags & IO_URING_F_NONBLOCK };
	struct progress *progress = progress_of(cmd);
	int err;

	push_resume(args, progress);
	err = sv_push(cmd->file->private_data, args, &attempt);
	/* as after any short count, the next command meets the error */
	if (err && (attempt.nowait || !progress->bytes))
		return err;
	push_add(args, progress);
	if (!attempt.nowait || !attempt.left || (args->flags & SPLICEVEC_NONBLOCK))
		return 0;
	progress->start = attempt.next;
	progress->bytes = args->bytes;
	progress->copied = args->copied;
	progress->result = args->result;
	return -SV_EWAIT;
}

static int issue_push(struct io_uring_cmd *cmd, unsigned int issue_flags,
		      const struct sv_command *command,
		      struct splicevec_push *args)
{
	bool nowait = issue_flags & IO_URING_F_NONBLOCK;

	if (!(args->flags & SPLICEVEC_STRICT))
		return push_some(cmd, issue_flags, args);
	/* if this took but a part, the record of that could not be given up */
	if (nowait && !(args->flags & SPLICEVEC_NONBLOCK))
		return -SV_EWAIT;
	if (SV_URING_STRICT)
		return push_strict(cmd, issue_flags, command, args);
	return push_some(cmd, issue_flags, args);
}

/* Return: 0; -SV_EWAIT: issue it where one may wait; or a negative errno. */
static int run(struct io_uring_cmd *cmd, unsigned int issue_flags,
	       const struct sv_command *command, union sv_args *args)
{
	struct sv_vector *vec = cmd->file->private_data;
	bool nowait = issue_flags & IO_URING_F_NONBLOCK;

	switch (command->number) {
	case SPLICEVEC_PULL:
		return sv_pull(vec, &args->pull, nowait);
	case SPLICEVEC_PUSH:
		return issue_push(cmd, issue_flags, command, &args->push);
	default:
		return nowait ? -SV_EWAIT : sv_splice(vec, &args->splice);
	}
}

static bool is_nonblock(const struct sv_command *command,
			const union sv_args *args)
{
	u32 flags = command->number == SPLICEVEC_PULL ? args->pull.flags :
		    command->number == SPLICEVEC_PUSH ? args->push.flags :
							args->splice.flags;

	return flags & SPLICEVEC_NONBLOCK;
}

static u64 moved(const struct sv_command *command, const union sv_args *args)
{
	switch (command->number) {
	case SPLICEVEC_PULL:
		return args->pull.bytes;
	case SPLICEVEC_PUSH:
		return args->push.bytes;
	default:
		return args->splice.pushed;
	}
}

static u32 pieces(const struct sv_command *command, const union sv_args *args)
{
	return command->number == SPLICEVEC_PULL ? args->pull.iovs :
	       command->number == SPLICEVEC_PUSH ? args->push.iovs : 0;
}

/* Return: the result; -SV_EWAIT: issue it where one may wait; -EIOCBQUEUED. */
static int issue(struct io_uring_cmd *cmd, unsigned int issue_flags,
		 const struct sv_command *command)
{
	void __user *user = u64_to_user_ptr(progress_of(cmd)->user);
	bool nowait = issue_flags & IO_URING_F_NONBLOCK;
	union sv_args args;
	int ret;

	ret = sv_args_copy_in(&args, &command->layout, user) ?:
	      sv_command_check(command, cmd->file, &args);
	if (ret)
		return ret;
	/* the kernel reads a 32-bit list of pieces in a 32-bit call only */
	if (pieces(command, &args) && sv_uring_compat(cmd, issue_flags))
		return -EOPNOTSUPP;
	ret = run(cmd, issue_flags, command, &args);
	if (ret == -EAGAIN && nowait && !is_nonblock(command, &args))
		ret = -SV_EWAIT;
	if (!ret || ret == -SV_EWAIT)
		ret = sv_args_copy_out(&args, &command->layout, user) ?: ret;
	return ret ?: min_t(u64, moved(command, &args), INT_MAX);
}

/* Read the submission, which says the same only once. */
static int begin(struct io_uring_cmd *cmd)
{
	const u64 *payload = sv_uring_payload(cmd);
	struct progress progress = {};

	if (!payload)
		return -ESTALE;
	if (READ_ONCE(payload[1]) || (cmd->flags & IORING_URING_CMD_MASK))
		return -EINVAL;
	progress.user = READ_ONCE(payload[0]);
	*progress_of(cmd) = progress;
	return 0;
}

static bool has_door(const struct sv_command *command)
{
	return command->number == SPLICEVEC_PULL ||
	       command->number == SPLICEVEC_PUSH ||
	       command->number == SPLICEVEC_SPLICE;
}

/**
 * sv_uring_cmd - IORING_OP_URING_CMD on a vector
 * @cmd: the command; its file is the vector's and held until it is completed
 * @issue_flags: IO_URING_F_NONBLOCK: whoever calls must not wait;
 *	IO_URING_F_CANCEL: give up a command that waits
 *
 * Context: process: the submitter, with the ring locked, or a thread of io_uring.
 * Return: -EIOCBQUEUED: it was completed, or will be; -EAGAIN: issue it again where one
 * may wait; or the result: 0 or another negative errno.
 */
int sv_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	const struct sv_command *command;
	int ret;

	if (issue_flags & IO_URING_F_CANCEL)
		return strict_cancel(cmd, issue_flags);
	command = sv_command_find(cmd->cmd_op);
	if (!command)
		return -ENOTTY;
	if (!has_door(command) || sv_uring_polled(cmd))
		return -EOPNOTSUPP;
	ret = cmd->flags & SV_URING_REISSUE ? 0 : begin(cmd);
	if (ret)
		return ret;
	ret = issue(cmd, issue_flags, command);
	if (ret == -SV_EWAIT) {
		cmd->flags |= SV_URING_REISSUE;
		return -EAGAIN;
	}
	/* a result, and no wish to be asked again; 6.1 takes counts for failures */
	if (ret > 0 || ret == -EAGAIN) {
		sv_uring_done(cmd, ret, issue_flags);
		return -EIOCBQUEUED;
	}
	return ret;
}
