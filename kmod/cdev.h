/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_CDEV_H
#define _SV_CDEV_H

#include <linux/fs.h>

extern const struct file_operations sv_cdev_fops;

int sv_cdev_init(void);
void sv_cdev_exit(void);

#endif /* _SV_CDEV_H */
