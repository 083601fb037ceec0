// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull from what can only be read: a terminal, a file of hugetlbfs, one that lies in
 * memory on a bus. The read fills pages of our own.
 */
#include "pull.h"

#include <linux/err.h>

#include "loan.h"

static bool read_match(const struct sv_pull *pull)
{
	const struct file *file = pull->file;

	return file && file->f_op->read_iter &&
	       (!file->f_op->splice_read || sv_splice_copies(file));
}

static ssize_t read_into(struct sv_loan *loan, struct file *file, loff_t *pos, size_t len)
{
	struct sv_span room = sv_span_whole(loan);
	struct iov_iter to;
	struct kiocb iocb;
	ssize_t ret;

	room.len = min(room.len, len);
	sv_span_iter(&room, ITER_DEST, &to);
	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = *pos;
	ret = file->f_op->read_iter(&iocb, &to);
	if (ret > 0)
		*pos = iocb.ki_pos;
	/* from memory that is broken: the caller's is not touched here */
	return ret == -EFAULT ? -EIO : ret;
}

static ssize_t read_pull(struct sv_pull *pull, size_t len)
{
	struct sv_loan *loan;
	ssize_t ret;

	if (sv_pull_would_wait(pull))
		return -EAGAIN;
	loan = sv_pull_begin_owned(pull, len);
	if (IS_ERR(loan))
		return PTR_ERR(loan);
	ret = read_into(loan, pull->file, &pull->position.pos, len);
	if (ret <= 0) {
		sv_loan_put(loan);
		return ret;
	}
	pull->result |= SPLICEVEC_COPIED;
	return sv_pull_end_owned(pull, loan, 0, ret);
}

const struct sv_source sv_source_read = {
	.types = SV_TYPE_ANY,
	.match = read_match,
	.positioning = SV_POS_FILE,
	.single = true,
	.copies = true,
	.waits = true,
	.pull = read_pull,
};
