/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_ARGS_H
#define _SV_ARGS_H

#include <linux/splicevec.h>
#include <linux/types.h>

/**
 * struct sv_args_layout - how a command's struct is laid out, in 64-bit words
 * @size: bytes of it as this kernel knows it
 * @min: bytes of its first version
 * @out: offset of the results, which run to the end of the struct but for
 * @more: offset of arguments that came later
 * @more_out: offset of the results behind those
 */
struct sv_args_layout {
	u32 size;
	u32 min;
	u32 out;
	u32 more;
	u32 more_out;
};

int sv_args_copy_in(void *args, const struct sv_args_layout *layout,
		    void __user *user);
int sv_args_copy_out(const void *args, const struct sv_args_layout *layout,
		     void __user *user);

int sv_args_check_pull(const struct splicevec_pull *args);
int sv_args_check_push(const struct splicevec_push *args);
int sv_args_check_splice(const struct splicevec_splice *args);
int sv_args_check_reap(const struct splicevec_reap *args);
int sv_args_check_policy(const struct splicevec_policy *args);
int sv_args_check_cancel(const struct splicevec_cancel *args);

#endif /* _SV_ARGS_H */
