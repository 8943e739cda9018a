/* Whether the rows of a catalogue's tables fit each other. For trade.c alone. */
#ifndef LOADER_TRADE_CHECK_H
#define LOADER_TRADE_CHECK_H

#include "loader/trade.h"

/* The tables are sorted. Faults are file:line: what is wrong, what to do. */
MUST_USE bool trade_check(const struct trade *trade, const char *folder, struct fault *fault);

#endif
