/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_SEND_H
#define _SV_SEND_H

#include <linux/types.h>

struct msghdr;
struct socket;
struct sv_account;
struct sv_completion;
struct sv_spans;

/**
 * struct sv_send - pages lent to a socket
 * @sock: which takes them as MSG_ZEROCOPY does
 * @window: spans; held by the caller
 * @len: bytes at its front
 * @account: who pushes
 * @completion: to be told of the end, or NULL
 * @copied: result: bytes of those accepted that were copied so far
 * @settled: result: all packets are gone, so that is all
 */
struct sv_send {
	struct socket *sock;
	const struct sv_spans *window;
	size_t len;
	struct sv_account *account;
	struct sv_completion *completion;
	size_t copied;
	bool settled;
};

ssize_t sv_send_tracked(struct sv_send *send, struct msghdr *msg);
bool sv_send_fits_one(const struct sv_spans *window, size_t len);

#endif /* _SV_SEND_H */
