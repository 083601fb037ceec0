/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's cryptography through sockets, and what its digests must be. */
#ifndef _SELFTEST_ALG_H
#define _SELFTEST_ALG_H

#include "common.h"

#define SHA256_SIZE	32
#define ALG_BLOCK	16

/* Computed here, without the kernel. */
void sha256_pattern(unsigned char digest[SHA256_SIZE], uint64_t seed,
		    uint64_t pos, size_t len);

/* Return: why there are none of these, or NULL. */
const char *alg_missing(const char *type, const char *name);
/* A transform that wants its key. Return: fd or a negative errno. */
int alg_transform(const char *type, const char *name);
/* Operations: what is sent to them is worked on, and the result read. */
int alg_hash(void);
/* @len: bytes of the key */
int alg_cipher(const char *type, const char *name, size_t len);
/*
 * Say what is to be done with the data that follow.
 * @op: ALG_OP_ENCRYPT or ALG_OP_DECRYPT
 * @iv: bytes of the initial vector
 * @aad: bytes at the front that are only authenticated, for type "aead"
 */
void alg_begin(int fd, uint32_t op, size_t iv, uint32_t aad);

#endif
