/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_TYPE_H
#define _SV_TYPE_H

#include <linux/bits.h>
#include <linux/fs.h>
#include <linux/stat.h>

/*
 * The type of a file as a bit, so that the tables of sources and sinks can say
 * which they serve. What is no file, or one without a type, has the first bit.
 */
#define SV_TYPE(mode)	BIT(((mode) & S_IFMT) >> 12)

#define SV_TYPE_NONE	SV_TYPE(0)
#define SV_TYPE_PIPE	SV_TYPE(S_IFIFO)
#define SV_TYPE_SOCK	SV_TYPE(S_IFSOCK)
#define SV_TYPE_CHAR	SV_TYPE(S_IFCHR)
#define SV_TYPE_DATA	(SV_TYPE(S_IFREG) | SV_TYPE(S_IFBLK))
#define SV_TYPE_ANY	U16_MAX

static inline u16 sv_type_of(const struct file *file)
{
	return SV_TYPE(file ? file_inode(file)->i_mode : 0);
}

#endif /* _SV_TYPE_H */
