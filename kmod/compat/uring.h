/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands of io_uring, as the supported kernels have them.
 */
#ifndef _SV_COMPAT_URING_H
#define _SV_COMPAT_URING_H

#include <linux/bits.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#include <linux/io_uring_types.h>
#endif

/*
 * 6.7 tells a command that nobody waits for it any more, as does no kernel before.
 * May go with 6.1.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define IO_URING_F_CANCEL	0

static inline void io_uring_cmd_mark_cancelable(struct io_uring_cmd *cmd,
						unsigned int issue_flags)
{
}
#endif

/*
 * Is the command issued for the first time? 6.15 says so. Before that nothing that
 * a command has of its own tells, but its flags do: they come from the submission,
 * which may set but the lowest, and the kernel leaves the others alone. May go with
 * 6.12.
 */
#ifdef IORING_URING_CMD_REISSUE
#define SV_URING_REISSUE	IORING_URING_CMD_REISSUE
#else
#define SV_URING_REISSUE	BIT(29)
#endif

/* 6.6 has a name for all flags of a submission. May go with 6.1. */
#ifndef IORING_URING_CMD_MASK
#define IORING_URING_CMD_MASK	IORING_URING_CMD_FIXED
#endif

/**
 * sv_uring_payload - what a submission says beside the command's number
 * @cmd: at its first issue; later it may be anything
 *
 * The pointer to the payload became one to the submission in 6.7. From 6.10 to 6.13
 * that lies where the next submissions are written, even if the command is linked to
 * others and has its turn much later: then it is known by its user data, or is lost.
 * The tests may go with 6.12.
 *
 * Return: 16 bytes that the submitter may be writing to, or NULL: it has.
 */
static inline const u64 *sv_uring_payload(struct io_uring_cmd *cmd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	if (READ_ONCE(cmd->sqe->user_data) != cmd_to_io_kiocb(cmd)->cqe.user_data)
		return NULL;
	return (const u64 *)cmd->sqe->cmd;
#else
	return cmd->cmd;
#endif
}

/**
 * sv_uring_polled - is the ring's owner to poll for completions?
 * @cmd: any
 *
 * For such rings the kernel refuses commands of files that cannot be polled like
 * that, until 6.16. The test may go with 6.12.
 *
 * Return: true if so.
 */
static inline bool sv_uring_polled(struct io_uring_cmd *cmd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return cmd_to_io_kiocb(cmd)->ctx->flags & IORING_SETUP_IOPOLL;
#else
	return false;
#endif
}

/**
 * sv_uring_compat - is the ring that of a 32-bit program?
 * @cmd: any
 * @issue_flags: of the command's issue
 *
 * A thread of io_uring cannot tell by itself. 6.7 says so with each issue. The test
 * may go with 6.1.
 *
 * Return: true if so.
 */
static inline bool sv_uring_compat(struct io_uring_cmd *cmd,
				   unsigned int issue_flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return issue_flags & IO_URING_F_COMPAT;
#else
	return cmd_to_io_kiocb(cmd)->ctx->compat;
#endif
}

/* 6.18 gave those who have a second result a call of their own. May go with 6.12. */
static inline void sv_uring_done(struct io_uring_cmd *cmd, s32 res,
				 unsigned int issue_flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	io_uring_cmd_done(cmd, res, issue_flags);
#else
	io_uring_cmd_done(cmd, res, 0, issue_flags);
#endif
}

/*
 * Define a callback that runs as the submitter: @work(cmd, issue_flags). 6.19 tells
 * it of the request in place of the command. May go with 6.12.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#define SV_URING_TASK_WORK(name, work)					\
static void name(struct io_tw_req tw_req, io_tw_token_t tw)		\
{									\
	work(io_uring_cmd_from_tw(tw_req),				\
	     IO_URING_CMD_TASK_WORK_ISSUE_FLAGS);			\
}
#else
#define SV_URING_TASK_WORK(name, work)					\
static void name(struct io_uring_cmd *cmd, unsigned int issue_flags)	\
{									\
	work(cmd, issue_flags);						\
}
#endif

#endif /* _SV_COMPAT_URING_H */
