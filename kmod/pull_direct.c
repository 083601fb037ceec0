// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull from a file or block device past its page cache: the device writes into
 * pages of our own.
 */
#include "pull.h"

#include <linux/err.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "direct.h"
#include "loan.h"
#include "stable.h"

static bool direct_match(const struct sv_pull *pull)
{
	struct file *file = pull->file;

	if (!file->f_op->read_iter || !(file->f_mode & FMODE_CAN_ODIRECT))
		return false;
	return (file->f_flags & O_DIRECT) || (pull->flags & SPLICEVEC_UNCACHED);
}

static ssize_t direct_read(struct file *file, loff_t pos, struct sv_loan *loan)
{
	struct sv_span span = sv_span_whole(loan);
	struct iov_iter to;
	struct kiocb iocb;

	sv_span_iter(&span, ITER_DEST, &to);
	init_sync_kiocb(&iocb, file);
	iocb.ki_flags |= IOCB_DIRECT;
	iocb.ki_pos = pos;
	return file->f_op->read_iter(&iocb, &to);
}

/*
 * The device reads whole blocks: what lies before the wanted bytes is skipped,
 * what lies behind them forgotten.
 */
static ssize_t direct_pull(struct sv_pull *pull, size_t len)
{
	u32 block = sv_direct_align(pull->file).block;
	struct sv_loan *loan;
	ssize_t ret;
	u32 skip;

	div_u64_rem(pull->position.pos, block, &skip);
	loan = sv_pull_begin_owned(pull, round_up(skip + min(len, SV_COPY_MAX),
						  max_t(size_t, block, PAGE_SIZE)));
	if (IS_ERR(loan))
		return PTR_ERR(loan);
	ret = direct_read(pull->file, pull->position.pos - skip, loan);
	if (ret <= skip) {
		sv_loan_put(loan);
		return min_t(ssize_t, ret, 0);
	}
	ret = sv_pull_end_owned(pull, loan, skip,
				min_t(size_t, ret, skip + len));
	pull->position.pos += ret;
	/* there was nothing to lend, but who asks for copies is told of them */
	if (pull->flags & SPLICEVEC_COPY)
		pull->result |= SPLICEVEC_COPIED;
	return ret;
}

const struct sv_source sv_source_direct = {
	.types = SV_TYPE_DATA,
	.match = direct_match,
	.ways = SPLICEVEC_UNCACHED,
	.positioning = SV_POS_FILE,
	.copies = true,
	.waits = true,
	.pull = direct_pull,
};
