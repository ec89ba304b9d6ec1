/* SPDX-License-Identifier: MIT */
/*
 * The subcommands of sockloom. Each is one file, tools/NAME.c, with one function that gets its
 * arguments as main() does (argv[0] is the subcommand's name) and returns the exit status.
 *
 * A new subcommand: a line in SOCKLOOM_COMMANDS, in the order that --help lists them.
 */
#ifndef TOOLS_CMD_H
#define TOOLS_CMD_H

enum exit_status {
	EXIT_OK = 0,	   /* all checks held */
	EXIT_CHECK = 1,	   /* a check failed; of diff: the runs differ */
	EXIT_USAGE = 2,	   /* usage or scenario error */
	EXIT_DIVERGED = 3, /* the replay diverged */
	EXIT_INTERNAL = 4, /* the simulator itself failed */
};

/* name, one line for --help */
#define SOCKLOOM_COMMANDS(X)                                                                       \
	X(run, "run a scenario, write its trace, evaluate its checks")                             \
	X(exec, "run one Linux program on a simulated host")                                       \
	X(replay, "run a recorded run again and prove that it is the same")                        \
	X(diff, "say where two recorded runs first differ")                                        \
	X(show, "look at a trace: summary, timeline, flows, drops, queues, calls")                 \
	X(explore, "search the schedules of a scenario for one that fails")                        \
	X(shrink, "take decisions away from a run that fails, while it still fails")              \
	X(explain, "say why a run fails: the nearest run that passes, the steps that decide")      \
	X(keep, "write a recorded run as a scenario file, to keep as a regression test")           \
	X(export, "write the packets of a trace as pcapng for Wireshark")

#define SOCKLOOM_COMMAND_DECL(name, brief) int cmd_##name(int argc, char **argv);
SOCKLOOM_COMMANDS(SOCKLOOM_COMMAND_DECL)
#undef SOCKLOOM_COMMAND_DECL

#endif
