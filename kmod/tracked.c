// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracked pushes: how a sink's end of use comes home.
 *
 * A sink ends in any context: a socket frees its last skb in softirq or with
 * interrupts off, a pipe's buffer is released under the pipe's lock. So the end
 * of a push only counts down and is left to others (deferred.c), who give the pages
 * back, undo the charge and drop the module reference, in process context with no lock
 * held.
 */
#include "tracked.h"

#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "account.h"
#include "completion.h"
#include "loan.h"
#include "trace.h"

/* A packet may end with interrupts off, and all that share it end with it. */
#define MOST_FOLLOWERS	256

/*
 * Have the bytes arrived, as far as the sink knows now that it lets go? TCP does so
 * when they are acknowledged, and only then has it come so far, or when it gives
 * the connection up: @sk_err may have been fetched by somebody since. Others may
 * send as well, and their bytes count as if they were ours: of a connection that
 * broke that can only say too much of an error. Of a pipe's buffers those were read
 * that have become a copy.
 *
 * Context: any.
 */
static int final_status(const struct sv_push *push)
{
	const struct sock *sk = push->sk;

	if (!sk)
		return atomic_long_read(&push->copied) < push->filled ? -EPIPE : 0;
	if (READ_ONCE(sk->sk_disconnects) == push->disconnects &&
	    !before(READ_ONCE(tcp_sk(sk)->snd_una), push->seq))
		return 0;
	return -(READ_ONCE(sk->sk_err) ?: ECONNRESET);
}

static void tell_completion(const struct sv_push *push)
{
	struct sv_completion *completion = push->completion;

	if (push->status)
		sv_completion_fail(completion, push->status);
	sv_completion_add_lost(completion, push->lost);
	if (!push->loan->counted)
		sv_completion_add_copied(completion,
					 atomic_long_read(&push->copied));
}

/* Return: that was the last reference. Context: any. */
static bool drop(struct sv_push *push)
{
	if (!refcount_dec_and_test(&push->ubuf.refcnt))
		return false;
	if (!push->status)
		push->status = final_status(push);
	trace_splicevec_complete(push);
	return true;
}

/* The record comes when all that the push held is given back. */
static void push_finish(struct sv_deferred *deferred)
{
	struct sv_push *push = container_of(deferred, struct sv_push, deferred);
	struct sv_completion *completion = push->completion;
	struct sv_account *account = push->account;

	if (completion)
		tell_completion(push);
	sv_loan_put(push->loan);
	if (push->sk)
		sock_put(push->sk);
	push->free(push);
	if (completion)
		sv_completion_put(completion);
	atomic_long_dec(&account->pushes);
	sv_account_put(account);
	module_put(THIS_MODULE);
}

/* Does somebody wait for more than a record that he reaps? */
static bool in_a_hurry(const struct sv_push *push)
{
	const struct sv_completion *completion = push->completion;

	return completion->recipient || READ_ONCE(completion->witnesses) ||
	       sv_loan_awaited(push->loan);
}

/* Nobody follows it any more. Context: any. */
static void leave(struct sv_push *push)
{
	struct sv_completion *completion = push->completion;

	if (completion)
		sv_completions_defer(completion->to, &push->deferred, in_a_hurry(push));
	else
		sv_completions_defer(NULL, &push->deferred, true);
}

/*
 * No skb reads the pages of any of them by way of this push any more. How much of
 * an skb that was copied was whose is not known: so all may have been. Those that
 * end now go in front of @rest, the oldest first: that was the order of their bytes.
 *
 * Return: what ends next.
 */
static struct sv_push *end_followers(struct sv_push *push, struct sv_push *rest)
{
	bool copied = atomic_long_read(&push->copied);
	struct sv_push *follower, *next;

	for (follower = push->followers; follower; follower = next) {
		next = follower->next;
		follower->next = NULL;
		if (copied)
			atomic_long_add(follower->shared, &follower->copied);
		follower->shared = 0;
		/* from now on it may follow another one */
		smp_store_release(&follower->head, NULL);
		if (drop(follower)) {
			follower->next = rest;
			rest = follower;
		}
	}
	return rest;
}

/*
 * Its last reference was dropped. Followers may have some of their own, and so on.
 *
 * Context: any.
 */
static void push_end(struct sv_push *push)
{
	struct sv_push *next;

	for (; push; push = next) {
		/* first of all, as it may be gone as soon as it has left */
		next = end_followers(push, push->next);
		leave(push);
	}
}

/**
 * sv_push_init - begin a tracked push that is a part of something larger
 * @push: to be initialised; has one reference, the caller's
 * @loan: what is pushed; the push takes a reference of its own
 * @account: who pushes
 * @completion: to be told of the end, or NULL; the push takes a reference of its
 *	own
 * @free: called once, in process context, when the push has ended
 *
 * Context: called through an open vector, which holds the module.
 */
void sv_push_init(struct sv_push *push, struct sv_loan *loan,
		  struct sv_account *account, struct sv_completion *completion,
		  void (*free)(struct sv_push *push))
{
	sv_ubuf_init(&push->ubuf);
	push->loan = sv_loan_get(loan);
	push->account = sv_account_get(account);
	push->completion = completion ? sv_completion_get(completion) : NULL;
	push->followers = NULL;
	push->nr_followers = 0;
	push->next = NULL;
	push->head = NULL;
	push->shared = 0;
	push->seen = false;
	push->sk = NULL;
	push->filled = 0;
	push->status = 0;
	push->lost = 0;
	push->free = free;
	push->deferred.finish = push_finish;
	atomic_long_set(&push->copied, 0);
	atomic_long_inc(&account->pushes);
	__module_get(THIS_MODULE);
	trace_splicevec_push(push);
}

