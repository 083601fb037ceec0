/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_MMAP_H
#define _SV_MMAP_H

struct file;
struct vm_area_struct;

int sv_mmap(struct file *file, struct vm_area_struct *vma);

#endif /* _SV_MMAP_H */
