/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_PUSH_H
#define _SV_PUSH_H

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/splicevec.h>

#include "position.h"
#include "spans.h"
#include "type.h"

struct pipe_inode_info;
struct sv_account;
struct sv_sink;
struct sv_vector;

/**
 * struct sv_handoff - one push at work
 * @vec: the vector pushed from
 * @sink: what is pushed to
 * @fd: the sink's, if it has one; holds @file
 * @file: the sink's file, or NULL
 * @pipe: the sink, if it is a pipe; held by @file or locked by the caller
 * @memory: the sink, if it is memory; the caller's, moved on by the sink
 * @position: where to write a file, moved on by the sink
 * @account: who pays for copies; borrowed from @vec if that is the same user's
 * @flags: enum splicevec_flag
 * @behind: bytes that follow what is ready of the present window
 * @consume: what is accepted leaves @vec
 * @more: more bytes follow the present piece at once
 * @copied: bytes copied so far
 * @result: enum splicevec_result
 */
struct sv_handoff {
	struct sv_vector *vec;
	const struct sv_sink *sink;
	struct fd fd;
	struct file *file;
	struct pipe_inode_info *pipe;
	struct iov_iter *memory;
	struct sv_position position;
	struct sv_account *account;
	u32 flags;
	u64 behind;
	bool consume;
	bool more;
	u64 copied;
	u32 result;
};

/**
 * struct sv_route - how the next bytes go
 * @by: by what means
 * @why: why they are copied, if they are
 * @len: how many bytes go this way before the sink is asked again
 */
struct sv_route {
	enum splicevec_route by;
	enum splicevec_why why;
	size_t len;
};

/**
 * struct sv_sink - a sort of thing that can be pushed to
 * @types: SV_TYPE_* of what may be of this sort
 * @match: is it? NULL: yes
 * @positioning: what an offset means
 * @copies: reads spans by copying them before @push returns, so a copied route
 *	needs no copy made for it
 * @record: one push is one record, even an empty one: all of it or nothing
 * @many: one @push takes as many spans as go the same way; otherwise one
 * @bite: bytes one @push takes at the most; 0: any number
 * @by: the route of all spans, where it is always the same
 * @why: and why that copies, if it does
 * @route: where it is not: how the first @left bytes of a window go, of which
 *	@span is the first span; with @span NULL: how a loan goes of which @plain
 *	says whether page references hold it
 * @push: hand the first @len bytes of a window over by the given route. Returns
 *	bytes accepted or a negative errno with none; fewer than @len end the
 *	push. The sink takes what references it needs.
 */
struct sv_sink {
	u16 types;
	bool (*match)(const struct sv_handoff *handoff);
	enum sv_positioning positioning;
	bool copies;
	bool record;
	bool many;
	size_t bite;
	enum splicevec_route by;
	enum splicevec_why why;
	struct sv_route (*route)(const struct sv_handoff *handoff,
				 const struct sv_span *span, bool plain,
				 size_t left);
	ssize_t (*push)(struct sv_handoff *handoff,
			const struct sv_spans *window, size_t len,
			enum splicevec_route by);
};

extern const struct sv_sink sv_sink_vec;
extern const struct sv_sink sv_sink_pipe;
extern const struct sv_sink sv_sink_locked_pipe;
extern const struct sv_sink sv_sink_sock;
extern const struct sv_sink sv_sink_record;
extern const struct sv_sink sv_sink_alien;
extern const struct sv_sink sv_sink_direct;
extern const struct sv_sink sv_sink_file;
extern const struct sv_sink sv_sink_splice;
extern const struct sv_sink sv_sink_mem;
extern const struct sv_sink sv_sink_none;

/* For the sinks. */
bool sv_handoff_nonblock(const struct sv_handoff *handoff);

/* For the doors and SPLICE. */
int sv_handoff_begin(struct sv_handoff *handoff, int fd);
int sv_handoff_begin_pipe(struct sv_handoff *handoff,
			  struct pipe_inode_info *pipe);
int sv_handoff_begin_mem(struct sv_handoff *handoff, struct iov_iter *to);
int sv_handoff_check(const struct sv_handoff *handoff, s64 offset);
ssize_t sv_handoff_bytes(struct sv_handoff *handoff, s64 offset, s64 start,
			 u64 len);
ssize_t sv_handoff_spans(struct sv_handoff *handoff, s64 offset,
			 struct sv_spans *spans);
ssize_t sv_handoff_consume(struct sv_handoff *handoff, s64 offset, u64 len);
void sv_handoff_end(struct sv_handoff *handoff);
long sv_push(struct sv_vector *vec, struct splicevec_push *args);
long sv_features(struct sv_vector *vec, struct splicevec_features *args);

#endif /* _SV_PUSH_H */
