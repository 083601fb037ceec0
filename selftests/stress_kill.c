// SPDX-License-Identifier: GPL-2.0-only
/* Processes that are killed in the middle of a command. */
#include "stress_jobs.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void work(struct hand *parent)
{
	struct scene *scene = parent->arg;
	struct hand hand;

	crew_child(&hand, parent);
	/* what was appended to a river cannot be taken back, so mostly there */
	if (chance(&hand, 3) && rivers_have_room(scene->rivers))
		sail(&hand);
	else
		juggle(&hand);
	_exit(failures() ? 1 : 0);
}

void kill_workers(struct hand *hand)
{
	while (crew_goes_on(hand)) {
		pid_t pid = must(fork());
		int status;

		if (!pid)
			work(hand);
		usleep(chance(hand, 100000));
		must(kill(pid, SIGKILL));
		must(waitpid(pid, &status, 0));
		check(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL :
					    !WEXITSTATUS(status),
		      "a process ended with %#x", status);
	}
}
