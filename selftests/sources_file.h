/* SPDX-License-Identifier: GPL-2.0-only */
/* Sources that are files, devices and memory beyond the plain ones. */
#ifndef _SELFTEST_SOURCES_FILE_H
#define _SELFTEST_SOURCES_FILE_H

#include "sources.h"

extern const struct source_kind source_block, source_block_lazy,
	source_block_uncached, source_ext4_lazy, source_xfs_lazy,
	source_ext4_direct, source_xfs_uncached, source_fuse,
	source_overlay, source_memfd, source_huge_memfd,
	source_terminal, source_pieces, source_huge_memory;

#endif
