// SPDX-License-Identifier: GPL-2.0-only
/*
 * The private pipe ring: where splice_read and pipes put their buffers, and
 * where a loan takes them over.
 *
 * A buffer is plain when a page reference is all that holds its page. That is
 * known of generic_pipe_buf_release(), and learned of the two other releases
 * that only put the page but are not exported: the page cache's, from a file of
 * our own when the module is loaded, and the anonymous pipe's, from buffers with
 * flags that pipe_write() alone sets. Every other buffer keeps its operations
 * and is only ever lent the tracked way.
 */
#include "ring.h"

#include <linux/err.h>
#include <linux/file.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "loan.h"
#include "pipebuf.h"

typedef void (*sv_release_fn)(struct pipe_inode_info *pipe,
			      struct pipe_buffer *buf);

static sv_release_fn cache_release __ro_after_init;
static sv_release_fn anon_release;

/*
 * A class of its own: a filler may hold locks that are taken inside those of
 * real pipes.
 */
static struct lock_class_key sv_ring_mutex_key;

static void pipe_init_private(struct pipe_inode_info *pipe,
			      struct pipe_buffer *bufs, unsigned int slots,
			      unsigned int usable)
{
	memset(pipe, 0, sizeof(*pipe));
	__mutex_init(&pipe->mutex, "sv_ring", &sv_ring_mutex_key);
	init_waitqueue_head(&pipe->rd_wait);
	init_waitqueue_head(&pipe->wr_wait);
	pipe->bufs = bufs;
	pipe->ring_size = slots;
	pipe->max_usage = usable;
	pipe->readers = 1;
	pipe->writers = 1;
}

/**
 * sv_ring_alloc - an empty ring for a loan
 * @loan: under construction, empty; the ring takes as many buffers as it has
 *	room for
 *
 * Return: the ring or NULL: no memory.
 */
struct sv_ring *sv_ring_alloc(struct sv_loan *loan)
{
	unsigned int slots = roundup_pow_of_two(loan->cap);
	struct sv_ring *ring;

	ring = kmalloc(struct_size(ring, buf, slots), GFP_KERNEL_ACCOUNT);
	if (!ring)
		return NULL;
	pipe_init_private(&ring->pipe, ring->buf, slots, loan->cap);
	ring->loan = loan;
	return ring;
}

static struct pipe_buffer *ring_buf(const struct sv_ring *ring, unsigned int i)
{
	return &ring->pipe.bufs[i & (ring->pipe.ring_size - 1)];
}

static unsigned int count_pieces(const struct sv_spans *spans)
{
	unsigned int pieces = 0;
	struct sv_piece piece;
	u32 i;

	for (i = 0; i < spans->nr; i++) {
		struct sv_span rest = *sv_spans_at(spans, i);

		while (sv_span_next_piece(&rest, &piece))
			pieces++;
	}
	return pieces;
}

/**
 * sv_ring_of_spans - a full ring for ->splice_write to empty
 * @spans: of plain pages; a reference of its own is taken on each
 *
 * No writer is left, so nobody waits for more than there is.
 *
 * Return: the ring or NULL: no memory.
 */
struct sv_ring *sv_ring_of_spans(const struct sv_spans *spans)
{
	unsigned int slots = roundup_pow_of_two(max(count_pieces(spans), 1U));
	struct sv_piece piece;
	struct sv_ring *ring;
	u32 i;

	ring = kvmalloc(struct_size(ring, buf, slots), SV_GFP_LARGE);
	if (!ring)
		return NULL;
	pipe_init_private(&ring->pipe, ring->buf, slots, slots);
	ring->pipe.writers = 0;
	ring->loan = NULL;
	for (i = 0; i < spans->nr; i++) {
		struct sv_span rest = *sv_spans_at(spans, i);

		while (sv_span_next_piece(&rest, &piece))
			sv_pipebuf_make(ring_buf(ring, ring->pipe.head++), NULL,
					&piece);
	}
	return ring;
}

