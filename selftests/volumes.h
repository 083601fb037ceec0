/* SPDX-License-Identifier: GPL-2.0-only */
/* The places for files that have a disk of their own: unmounted, mounted, looked at. */
#ifndef _SELFTEST_VOLUMES_H
#define _SELFTEST_VOLUMES_H

#include "places.h"

/* Why a test cannot unmount this place, and have its disk looked at, or NULL. */
const char *volume_missing(enum place place);
/* Unmount it, for which nothing may be open there. */
void volume_unmount(enum place place);
/* Mount it; @options: beside those it always has, or NULL. Return: 0 or a negative errno. */
int volume_mount(enum place place, const char *options);
/* Unmount it, see that its disk is as it should be, mount it as it always is. */
void volume_check(enum place place);

#endif
