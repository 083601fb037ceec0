/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_URING_H
#define _SV_URING_H

struct io_uring_cmd;

int sv_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);

#endif /* _SV_URING_H */
