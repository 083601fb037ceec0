/* SPDX-License-Identifier: GPL-2.0-only */
/* Modules that are loaded and unloaded. Nobody else may hold them meanwhile. */
#ifndef _SELFTEST_MODULE_H
#define _SELFTEST_MODULE_H

/* Any module. Return: 0 or a negative errno. */
int module_insert(const char *file);
int module_remove(const char *name);
/*
 * Wait, within bounds, until it can be unloaded; else a failure. The last pages come back
 * on a workqueue.
 */
void module_goes(const char *name);

/* Ours. Return: why it could not be loaded again, or NULL. */
const char *module_missing(void);
/* Return: 0 or a negative errno. */
int module_unload(void);
void module_unloads(void);
int module_load(void);

#endif
