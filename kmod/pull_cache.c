// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull from the page cache by walking the mapping: the cheapest way for what is
 * resident, and with LAZY for what is on its way from the disk. Only where the
 * read path is the plain page cache; and only for folios that such a read would
 * take as they are. Whatever needs more, reading from the disk, readahead,
 * waiting, swapping in, is left to splice_read.
 */
#include "pull.h"

#include <linux/err.h>
#include <linux/magic.h>
#include <linux/pagemap.h>
#include <linux/pagevec.h>
#include <linux/swap.h>

#include "loan.h"

/* Block devices, ext4, xfs and tmpfs read their page cache and nothing else. */
static bool reads_page_cache(const struct inode *host)
{
	unsigned long magic = host->i_sb->s_magic;

	return S_ISBLK(host->i_mode) ||
	       (S_ISREG(host->i_mode) && (magic == EXT4_SUPER_MAGIC ||
					  magic == XFS_SUPER_MAGIC ||
					  magic == TMPFS_MAGIC));
}

static bool cache_match(const struct sv_pull *pull)
{
	struct file *file = pull->file;
	struct inode *host = file->f_mapping->host;

	/* overlayfs and its like show their own inode but another's mapping */
	return reads_page_cache(host) && !IS_DAX(host) &&
	       (host == file_inode(file) || S_ISBLK(host->i_mode)) &&
	       !(file->f_flags & O_DIRECT) && file->f_op->splice_read;
}

/* The readahead mark means: this reader shall start the next I/O. */
static bool is_resident(struct folio *folio)
{
	return folio_test_uptodate(folio) && !folio_test_readahead(folio);
}

static bool is_poisoned(struct folio *folio)
{
	return folio_test_hwpoison(folio) ||
	       (folio_test_large(folio) && folio_test_has_hwpoisoned(folio));
}

static bool may_take(const struct sv_loan *loan, struct folio *folio)
{
	if (is_poisoned(folio))
		return false;
	return loan->lazy || is_resident(folio);
}

/*
 * How many folios of a look-up, from the @i-th on, lie side by side in memory and
 * may be taken? After the first only single pages count, which is what there are
 * many of. @bytes: what they give from @pos on.
 */
static unsigned int count_side_by_side(const struct sv_loan *loan,
				       struct folio_batch *batch,
				       unsigned int i, loff_t pos, size_t len,
				       size_t *bytes)
{
	struct folio *folio = batch->folios[i];
	pgoff_t skip = (pos >> PAGE_SHIFT) - folio->index;
	struct page *last = folio_page(folio, folio_nr_pages(folio) - 1);
	unsigned int n = 1;

	/* it may have left the file and come back elsewhere */
	if (skip >= folio_nr_pages(folio) || !may_take(loan, folio))
		return 0;
	*bytes = folio_size(folio) - (skip << PAGE_SHIFT) - offset_in_page(pos);
	while (*bytes < len && i + n < folio_batch_count(batch)) {
		struct folio *next = batch->folios[i + n];

		if (!sv_page_follows(folio_page(next, 0), last) ||
		    folio_test_large(next) || !may_take(loan, next) ||
		    next->index != (pos + *bytes) >> PAGE_SHIFT)
			break;
		last++;
		*bytes += PAGE_SIZE;
		n++;
	}
	*bytes = min(*bytes, len);
	return n;
}

/*
 * Add bytes that begin in a folio, with a reference for each page. One on each
 * folio is the caller's.
 *
 * Return: false if the loan is full; the references are still the caller's.
 */
static bool add_bytes(struct sv_loan *loan, struct folio *folio, loff_t pos,
		      size_t bytes)
{
	pgoff_t skip = (pos >> PAGE_SHIFT) - folio->index;
	size_t pages = DIV_ROUND_UP(offset_in_page(pos) + bytes, PAGE_SIZE);
	int more = min(pages, folio_nr_pages(folio) - skip) - 1;

	if (more)
		folio_ref_add(folio, more);
	if (sv_loan_add(loan, folio_page(folio, skip), offset_in_page(pos), bytes))
		return true;
	if (more)
		folio_put_refs(folio, more);
	return false;
}

