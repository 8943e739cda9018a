/* What a build tells afterwards: to people, to programs, and to whoever mends refused rows. */
#ifndef LOADER_SUMMARY_H
#define LOADER_SUMMARY_H

#include <stdio.h>

#include "loader/build.h"

/* `outcome` is the exit status of build_run, `fault` its sentence. */
void summary_print(const struct build *build, const struct build_settings *settings, int outcome,
                   FILE *to);
void summary_print_json(const struct build *build, const struct build_settings *settings,
                        int outcome, const struct fault *fault, FILE *to);
/* The findings of the gates alone, one line each, with what to do: said even when quiet. */
void summary_print_gates(const struct build *build, FILE *to);

/* "file:line:column: reason (number)", one line for every refused row that was kept, mode 0640;
 * into --quarantine or, when something may be published, GENERATION.quarantine beside the snapshot.
 * Never what a row holds. */
MUST_USE bool summary_write_quarantine(const struct build *build,
                                       const struct build_settings *settings, struct fault *fault);

/* Removes the lists of generations that are no longer there. */
void summary_sweep_quarantine(const char *directory);

#endif
