/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_RELEASE_H
#define _SV_RELEASE_H

#include <linux/types.h>

struct delayed_work;
struct work_struct;

void sv_release_queue(struct work_struct *release);
bool sv_release_queue_in(struct delayed_work *release, unsigned long delay);
bool sv_release_queue_slow(struct work_struct *release);
void sv_release_queue_file(struct work_struct *release);

int sv_release_init(void);
void sv_release_exit(void);

#endif /* _SV_RELEASE_H */
