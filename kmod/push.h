/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_PUSH_H
#define _SV_PUSH_H

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/splicevec.h>

#include "loan.h"
#include "nowait.h"
#include "position.h"
#include "spans.h"
#include "type.h"

struct msghdr;
struct pipe_inode_info;
struct sv_account;
struct sv_completion;
struct sv_pin;
struct sv_recipient;
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
 * @nowait: wait for nothing at all, not even a disk: -SV_EWAIT where that cannot
 *	be known; @flags have NONBLOCK then
 * @completion: of a STRICT push, with the command's reference; otherwise NULL
 * @pins: pages that somebody may write to can be pinned rather than copied
 * @stable_ms: for how long, as in struct splicevec_push
 * @behind: bytes that follow what is ready of the present window
 * @consume: what is accepted leaves @vec
 * @more: more bytes follow the present piece at once
 * @taken: the sink has taken all it was offered
 * @sip: bytes of the next piece at the most, if that is copied or summed up before
 *	the sink has said how many it takes; 0: a first one
 * @copied: bytes copied so far
 * @pinned: bytes pinned so far
 * @pin: the last pin, as sv_pin_begin() left it
 * @unpinned: bytes that were last copied as they could not be pinned, if nothing was
 *	since
 * @result: enum splicevec_result
 * @next: position in @vec behind what was accepted
 * @left: bytes that the sink did not accept of those @vec held and it was to get
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
	bool nowait;
	struct sv_completion *completion;
	bool pins;
	u32 stable_ms;
	u64 behind;
	bool consume;
	bool more;
	bool taken;
	size_t sip;
	u64 copied;
	u64 pinned;
	struct sv_pin *pin;
	size_t unpinned;
	u32 result;
	s64 next;
	u64 left;
};

/**
 * struct sv_attempt - how a door wants a PUSH, and how far that came
 * @nowait: whoever calls must not wait for anything
 * @recipient: who is told of a STRICT push's end in place of the vector's queue,
 *	or NULL; the caller's, until then
 * @next: result of success: position in the vector behind what was accepted
 * @left: result of success: bytes the sink would have been given besides
 */
struct sv_attempt {
	bool nowait;
	struct sv_recipient *recipient;
	s64 next;
	u64 left;
};

/**
 * struct sv_route - how the next bytes go
 * @by: by what means
 * @why: why they are copied, if they are
 * @copy: they are copied into pages of ours, and those go on; otherwise the sink
 *	copies what is copied
 * @pin: they go as a loan of their own that pins them
 * @len: how many bytes go this way before the sink is asked again
 */
struct sv_route {
	enum splicevec_route by;
	enum splicevec_why why;
	bool copy;
	bool pin;
	size_t len;
};

/**
 * struct sv_offer - what a sink is asked about
 * @span: the first span of a window, or NULL: any of its kind
 * @plain: page references hold its loan
 * @stable: nobody writes to its pages
 * @writable: as in struct sv_loan
 * @left: bytes of the window
 */
struct sv_offer {
	const struct sv_span *span;
	bool plain;
	bool stable;
	bool writable;
	size_t left;
};

/**
 * struct sv_sink - a sort of thing that can be pushed to
 * @types: SV_TYPE_* of what may be of this sort
 * @match: is it? NULL: yes
 * @positioning: what an offset means
 * @copies: reads spans by copying them before @push returns, so a copied route
 *	needs no copy made for it
 * @rereads: may it read the bytes more than once when it copies them? NULL: never
 * @blind: it reads nothing at all
 * @record: one push is one record, even an empty one: all of it or nothing
 * @keeps: spans live on in it, and it does not tell when they end
 * @pins: what goes the tracked way is its own, and nobody moves it on: so it may be
 *	pinned
 * @waits: may wait for what NONBLOCK does not mean or cannot help: a disk, a page
 *	of memory, a process
 * @many: one @push takes as many spans as go the same way; otherwise one
 * @bite: bytes one @push takes at the most; 0: any number
 * @by: the route of all spans, where it is always the same
 * @why: and why that copies, if it does
 * @route: where it is not: how the first @left bytes of a window go, of which
 *	@span is the first span, be it longer or not; with @span NULL: how a loan goes
 *	of which @plain says whether page references hold it
 * @room: wait until it may take something; only if the push may wait. NULL: @push
 *	waits for nobody who may do as he likes. Returns 0 or a negative errno
 * @push: hand the first @len bytes of a window over by the given route. Returns
 *	bytes accepted or a negative errno with none; fewer than @len end the
 *	push. The sink takes what references it needs.
 */
