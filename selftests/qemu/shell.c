// SPDX-License-Identifier: GPL-2.0-only
/* An interactive shell on the console. */
#include "init.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void on_console(const char *rows, const char *columns)
{
	const struct winsize size = {
		.ws_row = atoi(rows),
		.ws_col = atoi(columns),
	};
	int fd;

	setsid();
	fd = open("/dev/ttyS0", O_RDWR);
	ioctl(fd, TIOCSCTTY, 0);
	ioctl(fd, TIOCSWINSZ, &size);
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

/* As PID 1 we also reap what the shell leaves behind. */
void run_shell(const char *rows, const char *columns)
{
	pid_t pid = fork(), gone;

	if (!pid) {
		on_console(rows, columns);
		if (chdir("/tmp"))
			_exit(126);
		execl("/bin/busybox", "sh", "-c",
		      "busybox --install -s /bin; exec sh -l", NULL);
		_exit(127);
	}
	do {
		gone = waitpid(-1, NULL, 0);
	} while (gone > 0 && gone != pid);
}
