/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ERROR_H
#define ERROR_H

/**
 * fail - report an error on stderr
 * @err: errno, positive or negative
 * @what: file, host or other thing that failed
 *
 * Return: EXIT_FAILURE, for a caller with nothing more to do.
 */
int fail(int err, const char *what);

/* The same, with a last part that tells the reader what to look at. */
int fail_hint(int err, const char *what, const char *hint);

/* The same for what has no errno. */
int fail_text(const char *what, const char *text);

/* The same for /dev/splicevec, which fails for reasons we can guess. */
int fail_device(int err);

#endif /* ERROR_H */
