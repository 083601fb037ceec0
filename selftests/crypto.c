// SPDX-License-Identifier: GPL-2.0-only
/*
 * AF_ALG sockets: they work on exactly the bytes that were pushed, and never
 * write to the pages these came from.
 */
#include "kselftest_harness.h"

#include "alg.h"
#include "contents.h"
#include "places.h"

#include <fcntl.h>
#include <linux/if_alg.h>
#include <splicevec.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEED	14
#define KEY	16
/* As many pages as one operation takes. */
#define TEXT	(8 * PAGE)

LEDGER_FIXTURE(crypto)

#define NEEDS_ALG(type, name)	NEEDS(alg_missing(type, name))

static void check_digest(int hash, uint64_t pos, size_t len)
{
	unsigned char want[SHA256_SIZE], got[SHA256_SIZE];

	sha256_pattern(want, SEED, pos, len);
	read_all(hash, got, sizeof(got));
	check(!memcmp(want, got, sizeof(got)), "another digest");
}

TEST_F(crypto, our_digest_is_the_kernels)
{
	static const size_t sizes[] = { 0, 3, 55, 56, 63, 64, 119, 120, 1000 };
	char buf[1000];
	size_t i;
	int hash;

	NEEDS_ALG("hash", "sha256");
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		context("%zu bytes", sizes[i]);
		hash = alg_hash();
		pattern_fill(buf, SEED, 0, sizes[i]);
		check_eq(sizes[i], send(hash, buf, sizes[i], 0));
		check_digest(hash, 0, sizes[i]);
		close(hash);
	}
}

TEST_F(crypto, digest_of_a_push_is_that_of_its_bytes)
{
	static const size_t sizes[] = { 1, 64, 4096, 65537, MIB(3) + 1 };
	size_t i;
	int hash, vec;

	NEEDS_ALG("hash", "sha256");
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		context("%zu bytes", sizes[i]);
		hash = alg_hash();
		vec = vector_with(SEED, 0, sizes[i]);
		check_push(vec, hash, SV_ALL, SPLICEVEC_KEEP, sizes[i]);
		check_digest(hash, 0, sizes[i]);
		/* the operation can be begun again */
		check_push(vec, hash, sizes[i] / 2 + 1, 0, sizes[i] / 2 + 1);
		check_digest(hash, 0, sizes[i] / 2 + 1);
		close(vec);
		close(hash);
	}
}

/* One span and several copies, which are one digest nevertheless. */
TEST_F(crypto, digest_of_one_span_of_two_megabytes_is_that_of_its_bytes)
{
	size_t len = MIB(2);
	char *map = map_pages(2 * len), *memory;
	struct splicevec_span span;
	int hash, vec = new_vector();

	NEEDS_ALG("hash", "sha256");
	memory = (char *)(((uintptr_t)map + len - 1) & -len);
	must(madvise(memory, len, MADV_HUGEPAGE));
	pattern_fill(memory, SEED, 0, len);
	check_eq(len, sv_pull_mem(vec, memory, len, 0));
	must_sv(sv_spans(vec, 0, &span, 1));
	if (span.len != len)
		SKIP(return, "no huge page to be had: a span of %llu bytes",
		     (unsigned long long)span.len);
	hash = alg_hash();
	check_push(vec, hash, SV_ALL, SPLICEVEC_KEEP, len);
	check_digest(hash, 0, len);
}

TEST_F(crypto, more_joins_pushes_into_one_digest)
{
	int hash, vec = vector_with(SEED, 0, 10000);

	NEEDS_ALG("hash", "sha256");
	hash = alg_hash();
	check_push(vec, hash, 1, SPLICEVEC_MORE, 1);
	check_push(vec, hash, 5000, SPLICEVEC_MORE, 5000);
	check_push(vec, hash, SV_ALL, 0, 4999);
	check_digest(hash, 0, 10000);
}

