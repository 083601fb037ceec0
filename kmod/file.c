// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vector as an ordinary file: the door for read, write, splice and poll.
 * Each call is a pull or a push like any other, from or to what it was given.
 *
 * read(2) and splice(2) consume; pread(2), and splice(2) and sendfile(2) with an
 * offset, read at an absolute position and consume nothing. The kernel hands
 * down a position either way, so the file position is one that no byte can have,
 * and means: the head.
 */
#include "file.h"

#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/splice.h>

#include "completion.h"
#include "pull.h"
#include "push.h"
#include "vector.h"

/*
 * The file position of every vector: the last there is. sendfile(2) adds the
 * length to a position as if both had no sign. Behind a negative one it would
 * therefore see an overflow, and move not what was asked for but all up to the
 * largest file; behind the last one it has nothing to move, and says EOVERFLOW.
 * An offset that is negative itself comes to us with that length, and is refused.
 */
#define SV_AT_HEAD	LLONG_MAX

/**
 * sv_file_open - a file becomes a new, empty vector of the calling user
 * @inode: of the device
 * @file: being opened
 *
 * Return: 0 or -ENOMEM.
 */
int sv_file_open(struct inode *inode, struct file *file)
{
	int err = sv_vector_open(file);

	if (err)
		return err;
	/* sendfile(2) takes an offset of what can be seeked, lseek(2) fails */
	file->f_mode &= ~FMODE_PWRITE;
	sv_allow_negative_position(file);
	file->f_pos = SV_AT_HEAD;
	return 0;
}

static ssize_t push_from(struct sv_handoff *handoff, loff_t pos, size_t len)
{
	ssize_t ret = -EINVAL;

	if (pos == SV_AT_HEAD)
		ret = sv_handoff_consume(handoff, -1, len);
	else if (pos >= 0)
		ret = sv_handoff_bytes(handoff, -1, pos, len);
	sv_handoff_end(handoff);
	return ret;
}

static u32 keep_unless_head(loff_t pos)
{
	return pos == SV_AT_HEAD ? 0 : SPLICEVEC_KEEP;
}

/**
 * sv_file_read_iter - read(2), readv(2), pread(2)
 * @iocb: position
 * @to: where the bytes are copied
 *
 * Return: bytes, 0 if there are none, or a negative errno.
 */
ssize_t sv_file_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct sv_handoff handoff = {
		.vec = iocb->ki_filp->private_data,
		.flags = keep_unless_head(iocb->ki_pos),
	};
	int err;

	if ((iocb->ki_filp->f_flags & O_NONBLOCK) ||
	    (iocb->ki_flags & IOCB_NOWAIT))
		handoff.flags |= SPLICEVEC_NONBLOCK;
	err = sv_handoff_begin_mem(&handoff, to);
	return err ?: push_from(&handoff, iocb->ki_pos, iov_iter_count(to));
}

/**
 * sv_file_write_iter - write(2), writev(2): append a copy
 * @iocb: of the vector
 * @from: what to copy
 *
 * Return: bytes or a negative errno.
 */
ssize_t sv_file_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct sv_pull pull = {
		.vec = iocb->ki_filp->private_data,
		.flags = SPLICEVEC_COPY,
	};
	ssize_t ret;

	ret = sv_pull_begin_mem(&pull, from);
	if (ret)
		return ret;
	ret = sv_pull_bytes(&pull, -1, iov_iter_count(from));
	sv_pull_end(&pull);
	return ret;
}

/**
 * sv_file_splice_read - splice(2) from the vector, sendfile(2)
 * @file: the vector
 * @ppos: position
 * @pipe: locked, or nobody else can see it
 * @len: bytes at the most
 * @flags: SPLICE_F_*
 *
 * sendfile(2) drops what its sink does not take, so it must not consume.
 *
 * Return: bytes, 0 if there are none, or a negative errno; -EAGAIN if another
 * operation consumes, because waiting is not allowed with the pipe locked.
 */
ssize_t sv_file_splice_read(struct file *file, loff_t *ppos,
			    struct pipe_inode_info *pipe, size_t len,
			    unsigned int flags)
{
	struct sv_handoff handoff = {
		.vec = file->private_data,
		.flags = keep_unless_head(*ppos),
	};
	ssize_t ret;

	if ((flags & SPLICE_F_NONBLOCK) || (file->f_flags & O_NONBLOCK))
		handoff.flags |= SPLICEVEC_NONBLOCK;
	if (*ppos == SV_AT_HEAD && pipe == current->splice_pipe)
		return -EINVAL;
	ret = sv_handoff_begin_pipe(&handoff, pipe);
	if (ret)
		return ret;
	ret = push_from(&handoff, *ppos, len);
	if (ret > 0 && *ppos != SV_AT_HEAD)
		*ppos += ret;
	return ret;
}

/**
 * sv_file_splice_write - splice(2) and sendfile(2) into the vector
 * @pipe: whose buffers are taken; not locked
 * @file: the vector
 * @ppos: unused: there is but one place
 * @len: bytes at the most
 * @flags: SPLICE_F_NONBLOCK
 *
 * Return: bytes, 0 at the end of the pipe, or a negative errno.
 */
ssize_t sv_file_splice_write(struct pipe_inode_info *pipe, struct file *file,
			     loff_t *ppos, size_t len, unsigned int flags)
{
	struct sv_pull pull = { .vec = file->private_data };
	ssize_t ret;

	if ((flags & SPLICE_F_NONBLOCK) || (file->f_flags & O_NONBLOCK))
		pull.flags = SPLICEVEC_NONBLOCK;
	ret = sv_pull_begin_pipe(&pull, pipe);
	if (ret)
		return ret;
	ret = sv_pull_bytes(&pull, -1, len);
	sv_pull_end(&pull);
	return ret;
}

/**
 * sv_file_poll - poll(2): readable if not empty, always writable, POLLPRI for
 *	completion records
 * @file: the vector
 * @wait: poll table
 *
 * Return: the events.
 */
__poll_t sv_file_poll(struct file *file, struct poll_table_struct *wait)
{
	struct sv_vector *vec = file->private_data;
	__poll_t events = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &vec->wait, wait);
	poll_wait(file, &vec->completions->poll, wait);
	if (READ_ONCE(vec->spans.nr))
		events |= EPOLLIN | EPOLLRDNORM;
	sv_completions_expedite(vec->completions);
	if (sv_completions_ready(vec->completions))
		events |= EPOLLPRI;
	return events;
}

/**
 * sv_file_llseek - lseek(2): a vector has no position to move
 * @file: the vector
 * @offset: unused
 * @whence: unused
 *
 * Return: -ESPIPE.
 */
loff_t sv_file_llseek(struct file *file, loff_t offset, int whence)
{
	return -ESPIPE;
}
