/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_PULL_H
#define _SV_PULL_H

#include <linux/fs.h>
#include <linux/splicevec.h>

#include "position.h"
#include "spans.h"

struct sv_account;
struct sv_loan;
struct sv_ring;
struct sv_source;
struct sv_vector;

/**
 * struct sv_pull - one pull at work
 * @vec: where the spans go
 * @source: what is pulled from
 * @file: the source's file, held, or NULL: memory
 * @position: where to read a file or vector, moved on by the source
 * @addr: next byte of memory
 * @account: who pays; holds one reference
 * @copy: take copies
 * @nonblock: -EAGAIN rather than wait
 * @again: something was taken already, so only what is at hand is asked for
 * @result: enum splicevec_result
 * @batch: spans gathered so far, private
 * @reserved: spans that @vec has promised room for
 */
struct sv_pull {
	struct sv_vector *vec;
	const struct sv_source *source;
	struct file *file;
	struct sv_position position;
	u64 addr;
	struct sv_account *account;
	bool copy;
	bool nonblock;
	bool again;
	u32 result;
	struct sv_spans batch;
	u32 reserved;
};

/**
 * struct sv_source - a sort of file that can be pulled from
 * @match: is @file of this sort?
 * @positioning: what an offset means
 * @pull: take one step: add spans of up to @len bytes to @pull->batch. It may
 *	take less than there is and is then asked again. Whatever can fail comes
 *	before anything is taken that cannot be put back. Returns bytes, 0 at the
 *	end, or a negative errno with nothing taken.
 * @otherwise: source that serves the steps for which @pull returns -ENOTBLK
 */
struct sv_source {
	bool (*match)(struct file *file);
	enum sv_positioning positioning;
	ssize_t (*pull)(struct sv_pull *pull, size_t len);
	const struct sv_source *otherwise;
};

extern const struct sv_source sv_source_vec;
extern const struct sv_source sv_source_pipe;
extern const struct sv_source sv_source_sock;
extern const struct sv_source sv_source_cache;
extern const struct sv_source sv_source_splice;
extern const struct sv_source sv_source_mem;

/* For the sources. */
bool sv_pull_nonblock(const struct sv_pull *pull);
int sv_pull_room(struct sv_pull *pull, u32 spans);
struct sv_loan *sv_pull_begin_loan(struct sv_pull *pull,
				   enum splicevec_kind kind, size_t runs);
ssize_t sv_pull_end_loan(struct sv_pull *pull, struct sv_loan *loan,
			 bool no_way_back);
struct sv_ring *sv_pull_begin_ring(struct sv_pull *pull,
				   enum splicevec_kind kind, size_t bufs);
ssize_t sv_pull_end_ring(struct sv_pull *pull, struct sv_ring *ring,
			 bool no_way_back);

/* For the doors and SPLICE. */
int sv_pull_begin(struct sv_pull *pull, struct sv_vector *vec, int fd,
		  u32 flags);
int sv_pull_check(const struct sv_pull *pull, s64 offset);
ssize_t sv_pull_bytes(struct sv_pull *pull, s64 offset, u64 len);
void sv_pull_end(struct sv_pull *pull);
long sv_pull(struct sv_vector *vec, struct splicevec_pull *args);

#endif /* _SV_PULL_H */
