/* SPDX-License-Identifier: GPL-2.0-only */
/* Unloading the module, and loading it again. Nobody else may hold it meanwhile. */
#ifndef _SELFTEST_MODULE_H
#define _SELFTEST_MODULE_H

/* Return: why it could not be loaded again, or NULL. */
const char *module_missing(void);
/* Return: 0 or a negative errno. */
int module_unload(void);
/* Wait, within bounds, until it can be unloaded; else a failure. */
void module_unloads(void);
int module_load(void);

#endif
