// SPDX-License-Identifier: LGPL-2.1-or-later
/* The vector itself: open it, ask about it. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

int sv__command(int vec, unsigned long request, void *cmd)
{
	int saved = errno;
	int ret = 0;

	if (ioctl(vec, request, cmd) < 0)
		ret = -errno;
	errno = saved;
	return ret;
}

SV_API int sv_open(int flags)
{
	int saved = errno;
	int vec;

	if (flags & ~O_NONBLOCK)
		return -EINVAL;
	vec = open("/dev/splicevec", O_RDWR | O_CLOEXEC | flags);
	if (vec < 0)
		vec = -errno;
	errno = saved;
	return vec;
}

SV_API int sv_info(int vec, struct splicevec_info *info)
{
	*info = (struct splicevec_info){ .size = sizeof(*info) };
	return sv__command(vec, SPLICEVEC_INFO, info);
}

SV_API int sv_spans(int vec, uint64_t start, struct splicevec_span *spans,
		    unsigned int capacity)
{
	struct splicevec_spans cmd = {
		.size = sizeof(cmd),
		.capacity = capacity,
		.start = start,
		.addr = (uintptr_t)spans,
	};
	int ret = sv__command(vec, SPLICEVEC_SPANS, &cmd);

	return ret ? ret : (int)cmd.count;
}

SV_API int sv_features(int vec, int fd, struct splicevec_features *features)
{
	*features = (struct splicevec_features){
		.size = sizeof(*features),
		.fd = fd,
	};
	return sv__command(vec, SPLICEVEC_FEATURES, features);
}