static void free_push(struct sv_push *push)
{
	kfree(push);
}

/**
 * sv_push_begin - begin a tracked push
 * @loan: what is pushed; the push takes a reference of its own
 * @account: who pushes
 * @completion: to be told of the end, or NULL; the push takes a reference of its
 *	own
 *
 * Context: may sleep; called through an open vector, which holds the module.
 * Return: the push with one reference for the caller, or NULL: no memory.
 */
struct sv_push *sv_push_begin(struct sv_loan *loan, struct sv_account *account,
			      struct sv_completion *completion)
{
	struct sv_push *push = kmalloc(sizeof(*push), GFP_KERNEL_ACCOUNT);

	if (push)
		sv_push_init(push, loan, account, completion, free_push);
	return push;
}

/**
 * sv_push_expect_ack - the push is good only if TCP sees its bytes acknowledged
 * @push: held by the caller, who has just sent it
 * @sk: the TCP socket, which is held until the end: not its file
 * @disconnects: its @sk_disconnects from before that
 */
void sv_push_expect_ack(struct sv_push *push, struct sock *sk, int disconnects)
{
	sock_hold(sk);
	push->sk = sk;
	push->disconnects = disconnects;
	push->seq = READ_ONCE(tcp_sk(sk)->write_seq);
}

/**
 * sv_push_expect_read - the push is good only if its pipe's bytes are read
 * @push: held by the caller
 * @bytes: that are in the pipe
 */
void sv_push_expect_read(struct sv_push *push, size_t bytes)
{
	push->filled = bytes;
}

/**
 * sv_push_get - take another reference
 * @push: held by the caller
 *
 * Context: any.
 * Return: false if there are too many already.
 */
bool sv_push_get(struct sv_push *push)
{
	/* as generic_pipe_buf_get(): tee(2) can multiply references at will */
	if (refcount_read(&push->ubuf.refcnt) > INT_MAX / 2)
		return false;
	refcount_inc(&push->ubuf.refcnt);
	return true;
}

/**
 * sv_push_follow - have a push end after another one
 * @push: one reference moves to @head
 * @head: held by the caller, who is the only one to change its followers: it is
 *	private, or in a packet of a socket that is locked
 */
void sv_push_follow(struct sv_push *push, struct sv_push *head)
{
	push->head = head;
	push->next = head->followers;
	head->followers = push;
	head->nr_followers++;
}

/**
 * sv_push_put - one reader of the pages has ended
 * @push: one reference is consumed
 *
 * Context: any, hard interrupts included.
 */
void sv_push_put(struct sv_push *push)
{
	if (drop(push))
		push_end(push);
}

/**
 * sv_ubuf_complete - a socket ends its use of a push's pages
 * @skb: the last skb that read them, or NULL
 * @ubuf: in the push
 * @zerocopy: false if the socket read a copy
 *
 * Context: mostly softirq.
 */
void sv_ubuf_complete(struct sk_buff *skb, struct ubuf_info *ubuf,
		      bool zerocopy)
{
	struct sv_push *push = container_of(ubuf, struct sv_push, ubuf);

	if (skb)
		WRITE_ONCE(push->seen, true);
	/* what an skb holds beyond its headers are our pages */
	if (!zerocopy && skb)
		atomic_long_add(skb->data_len, &push->copied);
	sv_push_put(push);
}

/**
 * sv_ubuf_link - may a packet that reads one push's pages read another's as well?
 * @to: in the push that a packet has, and with it a reference on it
 * @ubuf: in the push that is being sent
 *
 * So small pushes need no packet each. The push then ends after the other one. A
 * push that others follow cannot follow, or two that are sent at a time could come
 * to wait for each other.
 *
 * Context: the socket is locked.
 * Return: 0, or -EEXIST: it takes another packet.
 */
int sv_ubuf_link(struct ubuf_info *to, struct ubuf_info *ubuf)
{
	struct sv_push *push = container_of(ubuf, struct sv_push, ubuf);
	struct sv_push *head = container_of(to, struct sv_push, ubuf);
	/* pairs with end_followers(): if there is none it is done with @push */
	const struct sv_push *old = smp_load_acquire(&push->head);

	if (push == head || old == head)
		return 0;
	if (old || push->followers || head->nr_followers == MOST_FOLLOWERS ||
	    !sv_push_get(push))
		return -EEXIST;
	sv_push_follow(push, head);
	WRITE_ONCE(push->seen, true);
	return 0;
}

/**
 * sv_ubuf_shared - bytes were added to a packet of another push
 * @ubuf: in the push that is being sent, which sv_ubuf_link() let follow
 * @bytes: how many
 *
 * Context: the socket is locked.
 */
void sv_ubuf_shared(struct ubuf_info *ubuf, size_t bytes)
{
	struct sv_push *push = container_of(ubuf, struct sv_push, ubuf);

	push->shared += bytes;
}

/**
 * sv_push_copied - how many bytes has the socket copied so far?
 * @push: held by the caller, who holds the only reference that is no reader's
 * @sent: bytes it has accepted
 * @settled: result: no reader is left, so the count is final
 *
 * A socket whose route cannot send from pages copies and tells nobody: but then no
 * packet has ever held the push.
 *
 * Return: bytes; a packet copied by several receivers counts each time.
 */
size_t sv_push_copied(const struct sv_push *push, size_t sent, bool *settled)
{
	*settled = refcount_read(&push->ubuf.refcnt) == 1;
	/* a reader that is gone has counted before it went */
	smp_rmb();
	if (*settled && !READ_ONCE(push->seen))
		return sent;
	return atomic_long_read(&push->copied);
}
