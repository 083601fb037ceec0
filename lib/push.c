// SPDX-License-Identifier: LGPL-2.1-or-later
/* Push: hand spans to a sink. */
#include "internal.h"

SV_API int sv_cmd_push(int vec, struct splicevec_push *cmd)
{
	cmd->size = sizeof(*cmd);
	return sv__command(vec, SPLICEVEC_PUSH, cmd);
}

int64_t sv__push(int vec, struct splicevec_push *cmd)
{
	int ret = sv_cmd_push(vec, cmd);

	return ret ? ret : (int64_t)cmd->bytes;
}

int64_t sv__start_at_head(unsigned int flags)
{
	return flags & SPLICEVEC_KEEP ? SV_HEAD : 0;
}

SV_API int64_t sv_push(int vec, int fd, int64_t offset, uint64_t len,
		       unsigned int flags)
{
	struct splicevec_push cmd = {
		.fd = fd,
		.flags = flags,
		.offset = offset,
		.start = sv__start_at_head(flags),
		.len = len,
	};

	return sv__push(vec, &cmd);
}

SV_API int64_t sv_push_window(int vec, int fd, int64_t offset, int64_t start,
			      uint64_t len, unsigned int flags)
{
	struct splicevec_push cmd = {
		.fd = fd,
		.flags = flags | SPLICEVEC_KEEP,
		.offset = offset,
		.start = start,
		.len = len,
	};

	return sv__push(vec, &cmd);
}

SV_API int64_t sv_push_mem(int vec, void *addr, uint64_t len,
			   unsigned int flags)
{
	struct splicevec_push cmd = {
		.fd = SPLICEVEC_FD_MEM,
		.flags = flags,
		.offset = SV_POSITION,
		.start = sv__start_at_head(flags),
		.len = len,
		.addr = (uintptr_t)addr,
	};

	return sv__push(vec, &cmd);
}

SV_API int64_t sv_drop(int vec, uint64_t len)
{
	return sv_push(vec, SPLICEVEC_FD_NONE, SV_POSITION, len, 0);
}
