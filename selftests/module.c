// SPDX-License-Identifier: GPL-2.0-only
/* Modules that are unloaded, and loaded again. */
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

int module_insert(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return err;
}

int module_remove(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

void module_goes(const char *name)
{
	time_t end = time(NULL) + 20 * slower();
	int err;

	do {
		err = module_remove(name);
		if (!err)
			return;
		usleep(1000);
	} while (time(NULL) < end);
	fail_at(__FILE__, __LINE__, "unloading %s: %s", name, result_name(err));
}

int module_unload(void)
{
	return module_remove("splicevec");
}

void module_unloads(void)
{
	module_goes("splicevec");
}

int module_load(void)
{
	return module_insert(module_file());
}
