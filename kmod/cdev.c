// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/splicevec: the table of its doors, and the one for ioctls.
 */
#include "cdev.h"

#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "args.h"
#include "file.h"
#include "loan.h"
#include "mmap.h"
#include "pull.h"
#include "push.h"
#include "splice.h"
#include "vector.h"

/* Spans that one SPANS call writes at the most; see the ABI header. */
#define SV_SPANS_CALL	4096

union sv_args {
	u32 size;
	struct splicevec_pull pull;
	struct splicevec_push push;
	struct splicevec_splice splice;
	struct splicevec_info info;
	struct splicevec_spans spans;
	struct splicevec_features features;
};

static long ioctl_pull(struct file *file, union sv_args *args)
{
	int err = sv_args_check_pull(&args->pull);

	if (err)
		return err;
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	return sv_pull(file->private_data, &args->pull);
}

static long ioctl_push(struct file *file, union sv_args *args)
{
	int err = sv_args_check_push(&args->push);

	if (err)
		return err;
	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	return sv_push(file->private_data, &args->push);
}

static long ioctl_splice(struct file *file, union sv_args *args)
{
	int err = sv_args_check_splice(&args->splice);

	if (err)
		return err;
	if (!(file->f_mode & FMODE_READ) || !(file->f_mode & FMODE_WRITE))
		return -EBADF;
	return sv_splice(file->private_data, &args->splice);
}

static void read_info(struct sv_vector *vec, struct splicevec_info *info)
{
	spin_lock(&vec->lock);
	info->head = vec->spans.head;
	info->tail = vec->spans.tail;
	info->spans = vec->spans.nr;
	info->loans = vec->spans.loans;
	info->pages = vec->spans.pages;
	spin_unlock(&vec->lock);
}

static long ioctl_info(struct file *file, union sv_args *args)
{
	if (args->info.reserved)
		return -EINVAL;
	read_info(file->private_data, &args->info);
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

static long ioctl_spans(struct file *file, union sv_args *args)
{
	struct sv_vector *vec = file->private_data;
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

static long ioctl_features(struct file *file, union sv_args *args)
{
	return sv_features(file->private_data, &args->features);
}

#define SV_LAYOUT(type, first_out, last)				\
	{								\
		.size = sizeof(struct type) + BUILD_BUG_ON_ZERO(	\
			(sizeof(struct type) | offsetof(struct type, first_out)) % 8), \
		.min = offsetofend(struct type, last),			\
		.out = offsetof(struct type, first_out),		\
	}

/**
 * struct sv_command - a row of the ioctl table
 * @number: of the ioctl
 * @layout: of its struct; the fields of its first version end at @layout.min
 * @run: does it, on arguments copied in
 */
struct sv_command {
	unsigned int number;
	struct sv_args_layout layout;
	long (*run)(struct file *file, union sv_args *args);
};

static const struct sv_command commands[] = {
	{ SPLICEVEC_PULL, SV_LAYOUT(splicevec_pull, bytes, reserved2), ioctl_pull },
	{ SPLICEVEC_PUSH, SV_LAYOUT(splicevec_push, bytes, reserved2), ioctl_push },
	{ SPLICEVEC_SPLICE, SV_LAYOUT(splicevec_splice, pulled, reserved), ioctl_splice },
	{ SPLICEVEC_INFO, SV_LAYOUT(splicevec_info, head, pages), ioctl_info },
	{ SPLICEVEC_SPANS, SV_LAYOUT(splicevec_spans, count, reserved), ioctl_spans },
	{ SPLICEVEC_FEATURES, SV_LAYOUT(splicevec_features, features, reasons), ioctl_features },
};

static long sv_ioctl(struct file *file, unsigned int number, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	const struct sv_command *command;
	union sv_args args;
	long ret;

	if (_IOC_NR(number) >= ARRAY_SIZE(commands))
		return -ENOTTY;
	command = &commands[_IOC_NR(number)];
	if (command->number != number)
		return -ENOTTY;
	ret = sv_args_copy_in(&args, &command->layout, user);
	if (ret)
		return ret;
	ret = command->run(file, &args);
	if (ret)
		return ret;
	return sv_args_copy_out(&args, &command->layout, user);
}

static void sv_show_fdinfo(struct seq_file *seq, struct file *file)
{
	struct splicevec_info info;

	read_info(file->private_data, &info);
	seq_printf(seq, "head:\t%llu\ntail:\t%llu\nspans:\t%llu\nloans:\t%llu\npages:\t%llu\n",
		   info.head, info.tail, info.spans, info.loans, info.pages);
}

static const struct file_operations sv_fops = {
	.owner = THIS_MODULE,
	SV_FOPS_NEGATIVE_POSITION
	.open = sv_file_open,
	.release = sv_vector_release,
	.read_iter = sv_file_read_iter,
	.write_iter = sv_file_write_iter,
	.splice_read = sv_file_splice_read,
	.splice_write = sv_file_splice_write,
	.poll = sv_file_poll,
	.llseek = sv_file_llseek,
	.unlocked_ioctl = sv_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = sv_mmap,
	.show_fdinfo = sv_show_fdinfo,
};

static struct miscdevice sv_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "splicevec",
	.fops = &sv_fops,
	.mode = 0660,
};

/**
 * sv_cdev_init - open the door
 *
 * Return: 0 or a negative errno.
 */
int sv_cdev_init(void)
{
	return misc_register(&sv_misc);
}

/**
 * sv_cdev_exit - close it
 */
void sv_cdev_exit(void)
{
	misc_deregister(&sv_misc);
}
