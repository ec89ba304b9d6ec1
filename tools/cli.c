/* SPDX-License-Identifier: MIT */
/*
 * The command line (cli.h).
 */
#include "tools/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/engine/units.h"
#include "tools/cmd.h"

#define PROGRESS_MS 100
#define HELP_COLUMN 26

void cli_init(struct cli *c, const struct cli_spec *spec, int argc, char **argv)
{
	*c = (struct cli){.spec = spec, .argc = argc, .pos = 1, .argv = argv, .status = -1};
}

static void print_option(FILE *f, char letter, const char *name, const char *arg, const char *help)
{
	int n = 0;

	n += letter ? fprintf(f, "  -%c, ", letter) : fprintf(f, "      ");
	n += fprintf(f, "--%s", name);
	if (arg)
		n += fprintf(f, " %s", arg);
	if (n >= HELP_COLUMN) {
		fputc('\n', f);
		n = 0;
	}
	fprintf(f, "%*s%s\n", HELP_COLUMN - n, "", help);
}

void cli_help(const struct cli_spec *spec, FILE *f)
{
	fprintf(f, "Usage: sockloom %s %s\n\n%s\n", spec->command, spec->synopsis, spec->about);
	fprintf(f, "\nOptions:\n");
	for (const struct cli_option *o = spec->options; o->name; o++)
		print_option(f, o->letter, o->name, o->arg, o->help);
	print_option(f, 'h', "help", NULL, "print this");
}

