// SPDX-License-Identifier: GPL-2.0-only
/* The places for files that have a disk of their own. */
#include "volumes.h"

#include "common.h"

#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Seconds in which what was closed is let go of. */
#define PATIENCE	10
/* Where the guest mounts its disks; nobody reads there but us. */
#define USUAL	MS_NOATIME

static struct volume {
	const char *type;
	const char *check[4];	/* and the disk; status 0: nothing is wrong */
	char disk[64];		/* known once it was found mounted */
} volumes[] = {
	[EXT4] = { "ext4", { "/sbin/e2fsck", "-f", "-n" }, "" },
	[XFS] = { "xfs", { "/sbin/xfs_repair", "-n" }, "" },
};

static bool find_disk(enum place place)
{
	struct volume *volume = &volumes[place];
	FILE *list = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;

	if (!list)
		die("/proc/self/mounts: %s", errno_name(errno));
	while ((entry = getmntent(list)))
		if (!strcmp(entry->mnt_dir, place_dir(place)))
			snprintf(volume->disk, sizeof(volume->disk), "%s",
				 entry->mnt_fsname);
	endmntent(list);
	return volume->disk[0] == '/';
}

const char *volume_missing(enum place place)
{
	const char *missing = place_missing(place);

	if (missing)
		return missing;
	if (access(volumes[place].check[0], X_OK))
		return "there is nothing to look at its disk with";
	return find_disk(place) ? NULL : "it has no disk of its own";
}

void volume_unmount(enum place place)
{
	time_t end = time(NULL) + PATIENCE * slower();

	while (umount(place_dir(place))) {
		if (errno != EBUSY || time(NULL) > end)
			die("umount %s: %s", place_dir(place), errno_name(errno));
		usleep(10000);
	}
}

int volume_mount(enum place place, const char *options)
{
	const struct volume *volume = &volumes[place];

	return mount(volume->disk, place_dir(place), volume->type, USUAL, options) ?
		       -errno : 0;
}

/* What it prints is shown if something is wrong. */
static int run(const struct volume *volume, int out)
{
	const char *argv[6] = {};
	int status;
	size_t i;
	pid_t pid;

	for (i = 0; volume->check[i]; i++)
		argv[i] = volume->check[i];
	argv[i] = volume->disk;
	pid = must(fork());
	if (!pid) {
		dup2(out, 1);
		dup2(out, 2);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	must(waitpid(pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void show(int out)
{
	FILE *text = fdopen(out, "r");
	char line[200];

	rewind(text);
	while (fgets(line, sizeof(line), text))
		fprintf(stderr, "# %s", line);
	fclose(text);
}

void volume_check(enum place place)
{
	int out = must(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));

	volume_unmount(place);
	if (check_eq(0, run(&volumes[place], out)))
		close(out);
	else
		show(out);
	must_sv(volume_mount(place, NULL));
}
