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
	u64 *end = to + layout->size / sizeof(u64);

	if (!user_access_begin(user, layout->size))
		return -EFAULT;
	for (; to < out; to++, user++)
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

/* The struct of an older or a newer caller. */
static noinline int exchange(void *args, const struct sv_args_layout *layout,
			     void __user *user, u32 size)
{
	int err = copy_struct_from_user(args, layout->size, user, size);

	if (err)
		return err;
	memset(args + layout->out, 0, layout->size - layout->out);
	if (clear_user(user + layout->out, min(size, layout->size) - layout->out))
		return -EFAULT;
	return 0;
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

	args += layout->out;
	user += layout->out;
	size -= layout->out;
	if (size % sizeof(u64))
		return copy_to_user(user, args, size) ? -EFAULT : 0;
	return write_words(args, user, size / sizeof(u64));
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
	if (args->user_data || (way & (way - 1)))
		return -EINVAL;
	return check_flags(args->flags, SPLICEVEC_NONBLOCK | SPLICEVEC_COPY |
					SPLICEVEC_UNCACHED | SPLICEVEC_LAZY) ?:
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
	if (args->user_data)
		return -EINVAL;
	if (args->start && !(args->flags & SPLICEVEC_KEEP))
		return -EINVAL;
	return check_flags(args->flags, SPLICEVEC_NONBLOCK | SPLICEVEC_KEEP |
					SPLICEVEC_NOCOPY | SPLICEVEC_MORE) ?:
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
	return check_flags(args->flags, SPLICEVEC_NONBLOCK | SPLICEVEC_NOCOPY);
}
