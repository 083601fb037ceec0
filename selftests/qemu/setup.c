// SPDX-License-Identifier: GPL-2.0-only
/* From an empty root to a place where tests can run. */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *type, *where, *options;
} mounts[] = {
	{ "proc", "/proc", NULL },
	{ "sysfs", "/sys", NULL },
	{ "devtmpfs", "/dev", NULL },
	{ "devpts", "/dev/pts", NULL },
	{ "tmpfs", "/dev/shm", "mode=1777" },
	{ "debugfs", "/sys/kernel/debug", NULL },
	{ "tracefs", "/sys/kernel/tracing", NULL },
	{ "tmpfs", "/tmp", "mode=1777" },
	{ "tmpfs", "/run", "mode=755" },
};

#define PMEM	"/dev/pmem0"

/* The order of the drives on the host's command line. */
static const struct {
	const char *device, *type, *where;
} disks[] = {
	{ "/dev/vda", "ext4", "/mnt/ext4" },
	{ "/dev/vdb", "xfs", "/mnt/xfs" },
	{ "/dev/vdc", "ext4", "/mnt/inline" },
};

int write_file(const char *path, const char *text)
{
	ssize_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, len) == len ? 0 : -errno;
	close(fd);
	return ret;
}

void setup_mounts(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		mkdir(mounts[i].where, 0755);
		if (mount(mounts[i].type, mounts[i].where, mounts[i].type, 0,
			  mounts[i].options))
			perror(mounts[i].where);
	}
	symlink("/proc/self/fd", "/dev/fd");
	write_file("/proc/sys/kernel/sysrq", "1");
	write_file("/proc/sys/kernel/hung_task_timeout_secs", "60");
	/* huge pages, early, while memory is in one piece */
	write_file("/proc/sys/vm/nr_hugepages", "16");
}

int module_insert(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

int module_remove(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

bool module_loaded(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	return !access(path, F_OK);
}

/* The image holds the kernel's own modules in the order they need. */
void setup_modules(void)
{
	FILE *list = fopen("/modules/list", "re");
	char path[256];

	if (!list) {
		verdict_fail("setup", "/modules/list: %m");
		return;
	}
	while (fscanf(list, "%255s", path) == 1) {
		int ret = module_insert(path);

		if (ret && ret != -EEXIST)
			verdict_fail("setup", "%s: %s", path, strerror(-ret));
	}
	fclose(list);
}

/* Context: nothing else runs yet. Return: did it end well? */
static bool run_to_end(char *const argv[])
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execv(argv[0], argv);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static bool appears(const char *path)
{
	double deadline = now() + 5 * slower();

	while (access(path, F_OK) && now() < deadline)
		usleep(10000);
	return !access(path, F_OK);
}

/* Where there are drivers for it, memory that is a disk too; it comes empty. */
static void setup_dax(void)
{
	char *const make[] = {
		"/sbin/mke2fs", "-q", "-t", "ext4", "-b", "4096", PMEM, NULL,
	};

	if (access("/sys/bus/nd/drivers/nd_pmem", F_OK))
		return;
	mkdir("/mnt/dax", 0755);
	if (!appears(PMEM) || !run_to_end(make) ||
	    mount(PMEM, "/mnt/dax", "ext4", MS_NOATIME, "dax"))
		verdict_fail("setup", "mount /mnt/dax: %m");
}

void setup_disks(void)
{
	mkdir("/mnt", 0755);
	for (size_t i = 0; i < ARRAY_SIZE(disks); i++) {
		mkdir(disks[i].where, 0755);
		if (mount(disks[i].device, disks[i].where, disks[i].type,
			  MS_NOATIME, NULL))
			verdict_fail("setup", "mount %s: %m", disks[i].where);
		else
			chmod(disks[i].where, 01777);
	}
	setup_dax();
}
