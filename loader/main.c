/* eligload: registers' deliveries -> a signed snapshot; and what else is done with snapshots. */
#include "loader/commands.h"

int main(int argc, char *argv[])
{
    static const struct command commands[] = {
        {"build", command_build, "deliveries -> a published snapshot"},
        {"verify", command_verify, "open a snapshot as an engine does, and say what it is"},
        {"list", command_list, "the generations of a folder"},
        {"diff", command_diff, "who gained and lost between two generations, in counts"},
        {"explain", command_explain, "why a person is, or is not, in a group, or has a relief"},
        {"check", command_check, "what is wrong in a catalogue, and what is most likely not meant"},
        {"test", command_test, "the cases of a catalogue: is it what its owner expects?"},
        {"try", command_try, "what a purchase would cost, and who would pay"},
        {"impact", command_impact, "who would gain and lose by another catalogue, in counts"},
        {"rollback", command_rollback, "the data of an older generation under a new number"},
        {"catalogue-diff", command_catalogue_diff, "what is otherwise in one of two catalogues"},
    };
    return commands_run(PROGRAM, "Registers' deliveries to signed snapshots.", commands,
                        sizeof(commands) / sizeof(commands[0]), argc, argv);
}
