/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_COMPLETION_H
#define _SV_COMPLETION_H

#include <linux/atomic.h>
#include <linux/llist.h>
#include <linux/skbuff.h>

struct sv_account;
struct sv_loan;
struct work_struct;

/**
 * struct sv_push - one tracked transfer in flight
 * @ubuf: what sockets hold; its refcnt is the push's: one for each skb or pipe
 *	buffer that reads the pages, one for whoever is handing over
 * @loan: the pages; holds one reference
 * @account: who pushed; holds one reference
 * @copied: bytes the socket copied after all
 * @done: link in the queue of ended pushes
 *
 * Holds a module reference from begin to end: the sink has our callbacks.
 */
struct sv_push {
	struct ubuf_info ubuf;
	struct sv_loan *loan;
	struct sv_account *account;
	atomic_long_t copied;
	struct llist_node done;
};

struct sv_push *sv_push_begin(struct sv_loan *loan, struct sv_account *account);
bool sv_push_get(struct sv_push *push);
void sv_push_put(struct sv_push *push);
size_t sv_push_copied(const struct sv_push *push, bool *settled);

void sv_release_queue(struct work_struct *release);

int sv_completion_init(void);
void sv_completion_exit(void);

#endif /* _SV_COMPLETION_H */
