// SPDX-License-Identifier: GPL-2.0-only
/* The errors that are documented, command by command. */
#include "fuzz.h"

/*
 * The header's own errors, and those of files of all kinds: what read(2), write(2)
 * and the like say of them. Anything else is news.
 */
static const int moving_errors[] = {
	EBADF, EFAULT, EINVAL, E2BIG, EOPNOTSUPP, ESPIPE, EAGAIN, EINTR, EDQUOT,
	ENOBUFS, EMSGSIZE, EOVERFLOW, ENOMEM, ESTALE, EXDEV, EPIPE,
	EIO, ENOSPC, EFBIG, ECONNRESET, ENOTCONN, EDESTADDRREQ, ECONNREFUSED,
	ECONNABORTED, EPERM, EACCES, EISDIR, ENXIO, EBADMSG, EPROTO,
	ENODATA, ENOPROTOOPT, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, ENOKEY,
};

static const int looking_errors[] = {
	EBADF, EFAULT, EINVAL, E2BIG, ENOMEM, EOPNOTSUPP,
};

static const int reaping_errors[] = {
	EBADF, EFAULT, EINVAL, E2BIG, EINTR,
};

static const int canceling_errors[] = {
	EBADF, EFAULT, EINVAL, E2BIG, EALREADY,
};

static const int lending_errors[] = {
	EBADF, EFAULT, EINVAL, E2BIG, EOPNOTSUPP, EHWPOISON, EDQUOT, ENOBUFS,
	ENODEV, ENOMEM,
};

static const int mapping_errors[] = {
	EBADF, EINVAL, EACCES, EPERM, ESTALE, EDQUOT, ENOMEM, EOVERFLOW,
};

bool errno_is_one_of(int err, const int *errors, size_t nr)
{
	while (nr--)
		if (errors[nr] == err)
			return true;
	return false;
}

#define IS_ONE_OF(err, errors)	errno_is_one_of(err, errors, ARRAY_LEN(errors))

bool errno_is_of_sinks(int err)
{
	return IS_ONE_OF(err, moving_errors);
}

/* Calls that never come to the vector may fail as the kernel likes. */
bool errno_is_documented(const struct action *a, int err)
{
	/* called off, or io_uring found no thread: signals keep it from having one */
	if (a->ring && err == ECANCELED)
		return true;
	switch (a->op) {
	case OP_PUSH:
		return IS_ONE_OF(err, moving_errors) ||
		       (err == ECANCELED &&
			a->cmd.push.flags & SPLICEVEC_STRICT);
	case OP_PULL:
	case OP_SPLICE:
	case OP_WRITE ... OP_COPY_RANGE:
		return IS_ONE_OF(err, moving_errors);
	case OP_INFO ... OP_FEATURES:
	case OP_POLICY:
		return IS_ONE_OF(err, looking_errors);
	case OP_REAP:
		return IS_ONE_OF(err, reaping_errors);
	case OP_CANCEL:
		return IS_ONE_OF(err, canceling_errors);
	case OP_LEND:
		return IS_ONE_OF(err, lending_errors);
	case OP_MMAP:
		return IS_ONE_OF(err, mapping_errors);
	default:
		/* the last one that is not the kernel's secret */
		return err <= EHWPOISON;
	}
}
