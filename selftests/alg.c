// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's cryptography through sockets. */
#include "alg.h"

#include <linux/if_alg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* FIPS 180-4: the first 32 bits of the fractions of cube roots of primes. */
static const uint32_t sha256_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t ror(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static void sha256_expand(uint32_t w[64], const unsigned char *block)
{
	uint32_t s0, s1;
	int i;

	for (i = 0; i < 16; i++, block += 4)
		w[i] = (uint32_t)block[0] << 24 | block[1] << 16 |
		       block[2] << 8 | block[3];
	for (; i < 64; i++) {
		s0 = ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3;
		s1 = ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10;
		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
}

static void sha256_block(uint32_t state[8], const unsigned char *block)
{
	uint32_t w[64], s[8], t1, t2;
	int i;

	sha256_expand(w, block);
	memcpy(s, state, sizeof(s));
	for (i = 0; i < 64; i++) {
		t1 = s[7] + (ror(s[4], 6) ^ ror(s[4], 11) ^ ror(s[4], 25)) +
		     ((s[4] & s[5]) ^ (~s[4] & s[6])) + sha256_k[i] + w[i];
		t2 = (ror(s[0], 2) ^ ror(s[0], 13) ^ ror(s[0], 22)) +
		     ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
		memmove(s + 1, s, 7 * sizeof(*s));
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		state[i] += s[i];
}

/* A one bit, zeroes, and the length in bits fill the last block. */
static void sha256_last(uint32_t state[8], unsigned char *block, size_t n,
			uint64_t len)
{
	int i;

	block[n++] = 0x80;
	memset(block + n, 0, 128 - n);
	n = n > 56 ? 128 : 64;
	for (i = 0; i < 8; i++)
		block[n - 1 - i] = len * 8 >> (8 * i);
	sha256_block(state, block);
	if (n == 128)
		sha256_block(state, block + 64);
}

void sha256_pattern(unsigned char digest[SHA256_SIZE], uint64_t seed,
		    uint64_t pos, size_t len)
{
	uint32_t state[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};
	unsigned char block[128];
	size_t done = 0;
	int i;

	for (; len - done >= 64; done += 64) {
		pattern_fill(block, seed, pos + done, 64);
		sha256_block(state, block);
	}
	pattern_fill(block, seed, pos + done, len - done);
	sha256_last(state, block, len - done, len);
	for (i = 0; i < SHA256_SIZE; i++)
		digest[i] = state[i / 4] >> (24 - i % 4 * 8);
}

int alg_transform(const char *type, const char *name)
{
	struct sockaddr_alg addr = { .salg_family = AF_ALG };
	int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	strncpy((char *)addr.salg_type, type, sizeof(addr.salg_type) - 1);
	strncpy((char *)addr.salg_name, name, sizeof(addr.salg_name) - 1);
	if (!bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

const char *alg_missing(const char *type, const char *name)
{
	static char reason[80];
	int fd = alg_transform(type, name);

	if (fd >= 0) {
		close(fd);
		return NULL;
	}
	snprintf(reason, sizeof(reason), "no AF_ALG %s %s here: %s", type, name,
		 errno_name(-fd));
	return reason;
}

static int operation(int alg)
{
	int fd = must(accept4(alg, NULL, NULL, SOCK_CLOEXEC));

	close(alg);
	return fd;
}

int alg_hash(void)
{
	return operation(must_sv(alg_transform("hash", "sha256")));
}

int alg_cipher(const char *type, const char *name, size_t len)
{
	int alg = must_sv(alg_transform(type, name));
	unsigned char key[64];

	pattern_fill(key, 'k', 0, len);
	must(setsockopt(alg, SOL_ALG, ALG_SET_KEY, key, len));
	return operation(alg);
}

static struct cmsghdr *put_cmsg(struct msghdr *msg, int type, size_t len)
{
	struct cmsghdr *cmsg = (void *)((char *)msg->msg_control +
					msg->msg_controllen);

	*cmsg = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(len),
		.cmsg_level = SOL_ALG,
		.cmsg_type = type,
	};
	msg->msg_controllen += CMSG_SPACE(len);
	return cmsg;
}

void alg_begin(int fd, uint32_t op, size_t iv, uint32_t aad)
{
	_Alignas(struct cmsghdr) char control[128] = {};
	struct msghdr msg = { .msg_control = control };
	struct cmsghdr *cmsg;

	cmsg = put_cmsg(&msg, ALG_SET_OP, sizeof(op));
	memcpy(CMSG_DATA(cmsg), &op, sizeof(op));
	if (iv) {
		cmsg = put_cmsg(&msg, ALG_SET_IV, sizeof(uint32_t) + iv);
		memcpy(CMSG_DATA(cmsg), &(uint32_t){ iv }, sizeof(uint32_t));
		pattern_fill(CMSG_DATA(cmsg) + sizeof(uint32_t), 'i', 0, iv);
	}
	if (aad) {
		cmsg = put_cmsg(&msg, ALG_SET_AEAD_ASSOCLEN, sizeof(aad));
		memcpy(CMSG_DATA(cmsg), &aad, sizeof(aad));
	}
	must(sendmsg(fd, &msg, MSG_MORE));
}
