/* Commands of eligctl that have files of their own. */
#ifndef PROTOCOL_ELIGCTL_H
#define PROTOCOL_ELIGCTL_H

int run_use(int argc, char *argv[]);
int run_reserve(int argc, char *argv[]);
int run_late(int argc, char *argv[]);
int run_confirm(int argc, char *argv[]);
int run_cancel(int argc, char *argv[]);
int run_refund(int argc, char *argv[]);
int run_transaction(int argc, char *argv[]);
int run_correct(int argc, char *argv[]);
int run_keygen(int argc, char *argv[]);
int run_fingerprint(int argc, char *argv[]);
int run_terminal(int argc, char *argv[]); /* has commands of its own, as some of the next do */
int run_ledger(int argc, char *argv[]);
int run_report(int argc, char *argv[]);
int run_events(int argc, char *argv[]);
int run_audit(int argc, char *argv[]);

#endif
