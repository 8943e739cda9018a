/* What an impact tells: to people, and to programs. Numbers that are suppressed are in neither. */
#ifndef LOADER_IMPACT_TELL_H
#define LOADER_IMPACT_TELL_H

#include <stdio.h>

#include "loader/replay.h"

/* `replay` NULL: no requests were asked again. */
void impact_print(const struct impact *impact, const struct replay *replay,
                  const struct impact_settings *settings, FILE *to);
void impact_print_json(const struct impact *impact, const struct replay *replay,
                       const struct impact_settings *settings, FILE *to);

#endif