struct sv_sink {
	u16 types;
	bool (*match)(const struct sv_handoff *handoff);
	enum sv_positioning positioning;
	bool copies;
	bool (*rereads)(const struct sv_handoff *handoff);
	bool blind;
	bool record;
	bool keeps;
	bool pins;
	bool waits;
	bool many;
	size_t bite;
	enum splicevec_route by;
	enum splicevec_why why;
	struct sv_route (*route)(const struct sv_handoff *handoff,
				 const struct sv_span *span, bool plain,
				 size_t left);
	int (*room)(const struct sv_handoff *handoff);
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

/**
 * sv_handoff_nonblock - may the sink not wait?
 * @handoff: a push at work
 *
 * Return: true if so.
 */
static inline bool sv_handoff_nonblock(const struct sv_handoff *handoff)
{
	return (handoff->flags & SPLICEVEC_NONBLOCK) ||
	       (handoff->file && (handoff->file->f_flags & O_NONBLOCK));
}

/**
 * sv_handoff_unstable - must the sink not read these pages later on?
 * @handoff: a push at work
 * @loan: theirs
 *
 * Return: true if the push is STABLE, and somebody may write to them whom it cannot
 * have wait.
 */
static inline bool sv_handoff_unstable(const struct sv_handoff *handoff,
				       const struct sv_loan *loan)
{
	return (handoff->flags & SPLICEVEC_STABLE) && !loan->stable &&
	       !(handoff->pins && loan->writable);
}

/* For the sinks. */
void sv_handoff_copied(struct sv_handoff *handoff, size_t len);
ssize_t sv_handoff_lend(struct sv_handoff *handoff, struct msghdr *msg,
			const struct sv_spans *window, size_t len);

/* For the doors, SPLICE and FEATURES. */
int sv_handoff_begin(struct sv_handoff *handoff, int fd);
int sv_handoff_begin_pipe(struct sv_handoff *handoff,
			  struct pipe_inode_info *pipe);
int sv_handoff_begin_mem(struct sv_handoff *handoff, struct iov_iter *to);
int sv_handoff_check(const struct sv_handoff *handoff, s64 offset);
void sv_handoff_allow_pins(struct sv_handoff *handoff, u32 flags);
struct sv_route sv_handoff_route(struct sv_handoff *handoff,
				 const struct sv_spans *window, size_t left);
struct sv_route sv_handoff_ask(const struct sv_handoff *handoff,
			       const struct sv_offer *offer);
ssize_t sv_handoff_piece(struct sv_handoff *handoff,
			 const struct sv_spans *window, size_t left,
			 size_t *asked);
bool sv_handoff_must_copy(const struct sv_handoff *handoff,
			  const struct sv_spans *window, size_t len);
ssize_t sv_handoff_bytes(struct sv_handoff *handoff, s64 offset, s64 start,
			 u64 len);
ssize_t sv_handoff_spans(struct sv_handoff *handoff, s64 offset,
			 struct sv_spans *spans);
ssize_t sv_handoff_consume(struct sv_handoff *handoff, s64 offset, u64 len);
void sv_handoff_end(struct sv_handoff *handoff);
long sv_push(struct sv_vector *vec, struct splicevec_push *args,
	     struct sv_attempt *attempt);

#endif /* _SV_PUSH_H */
