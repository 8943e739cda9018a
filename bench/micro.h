/* `eligbench micro`: nanoseconds per request of every step of a check, in process, no sockets. */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

int micro_command(int argc, char *argv[]);

#endif
