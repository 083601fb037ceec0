// SPDX-License-Identifier: GPL-2.0-only
/* Calls as 32-bit programs make them. */
#include "compat.h"
#include "common.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

#define NR_IOCTL32	54

int call32(int nr, long first, long second, long third)
{
	int ret;

	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(nr), "b"(first), "c"(second), "d"(third)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

int ioctl32(int fd, unsigned int number, void *arg)
{
	return call32(NR_IOCTL32, fd, number, (long)arg);
}

static sigjmp_buf refused;

static void on_fault(int sig)
{
	(void)sig;
	siglongjmp(refused, 1);
}

/* Where there are none the kernel answers with a fault. */
bool has_32_bit_calls(void)
{
	struct sigaction fault = { .sa_handler = on_fault }, before;
	bool has;

	must(sigaction(SIGSEGV, &fault, &before));
	has = !sigsetjmp(refused, 1) && ioctl32(-1, 0, NULL) == -EBADF;
	must(sigaction(SIGSEGV, &before, NULL));
	return has;
}
