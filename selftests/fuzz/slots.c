// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fds that commands are given have fixed numbers, so that what is drawn does
 * not depend on which are free. What lies behind them changes all the time,
 * also while another thread's command works on it.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *names[SLOTS];

static int slot(unsigned int i)
{
	return SLOT_FIRST + i;
}

int random_vector(struct random *random)
{
	/* now and then something else; as often as not what others work on */
	if (one_in(random, 40))
		return slot(random_below(random, SLOTS));
	if (one_in(random, 2))
		return slot(random_below(random, 2));
	return slot(random_below(random, VECTORS));
}

static int no_fd(struct random *random)
{
	static const int none[] = {
		-1, -2, -1000, SPLICEVEC_FD_MEM, SPLICEVEC_FD_NONE, -1003,
		INT_MIN, INT_MAX, SLOT_FIRST - 1, 1 << 20,
	};

	return none[random_below(random, ARRAY_LEN(none))];
}

int random_fd(struct random *random)
{
	switch (random_below(random, 20)) {
	case 0:
		return no_fd(random);
	case 1 ... 3:
		return slot(random_below(random, VECTORS));
	default:
		return slot(VECTORS + random_below(random, SLOTS - VECTORS));
	}
}

int random_pipe(struct random *random)
{
	if (one_in(random, 8))
		return random_fd(random);
	return slot(VECTORS + random_below(random, PIPES));
}

bool is_private_vector(int fd)
{
	return fd >= SLOT_FIRST && fd < SLOT_FIRST + PRIVATE_VECTORS;
}

bool is_vector_slot(int fd)
{
	return fd >= SLOT_FIRST && fd < SLOT_FIRST + VECTORS;
}

const char *slot_name(int fd)
{
	if (fd == SPLICEVEC_FD_MEM)
		return "memory";
	if (fd == SPLICEVEC_FD_NONE)
		return "nothing";
	if (fd < SLOT_FIRST || fd >= SLOT_FIRST + SLOTS)
		return "no fd";
	if (fd < SLOT_FIRST + VECTORS)
		return "vector";
	return names[fd - SLOT_FIRST] ?: "closed";
}

static void new_vector_in(struct random *random, int to)
{
	static const int modes[] = {
		O_RDWR, O_RDWR, O_RDWR, O_RDWR, O_RDWR, O_RDWR, O_RDWR,
		O_RDWR | O_NONBLOCK, O_RDWR | O_NONBLOCK, O_RDWR | O_NONBLOCK,
		O_RDONLY, O_WRONLY,
	};
	int mode = modes[random_below(random, ARRAY_LEN(modes))];
	int fd = must(open("/dev/splicevec", mode | O_CLOEXEC));

	must(dup3(fd, to, O_CLOEXEC));
	close(fd);
}

void slots_share(void)
{
	struct random random;
	unsigned int i;

	random_seed(&random, shared->seed, PROCESSES, 0, 0);
	for (i = PRIVATE_VECTORS; i < VECTORS; i++)
		new_vector_in(&random, slot(i));
}

static void new_private_vector(struct fuzzer *f, int to)
{
	new_vector_in(&f->random, to);
	if (f->alone)
		promises_new_vector(to);
}

static void renew_vector(struct fuzzer *f)
{
	int to = slot(random_below(&f->random, PRIVATE_VECTORS));
	int from = slot(random_below(&f->random, VECTORS));

	/* a second number for a vector; one shared by all would stay for good */
	if (!one_in(&f->random, 10) || !is_private_vector(from))
		new_private_vector(f, to);
	else if (dup3(from, to, O_CLOEXEC) >= 0 && f->alone)
		promises_same_vector(from, to);
}

static void renew_other(struct random *random)
{
	unsigned int i = VECTORS + random_below(random, SLOTS - VECTORS);
	size_t from = random_below(random, endpoints());

	while (i < VECTORS + PIPES && !strstr(endpoint_name(from), "pipe"))
		from = random_below(random, endpoints());
	must(dup3(endpoint_fd(from), slot(i), O_CLOEXEC));
	names[i] = endpoint_name(from);
}

static void close_slot(struct random *random)
{
	unsigned int i = random_below(random, SLOTS);

	if (i >= PRIVATE_VECTORS && i < VECTORS)
		return;
	close(slot(i));
	names[i] = NULL;
}

