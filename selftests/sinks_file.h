/* SPDX-License-Identifier: GPL-2.0-only */
/* Sinks that are files, devices and memory beyond the plain ones. */
#ifndef _SELFTEST_SINKS_FILE_H
#define _SELFTEST_SINKS_FILE_H

#include "sinks.h"

extern const struct sink_kind sink_block, sink_block_direct, sink_fuse,
	sink_fuse_direct, sink_memfd, sink_null, sink_terminal, sink_pieces;

#endif
