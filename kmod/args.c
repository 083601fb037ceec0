// SPDX-License-Identifier: GPL-2.0-only
/*
 * The structs of the commands: copying with the growth rule, and checks that
 * need nothing but the struct.
 */
#include "args.h"

#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

/*
 * The struct as this kernel knows it, which is what callers mostly have: read it
 * and clear its results in one access to user memory.
 */
static int exchange_words(u64 *to, u64 __user *user,
			  const struct sv_args_layout *layout)
{
	u64 *out = to + layout->out / sizeof(u64);
	u64 *more = to + layout->more / sizeof(u64);
	u64 *more_out = to + layout->more_out / sizeof(u64);
	u64 *end = to + layout->size / sizeof(u64);

	if (!user_access_begin(user, layout->size))
		return -EFAULT;
	for (; to < out; to++, user++)
		unsafe_get_user(*to, user, fault);
	for (; to < more; to++, user++) {
		*to = 0;
		unsafe_put_user(0, user, fault);
	}
	for (; to < more_out; to++, user++)
		unsafe_get_user(*to, user, fault);
	for (; to < end; to++, user++) {
		*to = 0;
		unsafe_put_user(0, user, fault);
	}
	user_access_end();
	return 0;
fault:
	user_access_end();
	return -EFAULT;
}

/* Clear some results, here and as far as the caller has them. */
static int clear_results(void *args, void __user *user, u32 size, u32 from, u32 to)
{
	memset(args + from, 0, to - from);
	to = min(to, size);
	return from < to && clear_user(user + from, to - from) ? -EFAULT : 0;
}

/* The struct of an older or a newer caller. */
static noinline int exchange(void *args, const struct sv_args_layout *layout,
			     void __user *user, u32 size)
{
	int err = copy_struct_from_user(args, layout->size, user, size);

	if (err)
		return err;
	return clear_results(args, user, size, layout->out, layout->more) ?:
	       clear_results(args, user, size, layout->more_out, layout->size);
}

/**
 * sv_args_copy_in - read a command's struct and clear its results
 * @args: @layout->size bytes
 * @layout: of the struct
 * @user: the caller's struct; begins with its size
 *
 * The results are cleared in the caller's struct before any work is done: what
 * cannot be told must not happen.
 *
 * Return: 0, -EFAULT, -EINVAL (too short) or -E2BIG.
 */
int sv_args_copy_in(void *args, const struct sv_args_layout *layout,
		    void __user *user)
{
	u32 size;
	int err;

	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < layout->min)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size == layout->size)
		err = exchange_words(args, user, layout);
	else
		err = exchange(args, layout, user, size);
	/* the caller may have changed it since it was looked at */
	*(u32 *)args = size;
	return err;
}

