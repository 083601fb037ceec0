/* SPDX-License-Identifier: GPL-2.0-only */
/* Vectors with known contents, and what sockets say of them. */
#ifndef _SELFTEST_CONTENTS_H
#define _SELFTEST_CONTENTS_H

#include "common.h"

#include <linux/splicevec.h>

/* A vector with bytes @pos to @pos + @len of the pattern @seed. */
int vector_with(uint64_t seed, uint64_t pos, size_t len);
/* The same in spans of @span bytes, each of a page of memory of its own. */
int vector_of_spans(uint64_t seed, size_t len, size_t span);
/* The vector holds exactly these bytes; they stay there. */
void check_held(int vec, uint64_t seed, uint64_t pos, size_t len);
/* The same, and they are taken out of it. */
void check_taken(int vec, uint64_t seed, uint64_t pos, size_t len);
/* Nothing was done to the vector since @before was read. */
void check_same(int vec, const struct splicevec_info *before);

/*
 * The command with all its results; @ret is 0 or a negative errno. What does not
 * wait by itself is waited for, a while.
 */
struct splicevec_pull pull_from(int vec, int fd, uint64_t len,
				unsigned int flags, int *ret);
/* A pull that has to work and to say exactly this. */
void check_pull(int vec, int fd, uint64_t len, unsigned int flags,
		uint64_t bytes, bool record);
/* A push that has to work; what it says of copies agrees with FEATURES. */
void check_push(int vec, int fd, uint64_t len, unsigned int flags,
		uint64_t bytes);

/* Bytes of the pattern as one datagram. */
void send_pattern(int fd, uint64_t seed, uint64_t pos, size_t len);
/* Exactly this datagram arrives, at once or a moment later. */
/*
 * As recv(2), of what is on its way. Poll would not do: it sees the first part of
 * a long packet of vsock.
 */
ssize_t recv_soon(int fd, void *buf, size_t len, int flags);
void recv_pattern(int fd, uint64_t seed, uint64_t pos, size_t len);

/* A signal every 50 ms: one comes while a command waits, however slow it is. */
void signals(bool on);

/* Read bytes, whatever they are. */
void read_off(int fd, size_t len);
/* Read the first bytes of a pattern. Return: the first that is wrong, or -1. */
ssize_t read_wrong(int fd, uint64_t seed, size_t len);

#endif
