/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_PULL_H
#define _SV_PULL_H

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/splicevec.h>

#include "nowait.h"
#include "position.h"
#include "spans.h"
#include "type.h"

struct pipe_inode_info;
struct sv_account;
struct sv_completion;
struct sv_loan;
struct sv_ring;
struct sv_source;
struct sv_vector;

/**
 * struct sv_pull - one pull at work
 * @vec: where the spans go
 * @source: what is pulled from
 * @fd: the source's, if it has one; holds @file
 * @file: the source's file, or NULL
 * @pipe: the source, if it is a pipe; held by @file or by the caller
 * @memory: the source, if it is memory; the caller's, moved on by the source
 * @position: where to read a file or vector, moved on by the source
 * @account: who pays; borrowed from @vec if that is the same user's
 * @flags: enum splicevec_flag
 * @nowait: wait for nothing at all, not even a disk: -SV_EWAIT, and nothing is
 *	pulled, where that cannot be known; @flags have NONBLOCK then
 * @completion: of a NOTIFY pull, with the command's reference; otherwise NULL
 * @timeout: jiffies this command may still wait for its source
 * @again: something was taken already, so only what is at hand is asked for
 * @result: enum splicevec_result
 * @batch: spans gathered so far, private
 * @reserved: spans that @vec has promised room for
 */
struct sv_pull {
	struct sv_vector *vec;
	const struct sv_source *source;
	struct fd fd;
	struct file *file;
	struct pipe_inode_info *pipe;
	struct iov_iter *memory;
	struct sv_position position;
	struct sv_account *account;
	u32 flags;
	bool nowait;
	struct sv_completion *completion;
	long timeout;
	bool again;
	u32 result;
	struct sv_spans batch;
	u32 reserved;
};

/**
 * struct sv_source - a sort of thing that can be pulled from
 * @types: SV_TYPE_* of what may be of this sort
 * @match: is it? NULL: yes
 * @ways: flags this sort can serve of those that name a way to read a file:
 *	UNCACHED, LAZY
 * @positioning: what an offset means
 * @single: one step is a whole command, but for files with a position: what comes next
 *	is another record, or would have to be waited for
 * @copies: gives copies anyway
 * @shares: gives spans of loans that others have
 * @waits: may wait for what NONBLOCK does not mean or cannot help: a disk, a
 *	process that serves the file. What is behind @otherwise must then be a file,
 *	which gives the same bytes again
 * @wait: wait until a step can take something, taking nothing itself. Returns 1,
 *	0 at the end, or a negative errno. NULL: @pull does what waiting there is
 * @pull: take one step: add spans of up to @len bytes to @pull->batch. It may
 *	take less than there is and is then asked again. Whatever can fail comes
 *	before anything is taken that cannot be put back. Returns bytes, 0 at the
 *	end, or a negative errno with nothing taken. -EAGAIN after @wait: somebody
 *	else was faster
 * @otherwise: source that serves the steps for which @pull returns -ENOTBLK
 */
struct sv_source {
	u16 types;
	bool (*match)(const struct sv_pull *pull);
	u32 ways;
	enum sv_positioning positioning;
	bool single;
	bool copies;
	bool shares;
	bool waits;
	int (*wait)(struct sv_pull *pull);
	ssize_t (*pull)(struct sv_pull *pull, size_t len);
	const struct sv_source *otherwise;
};

extern const struct sv_source sv_source_vec;
extern const struct sv_source sv_source_pipe;
extern const struct sv_source sv_source_sock;
extern const struct sv_source sv_source_record;
extern const struct sv_source sv_source_recv;
extern const struct sv_source sv_source_direct;
extern const struct sv_source sv_source_cache;
extern const struct sv_source sv_source_splice;
extern const struct sv_source sv_source_read;
extern const struct sv_source sv_source_device;
extern const struct sv_source sv_source_mem;

/**
 * sv_pull_single - is one step a whole command?
 * @pull: a pull at work
 *
 * Return: true if so, with what it pulls from.
 */
static inline bool sv_pull_single(const struct sv_pull *pull)
{
	return pull->source->single &&
	       !((sv_type_of(pull->file) & SV_TYPE_DATA) &&
		 (pull->file->f_mode & FMODE_LSEEK));
}

/* For the sources. */
bool sv_pull_nonblock(const struct sv_pull *pull);
bool sv_pull_would_wait(const struct sv_pull *pull);
int sv_pull_room(struct sv_pull *pull, u32 spans);
struct sv_loan *sv_pull_begin_loan(struct sv_pull *pull,
				   enum splicevec_kind kind, size_t runs);
ssize_t sv_pull_end_loan(struct sv_pull *pull, struct sv_loan *loan,
			 bool no_way_back);
struct sv_loan *sv_pull_begin_owned(struct sv_pull *pull, size_t len);
ssize_t sv_pull_end_owned(struct sv_pull *pull, struct sv_loan *loan,
			  size_t skip, size_t filled);
struct sv_ring *sv_pull_begin_ring(struct sv_pull *pull,
				   enum splicevec_kind kind, size_t bufs);
ssize_t sv_pull_end_ring(struct sv_pull *pull, struct sv_ring *ring,
			 bool no_way_back);

/* For the doors and SPLICE. */
int sv_pull_begin(struct sv_pull *pull, int fd);
int sv_pull_begin_pipe(struct sv_pull *pull, struct pipe_inode_info *pipe);
int sv_pull_begin_mem(struct sv_pull *pull, struct iov_iter *from);
u64 sv_pull_behind(const struct sv_pull *pull, s64 offset, u64 len);
ssize_t sv_pull_gather(struct sv_pull *pull, s64 offset, u64 len);
void sv_pull_publish(struct sv_pull *pull);
ssize_t sv_pull_bytes(struct sv_pull *pull, s64 offset, u64 len);
void sv_pull_end(struct sv_pull *pull);
long sv_pull(struct sv_vector *vec, struct splicevec_pull *args, bool nowait);

/**
 * sv_pull_check - may a pull begin at this offset?
 * @pull: from sv_pull_begin()
 * @offset: as in struct splicevec_pull
 *
 * Return: 0, -EINVAL or -ESPIPE.
 */
static inline int sv_pull_check(const struct sv_pull *pull, s64 offset)
{
	return sv_position_check(pull->file, pull->source->positioning, offset);
}

#endif /* _SV_PULL_H */
