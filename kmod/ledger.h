/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_LEDGER_H
#define _SV_LEDGER_H

void sv_ledger_init(void);
void sv_ledger_exit(void);

#endif /* _SV_LEDGER_H */
