// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the NICs have to say comes when the host gets round to it, and would be
 * worked off by whoever runs just then. Threads of their own do that here, and
 * TCP queues to the NIC what it may send at once rather than from an interrupt.
 * So a sender's time is what it does itself.
 */
#include "bench.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static const struct {
	const char *netns, *threaded;
} nics[] = {
	{ "/run/netns/a", "/sys/class/net/eth0/threaded" },
	{ "/run/netns/b", "/sys/class/net/eth1/threaded" },
};

/* /sys shows the devices of the namespace it was mounted in. */
static bool settle(void *arg)
{
	unsigned int i = *(unsigned int *)arg;
	int netns = must(open(nics[i].netns, O_RDONLY | O_CLOEXEC));

	must(setns(netns, CLONE_NEWNET));
	must(unshare(CLONE_NEWNS));
	must(mount("sysfs", "/sys", "sysfs", 0, NULL));
	put_file(nics[i].threaded, "1");
	put_file("/proc/sys/net/ipv4/tcp_limit_output_bytes", "1073741824");
	return true;
}

/* They come first, as the interrupts would whose work they do. */
static void put_first(const char *pid)
{
	const struct sched_param first = { .sched_priority = 3 };
	char path[300], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(name, sizeof(name), file) && !strncmp(name, "napi/eth", 8))
		must(sched_setscheduler(atoi(pid), SCHED_FIFO, &first));
	fclose(file);
}

void nics_settle(void)
{
	struct dirent *entry;
	unsigned int i;
	DIR *proc;

	if (place_missing(NIC4))
		return;
	for (i = 0; i < ARRAY_LEN(nics); i++)
		if (!in_child(settle, &i))
			die("%s cannot be set up", nics[i].netns);
	proc = opendir("/proc");
	if (!proc)
		die("/proc: %s", errno_name(errno));
	while ((entry = readdir(proc)))
		if (atoi(entry->d_name))
			put_first(entry->d_name);
	closedir(proc);
}
