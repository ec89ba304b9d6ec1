/* SPDX-License-Identifier: MIT */
/*
 * The command line: options from a table, help from the same table, messages in one form, colours
 *and progress only on a terminal.
 *
 *	static const struct cli_option options[] = {
 *	    {'s', "seed", "N", "seed of the run's noise"},
 *	    {0, "until", "TIME", "stop at this virtual time"},
 *	    {}};
 *	static const struct cli_spec spec = {"run", "[options] SCENARIO", "Runs a scenario.",
 *options};
 *
 *	cli_init(&c, &spec, argc, argv);
 *	while (cli_next(&c))
 *		if (cli_is(&c, "seed"))
 *			... c.value ...
 *		else if (cli_is(&c, CLI_ARGUMENT))
 *			... c.value ...
 *	if (c.status >= 0)
 *		return c.status; (help was printed, or an error)
 */
#ifndef TOOLS_CLI_H
#define TOOLS_CLI_H

#include <stdio.h>

#include "sim/engine/types.h"

struct cli_option {
	char letter;	  /* 0: none */
	const char *name; /* without dashes; NULL ends the table */
	const char *arg;  /* what its argument is called; NULL: it takes none */
	const char *help;
};

struct cli_spec {
	const char *command;
	const char *synopsis; /* what follows "sockloom COMMAND" */
	const char *about;    /* a paragraph, lines of at most 78 columns */
	const struct cli_option *options;
};

struct cli {
	const struct cli_spec *spec;
	int argc, pos;
	char **argv;
	bool only_arguments;		 /* after "--" */
	const struct cli_option *option; /* NULL: an argument */
	const char *value;
	int status; /* -1, or the exit status to return at once */
};

#define CLI_ARGUMENT NULL

/* argv[0] is the subcommand. */
void cli_init(struct cli *c, const struct cli_spec *spec, int argc, char **argv);
/* False at the end, after --help, and after an error (all reported). */
bool cli_next(struct cli *c);
/* The option that cli_next() stopped at has this long name; CLI_ARGUMENT: it is an argument. */
bool cli_is(const struct cli *c, const char *name);
/* Prints "sockloom COMMAND: message" and a pointer to --help; sets and returns status 2. */
int __printf_like(2, 3) cli_usage(struct cli *c, const char *fmt, ...);
/* Prints "sockloom COMMAND: message" to standard error. */
void __printf_like(2, 3) cli_error(const char *command, const char *fmt, ...);
/* c->value as a duration, or a plain number of ns; as a u64; false after reporting the mistake. */
bool cli_duration(struct cli *c, nsec_t *out);
bool cli_u64(struct cli *c, u64 *out);
void cli_help(const struct cli_spec *spec, FILE *f);

/* The candidate that word is most likely a slip of, or NULL; the list ends with NULL. */
const char *cli_nearest(const char *word, const char *const *candidates);

/* Colours: escape sequences when f is a terminal, else "". */
enum cli_color {
	CLI_PLAIN = 0,
	CLI_BOLD,
	CLI_DIM,
	CLI_RED,
	CLI_GREEN,
	CLI_YELLOW,
	CLI_BLUE,
	CLI_CYAN
};
const char *cli_color(bool on, enum cli_color c);
bool cli_is_terminal(FILE *f);

/*
 * A line on standard error that is rewritten in place, some times a second; nothing when that is
 * not a terminal. The only place that reads a real clock.
 */
struct cli_progress {
	bool on, shown;
	u64 last_ms;
};
void cli_progress_init(struct cli_progress *p);
void __printf_like(2, 3) cli_progress(struct cli_progress *p, const char *fmt, ...);
/* Takes the line away. */
void cli_progress_end(struct cli_progress *p);

#endif