static void vmessage(const char *command, const char *fmt, va_list ap)
{
	fprintf(stderr, "sockloom%s%s: ", command ? " " : "", command ? command : "");
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void cli_error(const char *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmessage(command, fmt, ap);
	va_end(ap);
}

int cli_usage(struct cli *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmessage(c->spec->command, fmt, ap);
	va_end(ap);
	fprintf(stderr, "Try 'sockloom %s --help'.\n", c->spec->command);
	c->status = EXIT_USAGE;
	return c->status;
}

static const struct cli_option *find_long(const struct cli_spec *spec, const char *name, size_t len)
{
	for (const struct cli_option *o = spec->options; o->name; o++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static const struct cli_option *find_letter(const struct cli_spec *spec, char letter)
{
	for (const struct cli_option *o = spec->options; o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

static void unknown_option(struct cli *c, const char *name, size_t len)
{
	const char *names[64];
	char word[64];
	const char *near;
	int n = 0;

	for (const struct cli_option *o = c->spec->options; o->name && n < 63; o++)
		names[n++] = o->name;
	names[n] = NULL;
	snprintf(word, sizeof(word), "%.*s", (int)len, name);
	near = cli_nearest(word, names);
	if (near)
		cli_usage(c, "there is no option --%s; did you mean --%s?", word, near);
	else
		cli_usage(c, "there is no option --%s", word);
}

/* The argument of the option just found: in the same word (rest) or the next one. */
static bool take_value(struct cli *c, const char *rest)
{
	if (!c->option->arg) {
		if (rest)
			cli_usage(c, "--%s takes no value", c->option->name);
		return !rest;
	}
	if (!rest && c->pos < c->argc)
		rest = c->argv[c->pos++];
	if (!rest)
		cli_usage(c, "--%s needs a value: %s", c->option->name, c->option->arg);
	c->value = rest;
	return rest != NULL;
}

static bool next_long(struct cli *c, const char *word)
{
	const char *eq = strchr(word, '=');
	size_t len = eq ? (size_t)(eq - word) : strlen(word);

	c->option = find_long(c->spec, word, len);
	if (!c->option) {
		unknown_option(c, word, len);
		return false;
	}
	return take_value(c, eq ? eq + 1 : NULL);
}

/* One letter a word: -o FILE or -oFILE. */
static bool next_short(struct cli *c, const char *word)
{
	c->option = find_letter(c->spec, word[0]);
	if (!c->option) {
		cli_usage(c, "there is no option -%c", word[0]);
		return false;
	}
	return take_value(c, word[1] ? word + 1 : NULL);
}

bool cli_next(struct cli *c)
{
	const char *word;

	if (c->status >= 0 || c->pos >= c->argc)
		return false;
	word = c->argv[c->pos++];
	c->option = NULL;
	c->value = word;
	if (c->only_arguments || word[0] != '-' || !word[1])
		return true;
	c->value = NULL;
	if (strcmp(word, "--") == 0) {
		c->only_arguments = true;
		return cli_next(c);
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		cli_help(c->spec, stdout);
		c->status = EXIT_OK;
		return false;
	}
	return word[1] == '-' ? next_long(c, word + 2) : next_short(c, word + 1);
}

bool cli_is(const struct cli *c, const char *name)
{
	if (!name || !c->option)
		return !name && !c->option;
	return strcmp(c->option->name, name) == 0;
}

static bool plain_number(const char *s, u64 *out)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*out = strtoull(s, &end, strncmp(s, "0x", 2) == 0 ? 16 : 10);
	return errno == 0 && *end == '\0';
}

bool cli_duration(struct cli *c, nsec_t *out)
{
	const char *why;
	u64 n;

	if (plain_number(c->value, &n) && n <= INT64_MAX) {
		*out = (nsec_t)n;
		return true;
	}
	if (parse_duration(c->value, out, &why) == 0)
		return true;
	cli_usage(c, "--%s %s: %s", c->option->name, c->value, why);
	return false;
}

bool cli_u64(struct cli *c, u64 *out)
{
	if (plain_number(c->value, out))
		return true;
	cli_usage(c, "--%s %s: not a number", c->option->name, c->value);
	return false;
}

/* Edit distance with transpositions (optimal string alignment) of short words. */
static int distance(const char *a, const char *b)
{
	int la = (int)strlen(a), lb = (int)strlen(b), d[32][32];

	if (la > 31 || lb > 31)
		return 31;
	for (int i = 0; i <= la; i++)
		d[i][0] = i;
	for (int j = 0; j <= lb; j++)
		d[0][j] = j;
	for (int i = 1; i <= la; i++)
		for (int j = 1; j <= lb; j++) {
			int best = min(d[i - 1][j], d[i][j - 1]) + 1;

			best = min(best, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = min(best, d[i - 2][j - 2] + 1);
			d[i][j] = best;
		}
	return d[la][lb];
}

const char *cli_nearest(const char *word, const char *const *candidates)
{
	const char *best = NULL;
	int least = (int)strlen(word) / 3 + 2; /* farther is no slip */

	for (; *candidates; candidates++) {
		int d = distance(word, *candidates);

		if (d < least) {
			least = d;
			best = *candidates;
		}
	}
	return best;
}

bool cli_is_terminal(FILE *f)
{
	return isatty(fileno(f)) == 1;
}

const char *cli_color(bool on, enum cli_color c)
{
	switch (on ? c : -1) {
	case CLI_PLAIN:
		return "\033[0m";
	case CLI_BOLD:
		return "\033[1m";
	case CLI_DIM:
		return "\033[2m";
	case CLI_RED:
		return "\033[31m";
	case CLI_GREEN:
		return "\033[32m";
	case CLI_YELLOW:
		return "\033[33m";
	case CLI_BLUE:
		return "\033[34m";
	case CLI_CYAN:
		return "\033[36m";
	default:
		return "";
	}
}

static u64 real_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000 + (u64)ts.tv_nsec / 1000000;
}

void cli_progress_init(struct cli_progress *p)
{
	*p = (struct cli_progress){.on = cli_is_terminal(stderr)};
	if (p->on)
		p->last_ms = real_ms(); /* work that is soon done shows nothing */
}

void cli_progress(struct cli_progress *p, const char *fmt, ...)
{
	va_list ap;
	u64 now;

	if (!p->on)
		return;
	now = real_ms();
	if (now - p->last_ms < PROGRESS_MS)
		return;
	p->last_ms = now;
	p->shown = true;
	fputs("\r\033[K", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fflush(stderr);
}

void cli_progress_end(struct cli_progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
