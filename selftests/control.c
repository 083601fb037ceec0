// SPDX-License-Identifier: GPL-2.0-only
/* Messages with control data. */
#include "control.h"

#include "common.h"

#include <string.h>
#include <sys/socket.h>

void send_control(int socket, const void *bytes, size_t len, int level, int type,
		  const void *data, size_t size)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(CONTROL_FDS * sizeof(int))] = {};
	struct iovec iov = { (void *)bytes, len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(size),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	if (size > CONTROL_FDS * sizeof(int))
		die("%zu bytes of control data", size);
	cmsg->cmsg_level = level;
	cmsg->cmsg_type = type;
	cmsg->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(cmsg), data, size);
	check_eq(len, sendmsg(socket, &msg, 0));
}

void send_with_fds(int socket, const void *bytes, size_t len, const int *fds,
		   size_t nr)
{
	send_control(socket, bytes, len, SOL_SOCKET, SCM_RIGHTS, fds,
		     nr * sizeof(*fds));
}
