/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_TRACKED_H
#define _SV_TRACKED_H

#include <linux/atomic.h>
#include <linux/skbuff.h>

#include "completion.h"

struct sock;
struct sv_account;
struct sv_loan;

/**
 * struct sv_push - one tracked transfer in flight
 * @ubuf: what sockets hold; its refcnt is the push's: one for each skb or pipe
 *	buffer that reads the pages, one for whoever is handing over
 * @loan: the pages; holds one reference
 * @account: who pushed; holds one reference
 * @completion: what is told of the end, or NULL; holds one reference
 * @followers: pushes that end after this one, the newest first, or NULL: what an skb
 *	reads of other loans, as it has room for one ubuf_info; holds one reference
 *	on each
 * @nr_followers: how many
 * @next: of @head's followers the next one
 * @head: the push this one follows, or NULL; only compared
 * @shared: bytes of this push in @head's skb
 * @seen: an skb has read the pages
 * @sk: TCP socket that has to see the bytes acknowledged, or NULL; holds one
 *	reference
 * @disconnects: @sk's count from before the bytes were sent
 * @seq: number in its stream after the last byte
 * @filled: bytes in a pipe that somebody has to read
 * @status: 0 or what went wrong; set by the sink that knows, or else at the end
 * @lost: bytes the sink accepted and failed to write
 * @copied: bytes the sink copied after all
 * @deferred: the push when it has ended
 * @free: frees it, and lets go of what its sink held; may sleep
 *
 * Holds a module reference from begin to end: the sink has our callbacks.
 */
struct sv_push {
	struct ubuf_info ubuf;
	struct sv_loan *loan;
	struct sv_account *account;
	struct sv_completion *completion;
	struct sv_push *followers;
	unsigned int nr_followers;
	struct sv_push *next;
	struct sv_push *head;
	size_t shared;
	bool seen;
	struct sock *sk;
	int disconnects;
	u32 seq;
	long filled;
	int status;
	size_t lost;
	atomic_long_t copied;
	struct sv_deferred deferred;
	void (*free)(struct sv_push *push);
};

void sv_push_init(struct sv_push *push, struct sv_loan *loan,
		  struct sv_account *account, struct sv_completion *completion,
		  void (*free)(struct sv_push *push));

struct sv_push *sv_push_begin(struct sv_loan *loan, struct sv_account *account,
			      struct sv_completion *completion);
void sv_push_expect_ack(struct sv_push *push, struct sock *sk, int disconnects);
void sv_push_expect_read(struct sv_push *push, size_t bytes);
bool sv_push_get(struct sv_push *push);
void sv_push_follow(struct sv_push *push, struct sv_push *head);
void sv_push_put(struct sv_push *push);
size_t sv_push_copied(const struct sv_push *push, size_t sent, bool *settled);

#endif /* _SV_TRACKED_H */
