// SPDX-License-Identifier: GPL-2.0-only
/* Stable pushes by ioctl, by io_uring and by the ioctl of 32-bit programs. */
#include "kselftest_harness.h"

#include "common.h"
#include "compat.h"
#include "contents.h"
#include "places.h"
#include "records.h"
#include "rings.h"

#include <fcntl.h>
#include <splicevec.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEED	RECORDS_SEED
#define SIZE	KIB(64)

LEDGER_FIXTURE(stable)

/* A push by each door. Return: 0 or a negative errno. */
static int by_ioctl(int vec, struct splicevec_push *push)
{
	return sv_cmd_push(vec, push);
}

static int by_ring(int vec, struct splicevec_push *push)
{
	struct io_uring ring;
	int ret;

	ring_open(&ring, 4, 0);
	push->size = sizeof(*push);
	ret = ring_do_push(&ring, vec, push);
	io_uring_queue_exit(&ring);
	return ret < 0 ? ret : 0;
}

static int by_32_bit_call(int vec, struct splicevec_push *push)
{
	struct splicevec_push *low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
					  -1, 0);
	int ret;

	*low = *push;
	low->size = sizeof(*low);
	ret = ioctl32(vec, SPLICEVEC_PUSH, low);
	*push = *low;
	munmap(low, PAGE);
	return ret;
}

static void check_door(int (*door)(int vec, struct splicevec_push *push))
{
	struct splicevec_push push = {
		.flags = SPLICEVEC_STABLE,
		.offset = SV_POSITION,
		.len = SV_ALL,
	};
	char *memory = map_pages(SIZE);
	int fds[2], vec = memory_vector(memory, SIZE);

	pipe_pair(ANYWHERE, fds);
	push.fd = fds[0];
	push.flags |= SPLICEVEC_NOCOPY;
	check_errno(EOPNOTSUPP, door(vec, &push));
	push.flags = SPLICEVEC_STABLE;
	check_errno(0, door(vec, &push));
	check_eq(SIZE, push.bytes);
	check_eq(SIZE, push.copied);
	memset(memory, 0x5a, SIZE);
	check_eq(-1, read_wrong(fds[1], SEED, SIZE));
	close(fds[0]);
	close(fds[1]);
	unmap_pages(memory, SIZE);
}

TEST_F(stable, every_door_knows_it)
{
	context("ioctl");
	check_door(by_ioctl);
	if (!ring_missing(0)) {
		context("io_uring");
		check_door(by_ring);
	}
	if (has_32_bit_calls()) {
		context("32 bits");
		check_door(by_32_bit_call);
	}
}

TEST_HARNESS_MAIN
