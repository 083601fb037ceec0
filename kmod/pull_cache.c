// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull from the page cache by walking the mapping: the cheapest way for what is
 * resident. Only for filesystems whose read path is the plain page cache; and
 * only for folios that such a read would take as they are. Whatever needs more,
 * reading from the disk, readahead, waiting, swapping in, is left to splice_read.
 */
#include "pull.h"

#include <linux/err.h>
#include <linux/magic.h>
#include <linux/pagemap.h>
#include <linux/pagevec.h>
#include <linux/swap.h>

#include "loan.h"

/* ext4, xfs and tmpfs read their page cache and nothing else. */
static bool reads_page_cache(const struct super_block *sb)
{
	return sb->s_magic == EXT4_SUPER_MAGIC ||
	       sb->s_magic == XFS_SUPER_MAGIC || sb->s_magic == TMPFS_MAGIC;
}

static bool cache_match(struct file *file)
{
	struct inode *inode = file_inode(file);

	/* overlayfs and its like show their own inode but another's mapping */
	return S_ISREG(inode->i_mode) && reads_page_cache(inode->i_sb) &&
	       file->f_mapping == inode->i_mapping && !IS_DAX(inode) &&
	       !(file->f_flags & O_DIRECT) && file->f_op->splice_read;
}

/* The readahead mark means: this reader shall start the next I/O. */
static bool folio_is_ready(struct folio *folio, pgoff_t index)
{
	return index >= folio->index && index < folio_next_index(folio) &&
	       folio_test_uptodate(folio) && !folio_test_readahead(folio) &&
	       !folio_test_hwpoison(folio) && !folio_test_has_hwpoisoned(folio);
}

/*
 * Add bytes of a folio from @pos on, with a reference for each page.
 *
 * Return: bytes added, 0: the loan is full.
 */
static size_t add_folio(struct sv_loan *loan, struct folio *folio, loff_t pos,
			size_t len)
{
	struct page *page = folio_file_page(folio, pos >> PAGE_SHIFT);
	size_t n = min_t(size_t, len, folio_pos(folio) + folio_size(folio) - pos);
	unsigned int pages = DIV_ROUND_UP(offset_in_page(pos) + n, PAGE_SIZE);

	folio_ref_add(folio, pages);
	if (sv_loan_add(loan, page, offset_in_page(pos), n)) {
		folio_mark_accessed(folio);
		return n;
	}
	folio_put_refs(folio, pages);
	return 0;
}

/* Add the folios of one look-up, up to the first that is not ready. */
static size_t add_batch(struct sv_loan *loan, struct folio_batch *batch,
			loff_t pos, size_t len)
{
	size_t done = 0;
	unsigned int i;

	for (i = 0; i < folio_batch_count(batch) && done < len; i++) {
		struct folio *folio = batch->folios[i];
		size_t n;

		if (!folio_is_ready(folio, (pos + done) >> PAGE_SHIFT))
			break;
		n = add_folio(loan, folio, pos + done, len - done);
		if (!n)
			break;
		done += n;
	}
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
		folio_batch_release(&batch);
		done += n;
	} while (n && done < len);
	return done;
}

static ssize_t cache_pull(struct sv_pull *pull, size_t len)
{
	struct file *file = pull->file;
	loff_t pos = pull->position.pos;
	struct sv_loan *loan;
	ssize_t ret;
	loff_t size;

	ret = rw_verify_area(READ, file, &pos, len);
	if (ret)
		return ret;
	loan = sv_pull_begin_loan(pull, SPLICEVEC_CACHE,
				  DIV_ROUND_UP(offset_in_page(pos) + len,
					       PAGE_SIZE));
	if (IS_ERR(loan))
		return PTR_ERR(loan);
	/* as many pages as runs, though runs may be longer: consuming frees early */
	len = min(len, ((size_t)loan->cap << PAGE_SHIFT) - offset_in_page(pos));
	len = walk(file->f_mapping, loan, pos, len);
	/* looked at after the folios, as reads do: they may be beyond a new end */
	size = i_size_read(file_inode(file));
	sv_loan_trim(loan, pos < size ? min_t(loff_t, len, size - pos) : 0);
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
	.match = cache_match,
	.positioning = SV_POS_FILE,
	.pull = cache_pull,
	.otherwise = &sv_source_splice,
};