TEST_F(crypto, digest_is_pulled_like_any_bytes)
{
	unsigned char want[SHA256_SIZE], got[SHA256_SIZE];
	int hash, vec = vector_with(SEED, 0, 10000);

	NEEDS_ALG("hash", "sha256");
	hash = alg_hash();
	check_push(vec, hash, SV_ALL, 0, 10000);
	check_eq(sizeof(got), sv_pull(vec, hash, SV_POSITION, sizeof(got), 0));
	check_eq(sizeof(got), sv_push_mem(vec, got, sizeof(got), 0));
	sha256_pattern(want, SEED, 0, 10000);
	check(!memcmp(want, got, sizeof(got)), "another digest");
}

TEST_F(crypto, push_copies_and_says_why)
{
	struct splicevec_push cmd = { .offset = SV_POSITION, .len = 10000 };
	struct splicevec_features features;
	struct splicevec_info before;
	int vec = vector_with(SEED, 0, 10000), kind;

	NEEDS_ALG("hash", "sha256");
	cmd.fd = alg_hash();
	must_sv(sv_info(vec, &before));
	must_sv(sv_features(vec, cmd.fd, &features));
	for (kind = SPLICEVEC_OWNED; kind < SPLICEVEC_KINDS; kind++) {
		check_eq(SPLICEVEC_ROUTE_COPIED, features.routes[kind]);
		check_eq(SPLICEVEC_WHY_UNKNOWN, features.reasons[kind]);
	}
	cmd.flags = SPLICEVEC_NOCOPY;
	check_errno(EOPNOTSUPP, sv_cmd_push(vec, &cmd));
	check_same(vec, &before);
	cmd.flags = 0;
	check_errno(0, sv_cmd_push(vec, &cmd));
	check_eq(10000, cmd.copied);
	check_eq(0, cmd.result);
	check_digest(cmd.fd, 0, 10000);
}

/* Bytes of a file's page cache and of our memory, in one vector. */
struct text {
	int file;
	char *memory;
	int vec;
};

static void open_text(struct text *t)
{
	t->file = pattern_file(EXT4, SEED, TEXT / 2);
	t->memory = map_pages(TEXT / 2);
	pattern_fill(t->memory, SEED, TEXT / 2, TEXT / 2);
	t->vec = new_vector();
	check_eq(TEXT / 2, sv_pull(t->vec, t->file, 0, TEXT / 2, 0));
	check_eq(TEXT / 2, sv_pull_mem(t->vec, t->memory, TEXT / 2, 0));
}

/* In the page cache, in memory, in the vector, and on the disk. */
static void check_text(struct text *t)
{
	check_eq(-1, file_check(t->file, 0, SEED, 0, TEXT / 2));
	check_eq(-1, pattern_check(t->memory, SEED, TEXT / 2, TEXT / 2));
	check_held(t->vec, SEED, 0, TEXT);
	check_eq(TEXT, sv_drop(t->vec, SV_ALL));
	must(fsync(t->file));
	must(posix_fadvise(t->file, 0, 0, POSIX_FADV_DONTNEED));
	check_eq(-1, file_check(t->file, 0, SEED, 0, TEXT / 2));
}

static void encrypt_by_send(const char *name, size_t iv, const char *from,
			    char *to)
{
	int fd = alg_cipher("skcipher", name, KEY);

	alg_begin(fd, ALG_OP_ENCRYPT, iv, 0);
	check_eq(TEXT, send(fd, from, TEXT, 0));
	read_all(fd, to, TEXT);
	close(fd);
}

static void pull_all(int vec, int fd, size_t len)
{
	int64_t n;

	for (; len; len -= n) {
		n = sv_pull(vec, fd, SV_POSITION, len, 0);
		if (!check(n > 0, "pull: %s", result_name(n)))
			break;
	}
}

