/* SPDX-License-Identifier: MIT */
#include "tools/ladder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/engine/units.h"
#include "tools/cli.h"
#include "tools/cmd.h"

#define COLUMN 230 /* pixels for a task */
#define ROW 22
#define TOP 96
#define GAP 60
#define TIME_WIDTH 90
#define SHOWN 40  /* steps of each run at most */
#define BEFORE 8  /* of these before the decision or the pair */

/* Text between tags. */
static void text(FILE *f, const char *s, size_t most)
{
	for (size_t i = 0; i < most && s[i]; i++) {
		switch (s[i]) {
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '&':
			fputs("&amp;", f);
			break;
		default:
			fputc((unsigned char)s[i] < ' ' ? ' ' : s[i], f);
		}
	}
}

static int column_of(const struct steps *s, const struct step *st)
{
	for (size_t i = 0; i < s->ntasks; i++) {
		if (s->task[i].host == st->host && s->task[i].tid == st->tid)
			return (int)i;
	}
	return 0;
}

static size_t first_shown(const struct steps *s, const struct step *pair, nsec_t at)
{
	size_t i = 0;

	while (i < s->n && s->step[i].t < at && &s->step[i] != pair)
		i++;
	return i - (i < BEFORE ? i : BEFORE);
}

static const struct step *earlier(const struct step *a, const struct step *b)
{
	return a && b && b < a ? b : a;
}

/* How many steps of a run are drawn. */
static size_t shown(const struct steps *s, const struct step *a, const struct step *b, nsec_t at)
{
	size_t left = s->n - first_shown(s, earlier(a, b), at);

	return left < SHOWN ? left : SHOWN;
}

static void draw_head(FILE *f, const struct steps *s, const char *title, int x, int height)
{
	fprintf(f, "<text x='%d' y='70' class='h'>%s</text>\n", x, title);
	for (size_t i = 0; i < s->ntasks; i++) {
		int cx = x + TIME_WIDTH + (int)i * COLUMN;

		fprintf(f, "<line x1='%d' y1='%d' x2='%d' y2='%d' class='l'/>\n<text x='%d' y='%d' class='t'>",
			cx, TOP, cx, height - 10, cx, TOP - 6);
		text(f, s->task[i].name, 16);
		fprintf(f, " (%d) of ", s->task[i].tid);
		text(f, s->task[i].host_name, 24);
		fprintf(f, "</text>\n");
	}
}

static void draw_step(FILE *f, const struct steps *s, const struct step *st, int x, int y, bool marked)
{
	int cx = x + TIME_WIDTH + column_of(s, st) * COLUMN;
	char line[160], time[32];

	step_text(st, 12, line, sizeof(line));
	fprintf(f, "<text x='%d' y='%d' class='c'>%s</text>", x, y + 4,
		format_duration(time, sizeof(time), st->t));
	fprintf(f, "<circle cx='%d' cy='%d' r='%d' class='%s'/>", cx, y, marked ? 6 : 3,
		marked ? "m" : st->err || st->never ? "e" : "o");
	fprintf(f, "<text x='%d' y='%d' class='%s'>", cx + 10, y + 4, marked ? "s b" : "s");
	text(f, line, 34);
	fprintf(f, "</text>\n");
}

static void draw_decision(FILE *f, const struct ladder *l, int x, int y, int width, bool taken)
{
	fprintf(f, "<line x1='%d' y1='%d' x2='%d' y2='%d' class='%s'/>\n<text x='%d' y='%d' class='d'>", x, y,
		x + width, y, taken ? "y" : "n", x + TIME_WIDTH, y - 3);
	text(f, taken ? l->decision : "not here", 120);
	fprintf(f, "</text>\n");
}

static void draw_run(FILE *f, const struct ladder *l, const struct steps *s, const struct step *a,
		     const struct step *b, int x, int width, bool taken)
{
	size_t i = first_shown(s, earlier(a, b), l->at);
	bool decided = !l->decision;
	int y = TOP + ROW, ya = 0, yb = 0;

	for (size_t n = 0; n < SHOWN && i < s->n; n++, i++) {
		const struct step *st = &s->step[i];

		if (!decided && st->t >= l->at) {
			draw_decision(f, l, x, y, width, taken);
			y += ROW;
			decided = true;
		}
		if (st == a)
			ya = y;
		if (st == b)
			yb = y;
		draw_step(f, s, st, x, y, st == a || st == b);
		y += ROW;
	}
	if (ya && yb)
		fprintf(f, "<line x1='%d' y1='%d' x2='%d' y2='%d' class='p' marker-end='url(#a)'/>\n",
			x + TIME_WIDTH + column_of(s, a) * COLUMN, ya,
			x + TIME_WIDTH + column_of(s, b) * COLUMN, yb);
}

static const char style[] =
	"<style>text{font:12px monospace}.h{font:bold 15px sans-serif}.t{font:bold 12px sans-serif}"
	".c{fill:#777;font-size:11px}.l{stroke:#ccc}.o{fill:#555}.e{fill:#c40}.m{fill:#d00}.b{font-weight:bold;"
	"fill:#d00}.p{stroke:#d00;stroke-width:2}.y{stroke:#06c;stroke-width:2}.n{stroke:#9bd;"
	"stroke-dasharray:4}.d{fill:#06c;font:italic 12px sans-serif}</style>\n"
	"<defs><marker id='a' markerWidth='8' markerHeight='8' refX='7' refY='4' orient='auto'>"
	"<path d='M0,0 L8,4 L0,8 z' fill='#d00'/></marker></defs>\n";

int ladder_write(const struct ladder *l, const char *path)
{
	size_t tasks = l->fail->ntasks > l->pass->ntasks ? l->fail->ntasks : l->pass->ntasks;
	const struct step *a = l->first, *b = l->second;
	int width = TIME_WIDTH + (int)(tasks ? tasks : 1) * COLUMN;
	size_t rows = shown(l->fail, a, b, l->at), other;
	int height;
	FILE *f = fopen(path, "w");

	if (!f) {
		cli_error("explain", "%s: %s", path, strerror(errno));
		return EXIT_INTERNAL;
	}
	other = shown(l->pass, a ? &l->pass->step[a->other] : NULL, b ? &l->pass->step[b->other] : NULL, l->at);
	height = TOP + (int)((rows > other ? rows : other) + 3) * ROW;
	fprintf(f, "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d'>\n%s", 2 * width + 3 * GAP / 2,
		height, style);
	fprintf(f, "<rect width='100%%' height='100%%' fill='white'/><text x='20' y='30' class='h'>");
	text(f, l->title, 160);
	fprintf(f, "</text>\n");
	draw_head(f, l->fail, "fails", 20, height);
	draw_run(f, l, l->fail, a, b, 20, width, true);
	draw_head(f, l->pass, "passes", 20 + width + GAP, height);
	draw_run(f, l, l->pass, a ? &l->pass->step[a->other] : NULL, b ? &l->pass->step[b->other] : NULL,
		 20 + width + GAP, width, false);
	fprintf(f, "</svg>\n");
	if (fclose(f)) {
		cli_error("explain", "%s: %s", path, strerror(errno));
		return EXIT_INTERNAL;
	}
	return EXIT_OK;
}
