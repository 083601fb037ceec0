/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REPORT_H
#define REPORT_H

#include "transfer.h"

#include <jansson.h>
#include <stdio.h>

/**
 * report - say what a transfer did, as far as the options ask for it
 * @t: the finished transfer
 */
void report(const struct transfer *t);

/**
 * print_json - print an object and a newline
 * @object: object, consumed; NULL if it could not be built
 * @f: where to
 */
void print_json(json_t *object, FILE *f);

#endif /* REPORT_H */