/*
 * Add the folios of one look-up, up to the first that may not be taken. The
 * references of those that are taken move to the loan.
 */
static size_t add_batch(struct sv_loan *loan, struct folio_batch *batch,
			loff_t pos, size_t len)
{
	unsigned int i = 0;
	size_t done = 0;

	while (i < folio_batch_count(batch) && done < len) {
		size_t bytes;
		unsigned int n = count_side_by_side(loan, batch, i, pos + done,
						    len - done, &bytes);

		if (!n || !add_bytes(loan, batch->folios[i], pos + done, bytes))
			break;
		done += bytes;
		while (n--)
			folio_mark_accessed(batch->folios[i++]);
	}
	for (; i < folio_batch_count(batch); i++)
		folio_put(batch->folios[i]);
	return done;
}

/* Return: bytes added, from @pos on without a gap. */
static size_t walk(struct address_space *mapping, struct sv_loan *loan,
		   loff_t pos, size_t len)
{
	struct folio_batch batch;
	size_t done = 0;
	size_t n;

	do {
		pgoff_t start = (pos + done) >> PAGE_SHIFT;

		folio_batch_init(&batch);
		filemap_get_folios_contig(mapping, &start,
					  (pos + len - 1) >> PAGE_SHIFT, &batch);
		n = add_batch(loan, &batch, pos + done, len - done);
		done += n;
	} while (n && done < len);
	return done;
}

/* Bytes of [@pos, @pos + @len) before the end of the file. */
static size_t before_end(struct address_space *mapping, loff_t pos, size_t len)
{
	loff_t size = i_size_read(mapping->host);

	return pos < size ? min_t(loff_t, len, size - pos) : 0;
}

/*
 * Start to read what is not there. Folios that there is no memory for are left
 * out, and splice_read then waits for them.
 */
static void start_reading(struct file *file, loff_t pos, size_t len)
{
	DEFINE_READAHEAD(ractl, file, &file->f_ra, file->f_mapping,
			 pos >> PAGE_SHIFT);

	len = before_end(file->f_mapping, pos, len);
	if (len)
		page_cache_ra_unbounded(&ractl, DIV_ROUND_UP(offset_in_page(pos) +
							     len, PAGE_SIZE), 0);
}

static ssize_t cache_pull(struct sv_pull *pull, size_t len)
{
	struct file *file = pull->file;
	loff_t pos = pull->position.pos;
	struct sv_loan *loan;
	ssize_t ret;

	loan = sv_pull_begin_loan(pull, SPLICEVEC_CACHE,
				  DIV_ROUND_UP(offset_in_page(pos) + len,
					       PAGE_SIZE));
	if (IS_ERR(loan))
		return PTR_ERR(loan);
	/* as many pages as runs, though runs may be longer: consuming frees early */
	len = min(len, ((size_t)loan->cap << PAGE_SHIFT) - offset_in_page(pos));
	/* tmpfs has no disk */
	loan->lazy = (pull->flags & SPLICEVEC_LAZY) &&
		     file->f_mapping->a_ops->readahead;
	if (loan->lazy)
		start_reading(file, pos, len);
	len = walk(file->f_mapping, loan, pos, len);
	/* looked at after the folios, as reads do: they may be beyond a new end */
	sv_loan_trim(loan, before_end(file->f_mapping, pos, len));
	ret = sv_pull_end_loan(pull, loan, false);
	if (!ret)
		return -ENOTBLK;
	if (ret > 0) {
		pull->position.pos += ret;
		file_accessed(file);
	}
	return ret;
}

const struct sv_source sv_source_cache = {
	.types = SV_TYPE_DATA,
	.match = cache_match,
	.ways = SPLICEVEC_LAZY,
	.positioning = SV_POS_FILE,
	.pull = cache_pull,
	.otherwise = &sv_source_splice,
};
