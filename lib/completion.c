// SPDX-License-Identifier: LGPL-2.1-or-later
/* Completions: strict pushes, and the records that tell of their end. */
#include "internal.h"

SV_API int64_t sv_push_strict(int vec, int fd, int64_t offset, uint64_t len,
			      unsigned int flags, uint64_t user_data)
{
	struct splicevec_push cmd = {
		.fd = fd,
		.flags = flags | SPLICEVEC_STRICT,
		.offset = offset,
		.start = sv__start_at_head(flags),
		.len = len,
		.user_data = user_data,
	};

	return sv__push(vec, &cmd);
}

SV_API int sv_reap(int vec, struct splicevec_completion *records,
		   unsigned int capacity, unsigned int min, int64_t timeout)
{
	struct splicevec_reap cmd = {
		.size = sizeof(cmd),
		.addr = (uintptr_t)records,
		.timeout = timeout,
		.capacity = capacity,
		.min = min,
		.stride = sizeof(*records),
	};
	int ret = sv__command(vec, SPLICEVEC_REAP, &cmd);

	return ret ? ret : (int)cmd.count;
}

SV_API int sv_reap_eventfd(int vec, int eventfd)
{
	struct splicevec_reap cmd = {
		.size = sizeof(cmd),
		.flags = SPLICEVEC_REAP_EVENTFD,
		.eventfd = eventfd,
	};

	return sv__command(vec, SPLICEVEC_REAP, &cmd);
}

SV_API int sv_cancel(int vec, uint64_t user_data)
{
	struct splicevec_cancel cmd = {
		.size = sizeof(cmd),
		.user_data = user_data,
	};
	int ret = sv__command(vec, SPLICEVEC_CANCEL, &cmd);

	return ret ? ret : (int)cmd.count;
}
