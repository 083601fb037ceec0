// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pool of buffers, for those who lend often and do not want to allocate each time.
 *
 * A buffer that came back is written again, but its pages are freed by dropping our
 * references: somebody may still hold one for a moment, for no use.
 */
#include "pool.h"

#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

static LIST_HEAD(pool);
static DEFINE_MUTEX(pool_lock);	/* pool and made */
static u64 made;

static bool fill_pages(struct buffer *buffer)
{
	unsigned int i;

	for (i = 0; i < buffer->nr; i++) {
		buffer->pages[i] = alloc_page(GFP_KERNEL);
		if (!buffer->pages[i])
			break;
	}
	if (i == buffer->nr)
		return true;
	while (i--)
		__free_page(buffer->pages[i]);
	return false;
}

static bool fill_vmalloc(struct buffer *buffer)
{
	unsigned int i;

	buffer->data = __vmalloc((size_t)buffer->nr << PAGE_SHIFT,
				 GFP_KERNEL | __GFP_NOWARN);
	for (i = 0; buffer->data && i < buffer->nr; i++)
		buffer->pages[i] = vmalloc_to_page(buffer->data + i * PAGE_SIZE);
	return buffer->data;
}

static bool fill_run(struct buffer *buffer)
{
	unsigned int i;

	buffer->data = alloc_pages_exact((size_t)buffer->nr << PAGE_SHIFT,
					 GFP_KERNEL | __GFP_NOWARN);
	for (i = 0; buffer->data && i < buffer->nr; i++)
		buffer->pages[i] = virt_to_page(buffer->data + i * PAGE_SIZE);
	return buffer->data;
}

static bool fill_compound(struct buffer *buffer)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_NOWARN,
					order_base_2(buffer->nr));
	unsigned int i;

	for (i = 0; page && i < buffer->nr; i++)
		buffer->pages[i] = page + i;
	return page;
}

static bool fill(struct buffer *buffer)
{
	switch (buffer->sort) {
	case LENDER_VMALLOC:
		return fill_vmalloc(buffer);
	case LENDER_RUN:
		return fill_run(buffer);
	case LENDER_COMPOUND:
		return fill_compound(buffer);
	default:
		return fill_pages(buffer);
	}
}

static struct buffer *buffer_new(enum lender_sort sort, unsigned int nr)
{
	struct buffer *buffer = kvzalloc(struct_size(buffer, pages, nr),
					 GFP_KERNEL | __GFP_NOWARN);

	if (!buffer)
		return NULL;
	INIT_LIST_HEAD(&buffer->node);
	buffer->sort = sort;
	buffer->nr = nr;
	if (fill(buffer))
		return buffer;
	kvfree(buffer);
	return NULL;
}

static void buffer_free(struct buffer *buffer)
{
	unsigned int i;

	if (buffer->sort == LENDER_VMALLOC)
		vfree(buffer->data);
	else if (buffer->sort == LENDER_COMPOUND)
		put_page(buffer->pages[0]);
	else
		for (i = 0; i < buffer->nr; i++)
			put_page(buffer->pages[i]);
	kvfree(buffer);
}

/* The pool's, if it has one. */
static struct buffer *find(enum lender_sort sort, unsigned int nr)
{
	struct buffer *buffer;

	lockdep_assert_held(&pool_lock);
	list_for_each_entry(buffer, &pool, node) {
		if (buffer->sort != sort || buffer->nr != nr)
			continue;
		list_del_init(&buffer->node);
		return buffer;
	}
	return NULL;
}

/**
 * pool_take - take a buffer out of the pool, or make one
 * @sort: of pages
 * @bytes: it shall have room for
 *
 * Return: the buffer, for pool_put(), or NULL: no memory.
 */
struct buffer *pool_take(enum lender_sort sort, size_t bytes)
{
	unsigned int nr = DIV_ROUND_UP(bytes, PAGE_SIZE);
	struct buffer *buffer;

	mutex_lock(&pool_lock);
	buffer = find(sort, nr);
	mutex_unlock(&pool_lock);
	if (buffer)
		return buffer;
	buffer = buffer_new(sort, nr);
	if (buffer) {
		mutex_lock(&pool_lock);
		made++;
		mutex_unlock(&pool_lock);
	}
	return buffer;
}

/**
 * pool_put - a buffer is free
 * @buffer: its contents may be lost
 */
void pool_put(struct buffer *buffer)
{
	mutex_lock(&pool_lock);
	list_add(&buffer->node, &pool);
	mutex_unlock(&pool_lock);
}

/**
 * pool_made - how many buffers were made?
 *
 * Return: their number.
 */
u64 pool_made(void)
{
	u64 ret;

	mutex_lock(&pool_lock);
	ret = made;
	mutex_unlock(&pool_lock);
	return ret;
}

/**
 * pool_empty - free all buffers
 *
 * Context: module exit: what was lent has come back.
 */
void pool_empty(void)
{
	struct buffer *buffer, *next;

	list_for_each_entry_safe(buffer, next, &pool, node)
		buffer_free(buffer);
}
