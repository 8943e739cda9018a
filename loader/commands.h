/* The commands of eligload: each reads its own options and returns an exit status. */
#ifndef LOADER_COMMANDS_H
#define LOADER_COMMANDS_H

#include "loader/build.h"
#include "loader/parallel.h"
#include "protocol/commands.h"
#include "protocol/options.h"

#define PROGRAM "eligload" /* in front of what is said on stderr */

int command_build(int argc, char *argv[]);
int command_check(int argc, char *argv[]);
int command_explain(int argc, char *argv[]);
int command_impact(int argc, char *argv[]);
int command_test(int argc, char *argv[]);
int command_try(int argc, char *argv[]);
int command_verify(int argc, char *argv[]);
int command_list(int argc, char *argv[]);
int command_diff(int argc, char *argv[]);
int command_rollback(int argc, char *argv[]);
int command_catalogue_diff(int argc, char *argv[]);

/* Rows of several commands, for a settings struct `type` that has the member of that name. */
#define REGISTERS_OPTION(type)                                                                     \
    {                                                                                              \
        "registers", OPTION_TEXT, offsetof(type, registers), "DIR", NULL, 0, 0,                    \
            "folder of the register descriptions; without it those that came with the program"     \
    }
#define CATALOGUE_OPTION(type, content)                                                            \
    {                                                                                              \
        "catalogue", OPTION_TEXT, offsetof(type, catalogue), "PATH", NULL, 0, 0,                   \
            "folder of " content ", or one file of reliefs; without it what came with the program" \
    }
#define BACK_DAYS_OPTION(type)                                                                     \
    {                                                                                              \
        "back-days", OPTION_NUMBER, offsetof(type, back_days), "DAYS", "31", 0, 365,               \
            "days before it that can be judged"                                                    \
    }
#define AHEAD_DAYS_OPTION(type)                                                                    \
    {                                                                                              \
        "ahead-days", OPTION_NUMBER, offsetof(type, ahead_days), "DAYS", "62", 1, 400,             \
            "days from it on that can be judged"                                                   \
    }
#define JSON_OPTION(type)                                                                          \
    {                                                                                              \
        "json", OPTION_FLAG, offsetof(type, is_json), NULL, NULL, 0, 0,                            \
            "JSON on standard output instead of text"                                              \
    }

/* Options of all that read deliveries: rows for a settings struct that begins with a struct
 * build_settings. */
#define BUILD_OPTION(name, type, field, argument, initial, least, most, help)                      \
    {                                                                                              \
        name, type, offsetof(struct build_settings, field), argument, initial, least, most, help   \
    }

#define EXPORT_OPTIONS                                                                             \
    BUILD_OPTION("exports", OPTION_TEXT, exports, "DIR", NULL, 0, 0,                               \
                 "required: folder of the deliveries, with delivery.csv"),                         \
        REGISTERS_OPTION(struct build_settings)

#define WINDOW_OPTIONS                                                                             \
    BUILD_OPTION("absent", OPTION_TEXT, absent, "REGISTER,...", NULL, 0, 0,                        \
                 "registers that are not delivered: what they could say is unknown"),              \
        BUILD_OPTION("as-of", OPTION_DAY, as_of_day, "DAY", NULL, 0, 0,                            \
                     "the day it is built for; without it that of the latest delivery"),           \
        BACK_DAYS_OPTION(struct build_settings), AHEAD_DAYS_OPTION(struct build_settings),         \
        BUILD_OPTION("threads", OPTION_NUMBER, thread_count, "COUNT", "0", 0, THREAD_COUNT_MAX,    \
                     "threads; 0: one for each core"),                                             \
        BUILD_OPTION("quiet", OPTION_FLAG, is_quiet, NULL, NULL, 0, 0,                             \
                     "no progress and no summary; what holds a build back is said all the same"),  \
        JSON_OPTION(struct build_settings)

/* Of those that take no catalogue, or several. */
#define DELIVERY_OPTIONS EXPORT_OPTIONS, WINDOW_OPTIONS

#define INPUT_OPTIONS                                                                              \
    EXPORT_OPTIONS, CATALOGUE_OPTION(struct build_settings, "reliefs and tables"), WINDOW_OPTIONS

#endif
