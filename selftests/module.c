// SPDX-License-Identifier: GPL-2.0-only
/* Unloading the module, and loading it again. */
#include "module.h"
#include "common.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char *module_file(void)
{
	return getenv("SPLICEVEC_KO") ?: "/lib/modules/splicevec.ko";
}

const char *module_missing(void)
{
	if (access(module_file(), R_OK))
		return "no module file: set SPLICEVEC_KO";
	return NULL;
}

int module_unload(void)
{
	return syscall(SYS_delete_module, "splicevec", O_NONBLOCK) ? -errno : 0;
}

/* The last pages come back on a workqueue: give them a moment. */
void module_unloads(void)
{
	time_t end = time(NULL) + 20 * slower();
	int err;

	do {
		err = module_unload();
		if (!err)
			return;
		usleep(1000);
	} while (time(NULL) < end);
	fail_at(__FILE__, __LINE__, "unloading: %s", result_name(err));
}

int module_load(void)
{
	int fd = open(module_file(), O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return err;
}
