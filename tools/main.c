/* SPDX-License-Identifier: MIT */
/*
 * sockloom: finds the subcommand (cmd.h) and hands over to it.
 */
#include <stdio.h>
#include <string.h>

#include "sim/engine/version.h"
#include "tools/cli.h"
#include "tools/cmd.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *brief;
} commands[] = {
#define COMMAND_ROW(name, brief) {#name, cmd_##name, brief},
    SOCKLOOM_COMMANDS(COMMAND_ROW)
#undef COMMAND_ROW
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void print_help(FILE *f)
{
	fprintf(f, "Usage: sockloom COMMAND [options] ...\n\n"
		   "A deterministic simulator of Linux networking.\n\nCommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(f, "  %-10s%s\n", commands[i].name, commands[i].brief);
	fprintf(f, "\n'sockloom COMMAND --help' describes a command.\n"
		   "Exit status: 0 all checks held, 1 a check failed, 2 usage or scenario error,\n"
		   "3 the replay diverged, 4 the simulator itself failed.\n");
}

static int unknown_command(const char *name)
{
	const char *names[ARRAY_SIZE(commands) + 1];
	const char *near;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i].name;
	names[i] = NULL;
	near = cli_nearest(name, names);
	if (near)
		cli_error(NULL, "there is no command '%s'; did you mean '%s'?", name, near);
	else
		cli_error(NULL, "there is no command '%s'; 'sockloom --help' lists them", name);
	return EXIT_USAGE;
}

/* "sockloom help show" is "sockloom show --help". */
static int help(int argc, char **argv)
{
	const struct command *c;
	char *args[3];

	if (argc < 2) {
		print_help(stdout);
		return EXIT_OK;
	}
	c = find_command(argv[1]);
	if (!c)
		return unknown_command(argv[1]);
	args[0] = argv[1];
	args[1] = (char[]){"--help"};
	args[2] = NULL;
	return c->run(2, args);
}

int main(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return help(argc - 1, argv + 1);
	if (strcmp(argv[1], "--version") == 0) {
		printf("sockloom %s\n", SOCKLOOM_VERSION);
		return EXIT_OK;
	}
	c = find_command(argv[1]);
	return c ? c->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}
