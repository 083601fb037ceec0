/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_CDEV_H
#define _SV_CDEV_H

int sv_cdev_init(void);
void sv_cdev_exit(void);

#endif /* _SV_CDEV_H */
