// SPDX-License-Identifier: GPL-2.0-only
/*
 * mmap of a vector: a read-only snapshot of a window.
 *
 * The snapshot holds the window's loans until the last part of the mapping is
 * gone, so whatever happens to the vector or to the file underneath, the pages
 * stay what they are. They are inserted as bare PFNs: most of them belong to
 * somebody else's mapping, which would be confused by a map count it does not
 * know of; and what is mapped so cannot be pinned, so no store, DMA or loan of a
 * loan can come out of it.
 *
 * A page of the mapping is one of a loan's own pages only where a single run of
 * a single span fills it from its first byte to its last. Every other page is a
 * private copy, zero where no span is: a neighbour's bytes are never seen. The
 * copies are charged when the mapping is made and filled when they are first
 * touched, as copying all at once would take long under the mmap_lock.
 *
 * Faults run under the mmap_lock, so nothing here takes a vector's lock but the
 * window in sv_mmap(), under which nothing faults.
 */
#include "mmap.h"

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "account.h"
#include "lazy.h"
#include "loan.h"
#include "release.h"
#include "vector.h"

/* Copies that a user above the soft limit may still have in a mapping. */
#define SV_SOFT_COPIES	16

/* Pages one fault inserts at the most, as far as they lie in one run. */
#define SV_FAULT_PAGES	16

/*
 * PFNMAP: no struct page is seen, so no pin, no migration, no merging of
 * mappings. DONTEXPAND: there is nothing behind the end. DONTCOPY: not
 * inherited; IO: madvise(2) cannot change that.
 */
#define SV_MAP_FLAGS	(VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTCOPY | \
			 VM_DONTDUMP)

/**
 * struct sv_snapshot - what a mapping shows
 * @refs: one for each part of the mapping
 * @spans: the window, its first byte at position 0; immutable
 * @first: page offset of that byte in the vector
 * @copies: pages that are no page of a loan, by their index in the window, from
 *	the first touch on
 * @charged: how many of them there may be, charged to @account
 * @account: who made the mapping; holds one reference
 * @release: link in the release queue
 *
 * Holds a module reference: the mapping's file may be gone before the release
 * has run.
 */
struct sv_snapshot {
	refcount_t refs;
	struct sv_spans spans;
	pgoff_t first;
	struct xarray copies;
	unsigned long charged;
	struct sv_account *account;
	struct work_struct release;
};

static void free_copies(struct sv_snapshot *snap)
{
	struct page *copy;
	unsigned long i;

	xa_for_each(&snap->copies, i, copy) {
		__free_page(copy);
		cond_resched();
	}
	xa_destroy(&snap->copies);
	sv_account_uncharge(snap->account, SPLICEVEC_OWNED, snap->charged);
}

static void snapshot_release(struct work_struct *work)
{
	struct sv_snapshot *snap = container_of(work, struct sv_snapshot, release);

	sv_spans_free(&snap->spans);
	sv_account_put(snap->account);
	kfree(snap);
	module_put(THIS_MODULE);
}

/*
 * Dropped under the mmap_lock, where a loan's release, which may be that of
 * somebody else's pipe buffer, has no business: it runs on the queue. The copies
 * are our own; they go at once, so that their quota is free for the next mapping.
 */
static void snapshot_put(struct sv_snapshot *snap)
{
	if (!refcount_dec_and_test(&snap->refs))
		return;
	free_copies(snap);
	sv_release_queue(&snap->release);
}

static struct sv_snapshot *snapshot_alloc(void)
{
	struct sv_snapshot *snap = kzalloc(sizeof(*snap), GFP_KERNEL_ACCOUNT);

	if (!snap)
		return NULL;
	snap->account = sv_account_find();
	if (!snap->account) {
		kfree(snap);
		return NULL;
	}
	refcount_set(&snap->refs, 1);
	xa_init_flags(&snap->copies, XA_FLAGS_ACCOUNT);
	INIT_WORK(&snap->release, snapshot_release);
	__module_get(THIS_MODULE);
	return snap;
}

/* Bytes of a span that lie in the run it begins in. */
static size_t len_in_run(const struct sv_span *span)
{
	return min_t(size_t, span->len,
		     span->loan->bv[span->run].bv_len - span->skip);
}

