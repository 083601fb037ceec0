// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/splicevec: the table of its doors, and the one for ioctls.
 */
#include "cdev.h"

#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>

#include "args.h"
#include "command.h"
#include "completion.h"
#include "file.h"
#include "mmap.h"
#include "uring.h"
#include "vector.h"

/*
 * A task is also woken for work that somebody has put on it, and that is done on its
 * way to user space, as io_uring's. Such a task comes back, and user space is told of
 * signals only; unless its time would begin anew.
 */
static long come_back(long ret, const struct sv_command *command,
		      const union sv_args *args)
{
	bool woken = signal_pending(current) && !task_sigpending(current);

	if (ret != -EINTR || !woken || (command->timed && command->timed(args)))
		return ret;
	return -ERESTARTNOINTR;
}

static long sv_ioctl(struct file *file, unsigned int number, unsigned long arg)
{
	struct sv_vector *vec = file->private_data;
	void __user *user = (void __user *)arg;
	const struct sv_command *command;
	union sv_args args;
	long ret;

	command = sv_command_find(number);
	if (!command)
		return -ENOTTY;
	ret = sv_args_copy_in(&args, &command->layout, user);
	if (!ret)
		ret = sv_command_check(command, file, &args);
	if (ret)
		return ret;
	sv_completions_flush(vec->completions);
	ret = command->run(vec, &args);
	if (ret)
		return come_back(ret, command, &args);
	return sv_args_copy_out(&args, &command->layout, user);
}

static void sv_show_fdinfo(struct seq_file *seq, struct file *file)
{
	struct splicevec_info info;

	sv_command_info(file->private_data, &info);
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
	.uring_cmd = sv_uring_cmd,
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
