// SPDX-License-Identifier: GPL-2.0-only
/* serve FILE: send a file, without copying it, to the socket on stdin. */
#include <fcntl.h>
#include <splicevec.h>

int main(int argc, char **argv)
{
	int file = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	int vec = sv_open(0);
	int64_t n;

	while ((n = sv_pull(vec, file, SV_POSITION, 1 << 20, 0)) > 0) {
		while ((n = sv_push(vec, 0, SV_POSITION, SV_ALL, 0)) > 0)
			;
		if (n < 0)
			break;
	}
	return n < 0;
}
