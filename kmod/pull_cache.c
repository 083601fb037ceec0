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
#include <linux/swap.h>
#include <linux/xarray.h>

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

static bool may_take(const struct sv_loan *loan, struct folio *folio)
{
	if (sv_folio_poisoned(folio))
		return false;
	return loan->lazy || is_resident(folio);
}

/*
 * Add a folio's bytes from @pos on. Its reference moves to the loan, which gets
 * one for every page.
 *
 * Return: bytes added. There is room: a loan has as many runs as pages are asked
 * for.
 */
static inline size_t add_folio(struct sv_loan *loan, struct folio *folio,
			       loff_t pos, size_t len)
{
	size_t offset = offset_in_page(pos);
	pgoff_t skip = (pos >> PAGE_SHIFT) - folio->index;
	size_t pages = folio_nr_pages(folio) - skip;
	size_t bytes = min(len, (pages << PAGE_SHIFT) - offset);

	if (pages > 1) {
		pages = DIV_ROUND_UP(offset + bytes, PAGE_SIZE);
		folio_ref_add(folio, pages - 1);
	}
	sv_loan_add_folio(loan, folio, folio_page(folio, skip), offset, bytes);
	return bytes;
}

/*
 * Take a reference on the folio that an entry of the mapping stands for.
 *
 * Return: true if so; false: look again (@again) or stop here.
 */
static bool get_entry(struct xa_state *xas, const struct sv_loan *loan,
		      struct folio *folio, bool *again)
{
	/* swapped out; or a huge page that was just split or made */
	if (xa_is_value(folio) || xa_is_sibling(folio))
		return false;
	*again = !folio_try_get(folio);
	if (*again)
		return false;
	/* with the reference it cannot be replaced unseen any more */
	*again = folio != xas_reload(xas);
	if (!*again && may_take(loan, folio))
		return true;
	folio_put(folio);
	return false;
}

/* Return: bytes added, from @pos on without a gap. */
static size_t walk(struct address_space *mapping, struct sv_loan *loan,
		   loff_t pos, size_t len)
{
	XA_STATE(xas, &mapping->i_pages, pos >> PAGE_SHIFT);
	struct folio *folio;
	size_t done = 0;
	bool again;

	rcu_read_lock();
	for (folio = xas_load(&xas); folio && done < len; folio = xas_next(&xas)) {
		again = xas_retry(&xas, folio);
		if (again)
			continue;
		if (!get_entry(&xas, loan, folio, &again)) {
			if (!again)
				break;
			xas_reset(&xas);
			continue;
		}
		folio_mark_accessed(folio);
		done += add_folio(loan, folio, pos + done, len - done);
		if (folio_test_large(folio))
			xas_advance(&xas, folio_next_index(folio) - 1);
	}
	rcu_read_unlock();
	return done;
}

/* Bytes of [@pos, @pos + @len) before the end of the file. */
static size_t before_end(struct address_space *mapping, loff_t pos, size_t len)
{
	loff_t size = i_size_read(mapping->host);

	return pos < size ? min_t(loff_t, len, size - pos) : 0;
}

/*
 * Find the next folio that is not read and that nobody reads. Filesystems leave such
 * folios behind where they were to zero a part of one and found a hole; others could
 * not be read before. Who wants to read it asks again under its lock.
 *
 * Return: the folio with a reference, or NULL. @index: the one behind it.
 */
static struct folio *next_idle(struct address_space *mapping, pgoff_t *index,
			       pgoff_t last)
{
	XA_STATE(xas, &mapping->i_pages, *index);
	struct folio *folio;

	rcu_read_lock();
	xas_for_each(&xas, folio, last) {
		if (xas_retry(&xas, folio) || xa_is_value(folio) ||
		    folio_test_uptodate(folio) || folio_test_locked(folio) ||
		    !folio_try_get(folio))
			continue;
		if (folio == xas_reload(&xas)) {
			*index = folio_next_index(folio);
			break;
		}
		folio_put(folio);
	}
	rcu_read_unlock();
	return folio;
}

/*
 * Readahead leaves out what is in the cache already. If nobody reads that, it could
 * not be read any more once the file has lost it.
 */
static void read_idle(struct file *file, pgoff_t index, pgoff_t last)
{
	struct address_space *mapping = file->f_mapping;
	struct folio *folio;

	/* no truncation while it is read, as for any read */
	filemap_invalidate_lock_shared(mapping);
	while (index <= last && (folio = next_idle(mapping, &index, last))) {
		if (folio_trylock(folio)) {
			if (folio->mapping == mapping && !folio_test_uptodate(folio))
				sv_read_folio(file, folio);
			else
				folio_unlock(folio);
		}
		folio_put(folio);
	}
	filemap_invalidate_unlock_shared(mapping);
}

/*
 * Start to read what is not there. Folios that there is no memory for are left
 * out, and splice_read then waits for them.
 */
static noinline void start_reading(struct file *file, loff_t pos, size_t len)
{
	pgoff_t first = pos >> PAGE_SHIFT;
	DEFINE_READAHEAD(ractl, file, &file->f_ra, file->f_mapping, first);
	pgoff_t last;

	len = before_end(file->f_mapping, pos, len);
	if (!len)
		return;
	last = (pos + len - 1) >> PAGE_SHIFT;
	sv_readahead(&ractl, last - first + 1);
	read_idle(file, first, last);
}

static ssize_t cache_pull(struct sv_pull *pull, size_t len)
{
	struct file *file = pull->file;
	loff_t pos = pull->position.pos;
	struct sv_loan *loan;
	ssize_t ret;

	/* the end needs no look at the disk */
	if (pull->nowait && !before_end(file->f_mapping, pos, len))
		return 0;
	loan = sv_pull_begin_loan(pull, SPLICEVEC_CACHE,
				  DIV_ROUND_UP(offset_in_page(pos) + len,
					       PAGE_SIZE));
	if (IS_ERR(loan))
		return PTR_ERR(loan);
	/* as many pages as runs, though runs may be longer: consuming frees early */
	len = min(len, ((size_t)loan->cap << PAGE_SHIFT) - offset_in_page(pos));
	loan->writable = file->f_mode & FMODE_WRITE;
	/* tmpfs has no disk */
	loan->lazy = (pull->flags & SPLICEVEC_LAZY) && !pull->nowait &&
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