/*
 * Release one buffer that has left its pipe. Its release may look at the pipe
 * and leave the page there, so it gets an empty one.
 */
static void buf_release(struct pipe_buffer *buf)
{
	struct pipe_inode_info pipe;

	pipe_init_private(&pipe, NULL, 0, 0);
	pipe_buf_release(&pipe, buf);
	sv_pipe_drain_stash(&pipe);
	mutex_destroy(&pipe.mutex);
}

/**
 * sv_ring_free - release what is left in a ring, and the ring
 * @ring: ring
 *
 * Context: may sleep; no locks held.
 */
void sv_ring_free(struct sv_ring *ring)
{
	unsigned int i;

	for (i = ring->pipe.tail; i != ring->pipe.head; i++)
		buf_release(ring_buf(ring, i));
	sv_pipe_drain_stash(&ring->pipe);
	mutex_destroy(&ring->pipe.mutex);
	kvfree(ring);
}

/* Read the one byte of @file and look at how its page is released. */
static int __init learn_cache_release(struct file *file)
{
	struct pipe_inode_info pipe;
	struct pipe_buffer buf;
	loff_t pos = 0;
	ssize_t ret;

	pipe_init_private(&pipe, &buf, 1, 1);
	ret = file->f_op->splice_read(file, &pos, &pipe, 1, 0);
	if (ret > 0) {
		if (page_folio(buf.page)->mapping == file->f_mapping &&
		    buf.ops->get == generic_pipe_buf_get)
			cache_release = buf.ops->release;
		buf_release(&buf);
	}
	mutex_destroy(&pipe.mutex);
	return ret < 0 ? ret : 0;
}

/**
 * sv_ring_init - learn what the kernel does not export
 *
 * Return: 0 or a negative errno.
 */
int __init sv_ring_init(void)
{
	struct file *file = sv_shmem_file("splicevec", PAGE_SIZE);
	loff_t pos = 0;
	ssize_t ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = kernel_write(file, "", 1, &pos);
	if (ret == 1)
		ret = learn_cache_release(file);
	fput(file);
	return ret;
}

/**
 * sv_ring_used - count a ring's buffers
 * @ring: ring
 *
 * Return: their number.
 */
unsigned int sv_ring_used(const struct sv_ring *ring)
{
	return pipe_occupancy(ring->pipe.head, ring->pipe.tail);
}

/**
 * sv_ring_full - is there no slot left?
 * @ring: ring
 *
 * Return: true if so.
 */
bool sv_ring_full(const struct sv_ring *ring)
{
	return sv_ring_used(ring) >= ring->pipe.max_usage;
}

/**
 * sv_ring_add - move a buffer into a ring
 * @ring: ring with a free slot
 * @buf: buffer taken off a pipe; its reference moves
 *
 * A page that came as a gift or may be merged into belonged to the pipe's
 * writer; here it is just read.
 */
void sv_ring_add(struct sv_ring *ring, const struct pipe_buffer *buf)
{
	struct pipe_buffer *slot = ring_buf(ring, ring->pipe.head);

	if (buf->flags & (PIPE_BUF_FLAG_CAN_MERGE | PIPE_BUF_FLAG_PACKET))
		WRITE_ONCE(anon_release, buf->ops->release);
	*slot = *buf;
	slot->flags &= ~(PIPE_BUF_FLAG_GIFT | PIPE_BUF_FLAG_CAN_MERGE);
	ring->pipe.head++;
}

/**
 * sv_ring_confirm - wait until the contents of all buffers are good
 * @ring: ring filled by splice_read
 *
 * Buffers from the first bad one on are released. A page that was truncated away
 * meanwhile ends the data, as it does for splice(2).
 *
 * Return: 0 if at least one buffer is good or the ring is empty, otherwise the
 * error of the first.
 */
