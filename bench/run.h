/* `eligbench run`: a load on one server, and what came of it as text or JSON. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

int run_command(int argc, char *argv[]);

#endif
