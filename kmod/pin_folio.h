/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_PIN_FOLIO_H
#define _SV_PIN_FOLIO_H

#include <linux/types.h>

struct folio;
struct inode;

bool sv_pin_host_fits(struct inode *host, struct inode *sink);
bool sv_pin_host_begin(struct inode *host);
void sv_pin_host_settle(struct inode *host);
bool sv_pin_host_end(struct inode *host);

int sv_pin_folio_lock(struct folio *folio, bool wait);
int sv_pin_folio_settle(struct folio *folio, bool wait);

#endif /* _SV_PIN_FOLIO_H */