TEST_F(crypto, cipher_of_a_push_is_that_of_its_bytes_and_writes_no_page)
{
	char *plain = map_pages(TEXT), *want = map_pages(TEXT), *got;
	int fd, vec = new_vector();
	struct text text;

	NEEDS_ALG("skcipher", "cbc(aes)");
	got = map_pages(TEXT);
	open_text(&text);
	pattern_fill(plain, SEED, 0, TEXT);
	encrypt_by_send("cbc(aes)", ALG_BLOCK, plain, want);
	fd = alg_cipher("skcipher", "cbc(aes)", KEY);
	alg_begin(fd, ALG_OP_ENCRYPT, ALG_BLOCK, 0);
	check_push(text.vec, fd, SV_ALL, SPLICEVEC_KEEP, TEXT);
	pull_all(vec, fd, TEXT);
	check_eq(TEXT, sv_push_mem(vec, got, TEXT, SPLICEVEC_KEEP));
	check(!memcmp(want, got, TEXT), "another cipher text");
	check_text(&text);
	/* and back */
	alg_begin(fd, ALG_OP_DECRYPT, ALG_BLOCK, 0);
	check_push(vec, fd, SV_ALL, 0, TEXT);
	read_all(fd, got, TEXT);
	check_eq(-1, pattern_check(got, SEED, 0, TEXT));
}

/*
 * Authenticated ciphers: the first 16 bytes are associated data. Of all that
 * was pushed, page cache or memory, nothing may change, whether the tag is right
 * or not: an operation that scribbles on its input, or next to it, has only our
 * copy to scribble on.
 */
static void aead_round(const char *name, size_t key, size_t iv, size_t tag)
{
	int fd = alg_cipher("aead", name, key);
	char *out = map_pages(TEXT + PAGE);
	struct text text;

	open_text(&text);
	alg_begin(fd, ALG_OP_ENCRYPT, iv, ALG_BLOCK);
	check_push(text.vec, fd, SV_ALL, SPLICEVEC_KEEP, TEXT);
	check_eq(TEXT + tag, read(fd, out, TEXT + tag));
	check(pattern_check(out + ALG_BLOCK, SEED, ALG_BLOCK, 32) >= 0,
	      "not encrypted");
	alg_begin(fd, ALG_OP_DECRYPT, iv, ALG_BLOCK);
	check_push(text.vec, fd, SV_ALL, SPLICEVEC_KEEP, TEXT);
	check(read(fd, out, TEXT) < 0 && errno == EBADMSG,
	      "a wrong tag was accepted");
	check_text(&text);
	close(fd);
	unmap_pages(out, TEXT + PAGE);
}

TEST_F(crypto, aead_writes_no_page_that_was_pushed)
{
	NEEDS_ALG("aead", "gcm(aes)");
	aead_round("gcm(aes)", KEY, 12, 16);
}

/* The one that writes four bytes past its input. */
TEST_F(crypto, aead_with_sequence_numbers_writes_no_page_that_was_pushed)
{
	static const char name[] = "authencesn(hmac(sha256),cbc(aes))";
	int alg, fd;
	struct text text;
	char key[8 + 32 + KEY] = { 8, 0, 1, 0, 0, 0, 0, KEY }, *out;

	NEEDS_ALG("aead", name);
	pattern_fill(key + 8, 'k', 0, 32 + KEY);
	alg = alg_transform("aead", name);
	must(setsockopt(alg, SOL_ALG, ALG_SET_KEY, key, sizeof(key)));
	fd = must(accept(alg, NULL, NULL));
	out = map_pages(TEXT + PAGE);
	open_text(&text);
	alg_begin(fd, ALG_OP_DECRYPT, ALG_BLOCK, 8);
	check_push(text.vec, fd, 8 + 1024 + 32, SPLICEVEC_KEEP, 8 + 1024 + 32);
	check(read(fd, out, TEXT) < 0 && errno == EBADMSG,
	      "a wrong tag was accepted: %s", errno_name(errno));
	check_text(&text);
}

TEST_HARNESS_MAIN
