/* SPDX-License-Identifier: GPL-2.0-only */
/* The way between the two NICs, made worse: packets are late, some are lost. */
#ifndef _SELFTEST_NETEM_H
#define _SELFTEST_NETEM_H

#include <stdbool.h>

/* Return: why that cannot be done here, or NULL. */
const char *netem_missing(void);
/*
 * From now on what NIC4 and NIC6 send leaves @msec late, but for @loss percent of it.
 * netem_clear() ends that; packets that are still waiting are dropped then.
 */
void netem_set(unsigned int msec, unsigned int loss);
void netem_clear(void);
/* The same for what they answer. */
void netem_set_answers(unsigned int msec, unsigned int loss);
void netem_clear_answers(void);
/* A packet socket that is given the IPv4 packets the receiving NIC gets, each as often. */
int nic_listener(void);
/* Can the sending NIC make a packet of several pages? */
void nic_gathers(bool on);

#endif
