/* SPDX-License-Identifier: MIT */
/*
 * sockloom export: the packets of a trace as pcapng, as tcpdump on each interface would have seen
 * them.
 *
 * A frame appears on the sender's interface when it left, and on each receiver's when the NIC put
 * it into its ring. What a link did to its bytes on the way is not in the trace: both show what was
 * sent.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <pcap/pcap.h>
#include <sqlite3.h>

#include "sim/engine/pool.h"
#include "sim/engine/trace_read.h"
#include "sim/engine/version.h"
#include "tools/cli.h"
#include "tools/cmd.h"
#include "tools/pcapng.h"

static const struct cli_option options[] = {
    {'o', "output", "PATH", "a file NAME.pcapng, or a directory for a file for each NIC"},
    {0, "pcapng", NULL, "the format; the only one there is, and without -o a directory NAME-pcapng"},
    {0, "host", "NAME", "only this host's interfaces"},
    {0, "nic", "NAME", "only interfaces of this name"},
    {0, "filter", "EXPR", "only packets that this tcpdump expression matches (pcap-filter(7))"},
    {0, NULL, NULL, NULL},
};

static const struct cli_spec spec = {
    "export", "[options] TRACE [-o PATH]",
    "Writes the packets of a trace as pcapng, with nanosecond timestamps and an\n"
    "interface for each NIC. The trace must have been recorded at the level packets\n"
    "or all. A comment on each packet gives its id in the trace.",
    options};

struct iface {
	u32 host;
	int ifindex;
	char *host_name, *name;
	u8 mac[6];
	u32 number;	     /* in its file */
	struct pcapng *file; /* NULL: not wanted */
	char *path;	     /* of its own file, or NULL */
};

struct export
{
	struct trace_read *trace;
	const char *output, *host, *nic;
	struct iface *ifaces;
	int n;
	struct pcapng *single;
	struct cli_progress progress;
	struct bpf_program filter; /* bf_insns NULL: none */
	u64 frames;
};

/* libpcap compiles the expression; false after reporting what is wrong with it. */
static bool compile_filter(struct export *e, const char *expr)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	bool ok = p && pcap_compile(p, &e->filter, expr, 1, PCAP_NETMASK_UNKNOWN) == 0;

	if (!ok)
		cli_error("export", "--filter '%s': %s", expr, p ? pcap_geterr(p) : "no memory");
	if (p)
		pcap_close(p);
	return ok;
}

static bool filter_matches(const struct export *e, const struct trace_frame_at *f)
{
	struct pcap_pkthdr h = {.caplen = f->len, .len = f->len};

	return !e->filter.bf_insns || pcap_offline_filter(&e->filter, &h, f->frame);
}

static const char *column_text(sqlite3_stmt *st, int col)
{
	const char *s = (const char *)sqlite3_column_text(st, col);

	return s ? s : "";
}

static void parse_mac(const char *text, u8 mac[6])
{
	unsigned int b[6] = {0};

	sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]);
	for (int i = 0; i < 6; i++)
		mac[i] = (u8)b[i];
}

static void load_ifaces(struct export *e)
{
	sqlite3_stmt *st;

	sqlite3_prepare_v2(
	    e->trace->db,
	    "SELECT n.host, n.ifindex, coalesce(h.name, n.host), n.name, n.mac FROM nic n"
	    " LEFT JOIN host h ON h.id = n.host ORDER BY n.host, n.ifindex",
	    -1, &st, NULL);
	e->ifaces = xcalloc(trace_read_count(e->trace, TT_NIC) + 1, sizeof(*e->ifaces));
	while (sqlite3_step(st) == SQLITE_ROW) {
		struct iface *i = &e->ifaces[e->n++];

		i->host = (u32)sqlite3_column_int64(st, 0);
		i->ifindex = sqlite3_column_int(st, 1);
		i->host_name = xstrdup(column_text(st, 2));
		i->name = xstrdup(column_text(st, 3));
		parse_mac(column_text(st, 4), i->mac);
	}
	sqlite3_finalize(st);
}

static struct pcapng *open_file(const char *path)
{
	struct pcapng *p = pcapng_open(path, "sockloom " SOCKLOOM_VERSION);

	if (!p)
		cli_error("export", "%s: %s", path, strerror(errno));
	return p;
}

/* Opens the interface's own file, or describes it in the single one. */
static int open_iface(struct export *e, struct iface *i)
{
	char name[512];

	if (e->single) {
		i->file = e->single;
	} else {
		if (asprintf(&i->path, "%s/%s-%s.pcapng", e->output, i->host_name, i->name) < 0)
			return -ENOMEM;
		i->file = open_file(i->path);
		if (!i->file)
			return -EIO;
	}
	snprintf(name, sizeof(name), "%s:%s", i->host_name, i->name);
	i->number = pcapng_interface(i->file, name, i->mac);
	return 0;
}