static int write_words(const u64 *from, u64 __user *user, size_t nr)
{
	const u64 *end = from + nr;

	if (!user_write_access_begin(user, nr * sizeof(u64)))
		return -EFAULT;
	for (; from < end; from++, user++)
		unsafe_put_user(*from, user, fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

static int write_results(const void *args, void __user *user, u32 from, u32 to)
{
	if (from >= to)
		return 0;
	args += from;
	user += from;
	if ((to - from) % sizeof(u64))
		return copy_to_user(user, args, to - from) ? -EFAULT : 0;
	return write_words(args, user, (to - from) / sizeof(u64));
}

/**
 * sv_args_copy_out - write a command's results
 * @args: @layout->size bytes, whose first field is still the caller's size
 * @layout: of the struct
 * @user: the caller's struct
 *
 * Return: 0 or -EFAULT: the memory went away while the command worked.
 */
int sv_args_copy_out(const void *args, const struct sv_args_layout *layout,
		     void __user *user)
{
	u32 size = min(*(const u32 *)args, layout->size);

	return write_results(args, user, layout->out, min(size, layout->more)) ?:
	       write_results(args, user, layout->more_out, size);
}

static int check_flags(u32 flags, u32 known)
{
	return flags & ~known ? -EINVAL : 0;
}

/* Only memory has an address and pieces. */
static int check_memory(s32 fd, u64 addr, u32 iovs)
{
	return fd != SPLICEVEC_FD_MEM && (addr || iovs) ? -EINVAL : 0;
}

/**
 * sv_args_check_pull - check what can be seen from the struct alone
 * @args: as copied in
 *
 * Return: 0 or -EINVAL.
 */
int sv_args_check_pull(const struct splicevec_pull *args)
{
	u32 way = args->flags & (SPLICEVEC_COPY | SPLICEVEC_UNCACHED |
				 SPLICEVEC_LAZY);

	/* these exclude each other: each is a way of its own to get the bytes */
	if (way & (way - 1))
		return -EINVAL;
	if (args->user_data && !(args->flags & SPLICEVEC_NOTIFY))
		return -EINVAL;
	return check_flags(args->flags, SPLICEVEC_NONBLOCK | SPLICEVEC_COPY |
					SPLICEVEC_UNCACHED | SPLICEVEC_LAZY |
					SPLICEVEC_NOTIFY) ?:
	       check_memory(args->fd, args->addr, args->iovs);
}

/**
 * sv_args_check_push - check what can be seen from the struct alone
 * @args: as copied in
 *
 * Return: 0 or -EINVAL.
 */
int sv_args_check_push(const struct splicevec_push *args)
{
	if (args->user_data && !(args->flags & SPLICEVEC_STRICT))
		return -EINVAL;
	if (args->start && !(args->flags & SPLICEVEC_KEEP))
		return -EINVAL;
	/* it is the record that says what was found */
	if ((args->flags & SPLICEVEC_VERIFY) && !(args->flags & SPLICEVEC_STRICT))
		return -EINVAL;
	if ((args->stable_ms && !(args->flags & SPLICEVEC_STABLE)) ||
	    args->reserved3)
		return -EINVAL;
	return check_flags(args->flags, SPLICEVEC_NONBLOCK | SPLICEVEC_KEEP |
					SPLICEVEC_NOCOPY | SPLICEVEC_MORE |
					SPLICEVEC_STRICT | SPLICEVEC_STABLE |
					SPLICEVEC_VERIFY) ?:
	       check_memory(args->fd, args->addr, args->iovs);
}

/**
 * sv_args_check_splice - check what can be seen from the struct alone
 * @args: as copied in
 *
 * Memory has no place in this command: one address could not serve a source and
 * a sink.
 *
 * Return: 0 or -EINVAL.
 */
int sv_args_check_splice(const struct splicevec_splice *args)
{
	if (args->in == SPLICEVEC_FD_MEM || args->out == SPLICEVEC_FD_MEM)
		return -EINVAL;
	return check_flags(args->flags, SPLICEVEC_NONBLOCK | SPLICEVEC_NOCOPY |
					SPLICEVEC_STABLE);
}

/* A record of this kernel's, of an older or of a newer caller. */
static bool is_record_size(u32 stride)
{
	return stride >= offsetofend(struct splicevec_completion, reserved) &&
	       stride % sizeof(u64) == 0 && stride <= PAGE_SIZE;
}

/**
 * sv_args_check_reap - check what can be seen from the struct alone
 * @args: as copied in
 *
 * Return: 0 or -EINVAL.
 */
int sv_args_check_reap(const struct splicevec_reap *args)
{
	if (args->min > args->capacity || args->min > SPLICEVEC_REAP_MAX)
		return -EINVAL;
	if (args->capacity && !is_record_size(args->stride))
		return -EINVAL;
	if (args->eventfd && !(args->flags & SPLICEVEC_REAP_EVENTFD))
		return -EINVAL;
	return check_flags(args->flags, SPLICEVEC_REAP_EVENTFD);
}

/**
 * sv_args_check_policy - check what can be seen from the struct alone
 * @args: as copied in
 *
 * Return: 0 or -EINVAL.
 */
int sv_args_check_policy(const struct splicevec_policy *args)
{
	if ((args->flags & ~args->set) || args->reserved)
		return -EINVAL;
	return check_flags(args->set, SPLICEVEC_STABLE | SPLICEVEC_VERIFY);
}

/**
 * sv_args_check_cancel - check what can be seen from the struct alone
 * @args: as copied in
 *
 * Return: 0 or -EINVAL.
 */
int sv_args_check_cancel(const struct splicevec_cancel *args)
{
	return check_flags(args->flags, 0);
}