/* Where in its page run a span begins. */
static size_t offset_in_run(const struct sv_span *span)
{
	return (size_t)span->loan->bv[span->run].bv_offset + span->skip;
}

/* Pages of the window that are pages of a loan. */
static unsigned long count_lent(const struct sv_spans *spans)
{
	unsigned long pages = 0;
	u32 i;

	for (i = 0; i < spans->nr; i++) {
		struct sv_span rest = *sv_spans_at(spans, i);

		while (rest.len) {
			size_t len = len_in_run(&rest);
			u64 from = round_up(rest.at, PAGE_SIZE);
			u64 to = round_down(rest.at + len, PAGE_SIZE);

			if (from < to && !offset_in_page(offset_in_run(&rest) - rest.at))
				pages += (to - from) >> PAGE_SHIFT;
			sv_span_advance(&rest, len);
		}
		cond_resched();
	}
	return pages;
}

static int charge_copies(struct sv_snapshot *snap, unsigned long copies)
{
	int err;

	if (copies > SV_SOFT_COPIES && sv_account_over_soft(snap->account))
		return -EDQUOT;
	err = sv_account_charge(snap->account, SPLICEVEC_OWNED, copies);
	if (!err)
		snap->charged = copies;
	return err;
}

static int snapshot_fill(struct sv_snapshot *snap, struct sv_vector *vec,
			 unsigned long pages)
{
	s64 start = (u64)snap->first << PAGE_SHIFT;
	u64 len = (u64)pages << PAGE_SHIFT;
	int err;

	err = sv_vector_window(vec, &start, &len, U32_MAX, &snap->spans);
	if (err)
		return err;
	/* the snapshot will not grow, so a page without a byte makes no sense */
	if (DIV_ROUND_UP_ULL(len, PAGE_SIZE) != pages)
		return -EINVAL;
	return charge_copies(snap, pages - count_lent(&snap->spans));
}

static struct sv_snapshot *snapshot_take(struct sv_vector *vec, pgoff_t first,
					 unsigned long pages)
{
	struct sv_snapshot *snap = snapshot_alloc();
	int err;

	if (!snap)
		return ERR_PTR(-ENOMEM);
	snap->first = first;
	err = snapshot_fill(snap, vec, pages);
	if (!err)
		return snap;
	snapshot_put(snap);
	return ERR_PTR(err);
}

static struct sv_span span_at(const struct sv_spans *spans, u32 i, u64 at)
{
	struct sv_span span = *sv_spans_at(spans, i);

	sv_span_advance(&span, at - span.at);
	return span;
}

/* The page of a loan that is the page of the mapping, if there is one. */
static struct page *lent_page(const struct sv_span *span)
{
	size_t offset = offset_in_run(span);

	if (offset_in_page(offset) || len_in_run(span) < PAGE_SIZE)
		return NULL;
	return span->loan->bv[span->run].bv_page + (offset >> PAGE_SHIFT);
}

/*
 * Can the page be read? On its way from the disk it holds whatever its last
 * owner left there.
 */
static int check_page(const struct sv_loan *loan, struct page *page,
		      bool nonblock)
{
	if (is_page_hwpoison(page))
		return -EHWPOISON;
	return sv_lazy_wait_page(loan, page, nonblock);
}

/* Copy the bytes of a span to a page, as far as both reach. */
static ssize_t copy_span(struct page *to, size_t at, struct sv_span span)
{
	struct sv_piece piece;
	size_t done = 0;

	while (at + done < PAGE_SIZE && sv_span_next_piece(&span, &piece)) {
		size_t n = min_t(size_t, piece.len, PAGE_SIZE - at - done);
		int err = check_page(span.loan, piece.page, false);

		if (err)
			return err;
		memcpy_page(to, at + done, piece.page, piece.offset, n);
		done += n;
	}
	return done;
}

/* A copy of what the window holds from @at on, where its span @i is. */
static struct page *make_copy(const struct sv_spans *spans, u32 i, u64 at)
{
	struct page *page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	size_t done;
	ssize_t n;

	if (!page)
		return ERR_PTR(-ENOMEM);
	for (done = 0; done < PAGE_SIZE && i < spans->nr; done += n) {
		n = copy_span(page, done, span_at(spans, i++, at + done));
		if (n < 0) {
			__free_page(page);
			return ERR_PTR(n);
		}
	}
	flush_dcache_page(page);
	return page;
}