static int open_outputs(struct export *e, bool directory)
{
	int wanted = 0;

	if (directory && mkdir(e->output, 0777) < 0 && errno != EEXIST) {
		cli_error("export", "%s: %s", e->output, strerror(errno));
		return EXIT_USAGE;
	}
	if (!directory) {
		e->single = open_file(e->output);
		if (!e->single)
			return EXIT_USAGE;
	}
	for (int k = 0; k < e->n; k++) {
		struct iface *i = &e->ifaces[k];

		if ((e->host && strcmp(e->host, i->host_name) != 0) ||
		    (e->nic && strcmp(e->nic, i->name) != 0))
			continue;
		wanted++;
		if (open_iface(e, i) < 0)
			return EXIT_USAGE;
	}
	if (!wanted) {
		cli_error("export", "%s has no such interface", e->trace->path);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

/* The interfaces are in the order of (host, ifindex). */
static int match_iface(const void *key, const void *elem)
{
	const struct trace_frame_at *f = key;
	const struct iface *i = elem;

	if (f->host != i->host)
		return f->host < i->host ? -1 : 1;
	return (f->ifindex > i->ifindex) - (f->ifindex < i->ifindex);
}

static int export_frame(void *arg, const struct trace_frame_at *f)
{
	struct export *e = arg;
	const struct iface *i;
	char comment[64];

	cli_progress(&e->progress, "%llu frames", (unsigned long long)e->frames);
	i = bsearch(f, e->ifaces, (size_t)e->n, sizeof(*e->ifaces), match_iface);
	if (!i || !i->file || !filter_matches(e, f))
		return 0;
	snprintf(comment, sizeof(comment), "packet %llu:%llu",
		 (unsigned long long)(f->packet >> 40),
		 (unsigned long long)(f->packet & ((1ULL << 40) - 1)));
	pcapng_packet(i->file, i->number, f->t, f->frame, f->len,
		      f->sent ? PCAPNG_OUTBOUND : PCAPNG_INBOUND, comment);
	e->frames++;
	return 0;
}

static int close_one(struct pcapng *p, const char *path)
{
	int err = pcapng_close(p);

	if (!err)
		return EXIT_OK;
	cli_error("export", "%s: %s", path, strerror(-err));
	return EXIT_INTERNAL;
}

static int close_outputs(struct export *e)
{
	int status = EXIT_OK;

	for (int k = 0; k < e->n; k++) {
		struct iface *i = &e->ifaces[k];

		if (i->file && !e->single && close_one(i->file, i->path) != EXIT_OK)
			status = EXIT_INTERNAL;
		free(i->path);
		free(i->host_name);
		free(i->name);
	}
	if (e->single && close_one(e->single, e->output) != EXIT_OK)
		status = EXIT_INTERNAL;
	free(e->ifaces);
	return status;
}

static bool is_directory(const char *path)
{
	size_t len = strlen(path);
	struct stat st;

	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode);
	return len < 7 || strcmp(path + len - 7, ".pcapng") != 0;
}

static int export(struct export *e)
{
	int status, closed;

	if (e->trace->level < TRACE_PACKETS) {
		cli_error("export",
			  "%s was recorded at the level %s, without packets; record it with "
			  "--trace=packets",
			  e->trace->path, trace_level_name(e->trace->level));
		return EXIT_USAGE;
	}
	load_ifaces(e);
	status = open_outputs(e, is_directory(e->output));
	if (status == EXIT_OK) {
		cli_progress_init(&e->progress);
		trace_read_frames(e->trace, 0, 0, export_frame, e);
		cli_progress_end(&e->progress);
		if (e->trace->error) {
			cli_error("export", "%s", e->trace->error);
			status = EXIT_USAGE;
		}
	}
	closed = close_outputs(e);
	return max(status, closed);
}

/* web.db -> web-pcapng, in the current folder. */
static char *default_directory(const char *path)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	int len = (int)strlen(base);
	char *out;

	if (len > 3 && strcmp(base + len - 3, ".db") == 0)
		len -= 3;
	if (asprintf(&out, "%.*s-pcapng", len, base) < 0)
		abort();
	return out;
}

int cmd_export(int argc, char **argv)
{
	struct export e = {.trace = NULL};
	const char *path = NULL, *filter = NULL;
	char *directory = NULL;
	struct cli c;
	char *err;
	int status;

	cli_init(&c, &spec, argc, argv);
	while (cli_next(&c)) {
		if (cli_is(&c, "output"))
			e.output = c.value;
		else if (cli_is(&c, "host"))
			e.host = c.value;
		else if (cli_is(&c, "nic"))
			e.nic = c.value;
		else if (cli_is(&c, "pcapng"))
			continue;
		else if (cli_is(&c, "filter"))
			filter = c.value;
		else if (!path)
			path = c.value;
		else
			return cli_usage(&c, "more than one trace");
	}
	if (c.status >= 0)
		return c.status;
	if (!path)
		return cli_usage(&c, "which trace?");
	e.trace = trace_read_open(path, &err);
	if (!e.trace) {
		cli_error("export", "%s", err);
		free(err);
		return EXIT_USAGE;
	}
	if (filter && !compile_filter(&e, filter)) {
		trace_read_close(e.trace);
		return EXIT_USAGE;
	}
	if (!e.output)
		e.output = directory = default_directory(path);
	status = export(&e);
	trace_read_close(e.trace);
	if (status == EXIT_OK)
		fprintf(stderr, "%llu frames in %s\n", (unsigned long long)e.frames, e.output);
	free(directory);
	pcap_freecode(&e.filter);
	return status;
}