void slots_begin(struct fuzzer *f)
{
	unsigned int i;

	for (i = 0; i < PRIVATE_VECTORS; i++)
		new_private_vector(f, slot(i));
	for (i = 0; i < 3 * SLOTS; i++)
		renew_other(&f->random);
}

static void change_socket(struct random *random, int fd)
{
	const struct linger reset = { .l_onoff = 1 };
	const struct sockaddr apart = { .sa_family = AF_UNSPEC };
	int value = 1 << random_below(random, 18);

	switch (random_below(random, 10)) {
	case 0:
		shutdown(fd, random_below(random, 3));
		break;
	case 1:
		connect(fd, &apart, sizeof(apart));
		break;
	case 2:
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		break;
	case 3:
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, sizeof(value));
		break;
	case 4:
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value));
		break;
	case 5:
		value &= 0xff;
		setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof(value));
		break;
	case 6:
		setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &value, sizeof(value));
		break;
	case 7:
		value &= 1;
		setsockopt(fd, SOL_TCP, TCP_CORK, &value, sizeof(value));
		break;
	case 8:
		value &= 1;
		setsockopt(fd, SOL_TCP, TCP_NODELAY, &value, sizeof(value));
		break;
	default:
		value = 1 << random_below(random, 5);
		setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &value, sizeof(value));
	}
}

static void change_file(struct random *random, int fd)
{
	static const int flags[] = {
		O_NONBLOCK, O_NONBLOCK, O_NONBLOCK, O_APPEND, O_DIRECT,
	};
	int flag = flags[random_below(random, ARRAY_LEN(flags))];
	off_t at = random_below(random, KIB(512));

	switch (random_below(random, 8)) {
	case 0 ... 1:
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) ^ flag);
		break;
	case 2:
		fcntl(fd, F_SETPIPE_SZ, PAGE << random_below(random, 7));
		break;
	case 3:
		if (ftruncate(fd, at))
			break;
		break;
	case 4:
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at,
			  1 + random_below(random, KIB(64)));
		break;
	case 5:
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		break;
	case 6:
		sync_file_range(fd, at, KIB(64), SYNC_FILE_RANGE_WRITE);
		break;
	default:
		lseek(fd, one_in(random, 4) ? random_edge(random) :
		      random_below(random, KIB(512)), SEEK_SET);
	}
}

static int other_slot(struct random *random)
{
	return slot(VECTORS + random_below(random, SLOTS - VECTORS));
}

/* Pages of the process, of a file, or copies go into a stream. */
static void feed_slot(struct fuzzer *f)
{
	int fd = other_slot(&f->random), from = other_slot(&f->random);
	uint64_t len, addr = random_address(&f->random, &len);
	struct iovec iov = { (void *)addr, len };
	unsigned int how = random_below(&f->random, 8);
	size_t size;
	void *buf = scratch(f, &size);

	size = random_below(&f->random, one_in(&f->random, 4) ? size : 2 * PAGE);
	if (how == 0) {
		vmsplice(fd, &iov, 1, SPLICE_F_NONBLOCK);
	} else if (how == 1) {
		splice(from, NULL, fd, NULL, size, SPLICE_F_NONBLOCK);
	} else if (how == 2) {
		tee(from, fd, size, SPLICE_F_NONBLOCK);
	} else if (send(fd, buf, size, MSG_DONTWAIT) < 0 && errno == ENOTSOCK) {
		if (write(fd, buf, size) < 0)
			return;
	}
}

static void drain_slot(struct fuzzer *f)
{
	int fd = other_slot(&f->random);
	size_t size;
	void *buf = scratch(f, &size);

	if (recv(fd, buf, size, MSG_DONTWAIT) < 0 && errno == ENOTSOCK)
		if (read(fd, buf, size) < 0)
			return;
}

void slots_step(struct fuzzer *f)
{
	switch (random_below(&f->random, 16)) {
	case 0 ... 1:
		renew_vector(f);
		break;
	case 2 ... 5:
		renew_other(&f->random);
		break;
	case 6:
		if (one_in(&f->random, 4))
			close_slot(&f->random);
		break;
	case 7:
		change_socket(&f->random, other_slot(&f->random));
		break;
	case 8:
		change_file(&f->random, other_slot(&f->random));
		break;
	case 9 ... 13:
		feed_slot(f);
		break;
	default:
		drain_slot(f);
	}
}