/* The copy that is a page of the mapping; whoever comes first makes it. */
static struct page *find_copy(struct sv_snapshot *snap, u32 i, u64 at)
{
	unsigned long index = at >> PAGE_SHIFT;
	struct page *page = xa_load(&snap->copies, index);
	struct page *first;

	if (page)
		return page;
	page = make_copy(&snap->spans, i, at);
	if (IS_ERR(page))
		return page;
	first = xa_cmpxchg(&snap->copies, index, NULL, page, GFP_KERNEL);
	if (!first)
		return page;
	__free_page(page);
	return xa_is_err(first) ? ERR_PTR(xa_err(first)) : first;
}

static vm_fault_t fault_error(int err)
{
	return err == -EHWPOISON ? VM_FAULT_HWPOISON : vmf_error(err);
}

static vm_fault_t insert_copy(struct vm_fault *vmf, struct page *page)
{
	if (IS_ERR(page))
		return fault_error(PTR_ERR(page));
	return vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(page));
}

/*
 * Insert the page of a loan, and those after it in the same run that are at
 * hand. PINNED pages too: they are some process's memory, but as long as the
 * snapshot holds the loan they are pinned, that is neither moved, swapped out
 * nor given to a child in the owner's place.
 */
static vm_fault_t insert_lent(struct vm_fault *vmf, const struct sv_span *span,
			      struct page *page)
{
	unsigned long left = vmf->vma->vm_end - vmf->address;
	unsigned long pages = min_t(u64, left, len_in_run(span)) >> PAGE_SHIFT;
	unsigned long i;
	vm_fault_t ret;
	int err;

	err = check_page(span->loan, page, false);
	if (err)
		return fault_error(err);
	ret = vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(page));
	pages = min_t(unsigned long, pages, SV_FAULT_PAGES);
	for (i = 1; ret == VM_FAULT_NOPAGE && i < pages; i++) {
		if (check_page(span->loan, page + i, true))
			break;
		if (vmf_insert_pfn(vmf->vma, vmf->address + i * PAGE_SIZE,
				   page_to_pfn(page + i)) != VM_FAULT_NOPAGE)
			break;
	}
	return ret;
}

static vm_fault_t snapshot_fault(struct vm_fault *vmf)
{
	struct sv_snapshot *snap = vmf->vma->vm_private_data;
	u64 at = (u64)(vmf->pgoff - snap->first) << PAGE_SHIFT;
	u32 i = sv_spans_find(&snap->spans, at);
	struct sv_span span = span_at(&snap->spans, i, at);
	struct page *page = lent_page(&span);

	if (page)
		return insert_lent(vmf, &span, page);
	return insert_copy(vmf, find_copy(snap, i, at));
}

/* A part of the mapping was split off, or is being moved. */
static void snapshot_open(struct vm_area_struct *vma)
{
	struct sv_snapshot *snap = vma->vm_private_data;

	refcount_inc(&snap->refs);
}

static void snapshot_close(struct vm_area_struct *vma)
{
	snapshot_put(vma->vm_private_data);
}

static const struct vm_operations_struct snapshot_ops = {
	.open = snapshot_open,
	.close = snapshot_close,
	.fault = snapshot_fault,
};

/**
 * sv_mmap - map a snapshot of a vector
 * @file: the vector, open for reading
 * @vma: new mapping; its page offset is the absolute position of its first byte
 *
 * Context: under the mmap_lock.
 * Return: 0; -EACCES for a writable mapping, -EPERM for an executable one,
 * -ESTALE before the head, -EINVAL if a page would hold no byte, -EDQUOT if the
 * caller may not have that many copies, or -ENOMEM.
 */
int sv_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct sv_snapshot *snap;

	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	snap = snapshot_take(file->private_data, vma->vm_pgoff, vma_pages(vma));
	if (IS_ERR(snap))
		return PTR_ERR(snap);
	vm_flags_clear(vma, VM_MAYWRITE | VM_MAYEXEC);
	vm_flags_set(vma, SV_MAP_FLAGS);
	vma->vm_private_data = snap;
	vma->vm_ops = &snapshot_ops;
	return 0;
}
