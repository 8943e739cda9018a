/* The commands of eligbench: each reads its own options and returns an exit status. */
#ifndef BENCH_COMMANDS_H
#define BENCH_COMMANDS_H

int command_country(int argc, char *argv[]);
int command_catalogue(int argc, char *argv[]);
int command_agree(int argc, char *argv[]);
int command_run(int argc, char *argv[]);
int command_micro(int argc, char *argv[]);
int command_decide(int argc, char *argv[]);
int command_terminals(int argc, char *argv[]);
int command_seals(int argc, char *argv[]);
int command_storm(int argc, char *argv[]);
int command_disk(int argc, char *argv[]);
int command_day(int argc, char *argv[]);
int command_report(int argc, char *argv[]);
int command_echo(int argc, char *argv[]);

#endif
