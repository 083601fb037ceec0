/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_COMMAND_H
#define _SV_COMMAND_H

#include <linux/fs.h>
#include <linux/splicevec.h>

#include "args.h"

struct sv_vector;

/* The struct of any command; each begins with its size. */
union sv_args {
	u32 size;
	struct splicevec_pull pull;
	struct splicevec_push push;
	struct splicevec_splice splice;
	struct splicevec_info info;
	struct splicevec_spans spans;
	struct splicevec_features features;
	struct splicevec_reap reap;
	struct splicevec_cancel cancel;
	struct splicevec_policy policy;
};

/**
 * struct sv_command - a row of the table of commands
 * @number: as the doors are given it
 * @mode: how the vector has to be open: FMODE_READ, FMODE_WRITE
 * @layout: of its struct; the fields of its first version end at @layout.min
 * @check: what can be seen from the struct alone; NULL: nothing
 * @run: do it, on arguments that were checked
 * @timed: will it give up after a time, which would begin anew if it did? NULL: no
 */
struct sv_command {
	unsigned int number;
	fmode_t mode;
	struct sv_args_layout layout;
	int (*check)(const union sv_args *args);
	long (*run)(struct sv_vector *vec, union sv_args *args);
	bool (*timed)(const union sv_args *args);
};

const struct sv_command *sv_command_find(unsigned int number);
int sv_command_check(const struct sv_command *command, const struct file *file,
		     const union sv_args *args);
void sv_command_info(struct sv_vector *vec, struct splicevec_info *info);

#endif /* _SV_COMMAND_H */
