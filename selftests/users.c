// SPDX-License-Identifier: GPL-2.0-only
#include "users.h"

#include <fcntl.h>
#include <signal.h>
#include <splicevec.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"
#include "control.h"
#include "maps.h"
#include "records.h"
#include "vectors.h"

#define SEED	RECORDS_SEED
#define LEN	(3 * PAGE)

static void push_kept(int vec, int fd, unsigned int flags)
{
	must_sv(sv_push_window(vec, fd, SV_POSITION, SV_HEAD, SV_ALL, flags));
}

static void use_vector(int vec, struct user *user)
{
	user->fd[0] = must_sv(sv_dup(vec));
}

static void use_slice(int vec, struct user *user)
{
	user->fd[0] = new_vector();
	check_eq(1, sv_pull(user->fd[0], vec, 5, 1, 0));
}

static void use_pipe(int vec, struct user *user)
{
	must(pipe2(user->fd, O_CLOEXEC));
	push_kept(vec, user->fd[1], SPLICEVEC_NOCOPY);
}

/* The first pipe is read to its end, its twin holds the pages alone. */
static void use_tee(int vec, struct user *user)
{
	use_pipe(vec, user);
	must(pipe2(user->fd + 2, O_CLOEXEC));
	check_eq(LEN, tee(user->fd[0], user->fd[3], LEN, 0));
	check_arrives(user->fd[0], SEED, 0, LEN);
}

static void use_other_pipe(int vec, struct user *user)
{
	use_pipe(vec, user);
	must(pipe2(user->fd + 2, O_CLOEXEC));
	check_eq(LEN, splice(user->fd[0], NULL, user->fd[3], NULL, LEN, 0));
}

static unsigned int kind_of(int vec)
{
	struct splicevec_span span = {};

	check_eq(1, sv_spans(vec, 0, &span, 1));
	return span.kind;
}

/* Our own way back out of a pipe. */
static void use_pulled(int vec, struct user *user)
{
	use_pipe(vec, user);
	user->fd[2] = new_vector();
	check_eq(LEN, sv_pull(user->fd[2], user->fd[0], SV_POSITION, SV_ALL, 0));
	check_eq(kind_of(vec), kind_of(user->fd[2]));
}

static void use_message(int vec, struct user *user)
{
	int copy = must_sv(sv_dup(vec));

	stream_pair(UNIX, user->fd);
	send_with_fds(user->fd[0], "x", 1, &copy, 1);
	close(copy);
}

static void use_map(int vec, struct user *user)
{
	user->map = map_vector(vec, 0, LEN, MAP_SHARED);
	check_shows(user->map, SEED, 0, LEN);
}

static void use_tcp(int vec, struct user *user)
{
	int small = KIB(8);

	stream_pair(NIC4, user->fd);
	must(setsockopt(user->fd[1], SOL_SOCKET, SO_RCVBUF, &small,
			sizeof(small)));
	push_kept(vec, user->fd[0], SPLICEVEC_NONBLOCK);
}

/* The peer does not wait for the rest: everything in flight is given up. */
static void use_tcp_reset(int vec, struct user *user)
{
	struct linger reset = { .l_onoff = 1 };

	use_tcp(vec, user);
	must(setsockopt(user->fd[1], SOL_SOCKET, SO_LINGER, &reset,
			sizeof(reset)));
}

#define USER(id, bytes, where)						\
	const struct user_kind user_##id = { use_##id, bytes, where }
USER(vector, LEN, ANYWHERE);
USER(slice, LEN, ANYWHERE);
USER(pipe, LEN, ANYWHERE);
USER(tee, LEN, ANYWHERE);
USER(other_pipe, LEN, ANYWHERE);
USER(pulled, LEN, ANYWHERE);
USER(message, LEN, ANYWHERE);
USER(map, LEN, ANYWHERE);
/* More than the peer's window takes. */
USER(tcp, MIB(2), NIC4);
USER(tcp_reset, MIB(2), NIC4);

const char *user_missing(const struct user_kind *kind)
{
	return kind->place == ANYWHERE ? NULL : place_missing(kind->place);
}

void user_begin(struct user *user, const struct user_kind *kind, int vec)
{
	*user = (struct user){ .fd = { -1, -1, -1, -1 } };
	kind->use(vec, user);
}

void user_end(struct user *user)
{
	size_t i;

	if (user->map)
		unmap_pages(user->map, LEN);
	for (i = 0; i < ARRAY_LEN(user->fd); i++)
		if (user->fd[i] >= 0)
			close(user->fd[i]);
}

pid_t user_begin_process(const struct user_kind *kind, int vec)
{
	struct user user;
	int up[2];
	pid_t pid;
	char byte;

	must(pipe2(up, O_CLOEXEC));
	pid = must(fork());
	if (!pid) {
		user_begin(&user, kind, vec);
		must(write(up[1], "", 1));
		for (;;)
			pause();
	}
	check_eq(1, must(read(up[0], &byte, 1)));
	close(up[0]);
	close(up[1]);
	return pid;
}

void user_kill(pid_t pid)
{
	int status;

	must(kill(pid, SIGKILL));
	must(waitpid(pid, &status, 0));
}
