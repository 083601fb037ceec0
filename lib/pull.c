// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pull: append spans from a source. */
#include "internal.h"

SV_API int sv_cmd_pull(int vec, struct splicevec_pull *cmd)
{
	cmd->size = sizeof(*cmd);
	return sv__command(vec, SPLICEVEC_PULL, cmd);
}

static int64_t pull(int vec, struct splicevec_pull *cmd)
{
	int ret = sv_cmd_pull(vec, cmd);

	return ret ? ret : (int64_t)cmd->bytes;
}

SV_API int64_t sv_pull(int vec, int fd, int64_t offset, uint64_t len,
		       unsigned int flags)
{
	struct splicevec_pull cmd = {
		.fd = fd,
		.flags = flags,
		.offset = offset,
		.len = len,
	};

	return pull(vec, &cmd);
}

SV_API int64_t sv_pull_mem(int vec, const void *addr, uint64_t len,
			   unsigned int flags)
{
	struct splicevec_pull cmd = {
		.fd = SPLICEVEC_FD_MEM,
		.flags = flags,
		.offset = SV_POSITION,
		.len = len,
		.addr = (uintptr_t)addr,
	};

	return pull(vec, &cmd);
}

SV_API int64_t sv_pull_notify(int vec, int fd, int64_t offset, uint64_t len,
			      unsigned int flags, uint64_t user_data)
{
	struct splicevec_pull cmd = {
		.fd = fd,
		.flags = flags | SPLICEVEC_NOTIFY,
		.offset = offset,
		.len = len,
		.user_data = user_data,
	};

	return pull(vec, &cmd);
}

SV_API int64_t sv_pull_mem_notify(int vec, const void *addr, uint64_t len,
				  unsigned int flags, uint64_t user_data)
{
	struct splicevec_pull cmd = {
		.fd = SPLICEVEC_FD_MEM,
		.flags = flags | SPLICEVEC_NOTIFY,
		.offset = SV_POSITION,
		.len = len,
		.addr = (uintptr_t)addr,
		.user_data = user_data,
	};

	return pull(vec, &cmd);
}