int sv_ring_confirm(struct sv_ring *ring)
{
	struct pipe_inode_info *pipe = &ring->pipe;
	unsigned int i = pipe->tail;
	unsigned int good;
	int err = 0;

	while (i != pipe->head && !err) {
		err = pipe_buf_confirm(pipe, ring_buf(ring, i));
		if (!err)
			i++;
	}
	for (good = i; i != pipe->head; i++)
		buf_release(ring_buf(ring, i));
	pipe->head = good;
	return good == pipe->tail && err != -ENODATA ? err : 0;
}

/* Files that are but a view of others give pages of those. */
static bool all_are_of(struct sv_ring *ring, const struct address_space *mapping)
{
	unsigned int i;

	for (i = ring->pipe.tail; i != ring->pipe.head; i++)
		if (page_folio(ring_buf(ring, i)->page)->mapping != mapping)
			return false;
	return true;
}

/**
 * sv_ring_find_cache - look whether splice_read gave pages of a page cache
 * @ring: filled and confirmed
 * @file: what was read
 *
 * Some files give copies that belong to nobody else.
 */
void sv_ring_find_cache(struct sv_ring *ring, const struct file *file)
{
	struct pipe_inode_info *pipe = &ring->pipe;

	if (pipe_empty(pipe->head, pipe->tail) ||
	    ring_buf(ring, pipe->tail)->ops->release != cache_release)
		return;
	sv_loan_set_kind(ring->loan, SPLICEVEC_CACHE);
	ring->loan->writable = (file->f_mode & FMODE_WRITE) &&
			       all_are_of(ring, file->f_mapping);
}

static bool buf_is_plain(const struct pipe_buffer *buf)
{
	sv_release_fn release = buf->ops->release;

	return release == generic_pipe_buf_release ||
	       release == cache_release ||
	       release == READ_ONCE(anon_release);
}

/* A hole may come as the zero page with operations that count nothing. */
static void own_zero_page(struct pipe_buffer *buf)
{
	struct page *page = buf->page;

	if (page != ZERO_PAGE(0) || buf_is_plain(buf))
		return;
	get_page(page);
	buf_release(buf);
	buf->ops = &nosteal_pipe_buf_ops;
}

static bool ring_is_plain(struct sv_ring *ring)
{
	bool plain = true;
	unsigned int i;

	for (i = ring->pipe.tail; i != ring->pipe.head; i++) {
		own_zero_page(ring_buf(ring, i));
		plain &= buf_is_plain(ring_buf(ring, i));
	}
	return plain;
}

static void release_ring(struct sv_loan *loan)
{
	sv_ring_free(loan->ring);
}

/*
 * A socket's buffer may reach over several pages of a folio on which it holds a
 * single reference; a run holds one for each page. And it may lie in a slab page,
 * which has no reference count for a sink to use.
 */
static void add_buf(struct sv_loan *loan, const struct pipe_buffer *buf)
{
	struct page *page = buf->page + (buf->offset >> PAGE_SHIFT);
	u32 offset = offset_in_page(buf->offset);

	if (!loan->ring)
		folio_ref_add(page_folio(page),
			      DIV_ROUND_UP(offset + buf->len, PAGE_SIZE) - 1);
	if (folio_test_slab(page_folio(page)))
		loan->plain = false;
	WARN_ON_ONCE(!sv_loan_add(loan, page, offset, buf->len));
}

/**
 * sv_ring_into_loan - let the loan take over all buffers
 * @ring: confirmed; consumed
 *
 * If a reference on each page is all there is, these move and the ring is freed.
 * Otherwise the loan keeps the ring and its release is the buffers' own.
 *
 * Return: the loan, empty if the ring was.
 */
struct sv_loan *sv_ring_into_loan(struct sv_ring *ring)
{
	struct sv_loan *loan = ring->loan;
	unsigned int i;

	if (!ring_is_plain(ring)) {
		loan->ring = ring;
		loan->plain = false;
		loan->release = release_ring;
	}
	for (i = ring->pipe.tail; i != ring->pipe.head; i++)
		add_buf(loan, ring_buf(ring, i));
	if (!loan->ring) {
		ring->pipe.tail = ring->pipe.head;
		sv_ring_free(ring);
	}
	return loan;
}
