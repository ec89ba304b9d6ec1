/* SPDX-License-Identifier: MIT */
/*
 * What `sockloom show` prints: the timeline as a story, packets as lines, tables, filters.
 */
#include "tools/show.h"

#include "sim/engine/trace_sqlite.h"
#include "tests/unit/trace_rows.h"
#include "tests/unit/unit.h"
#include "tools/packet_text.h"
#include "tools/table.h"

static struct trace_read *record(int n)
{
	char path[64], *err;
	struct trace_read *r;

	rows_file(rows_path(path, sizeof(path), "show"), TRACE_ALL, n);
	r = trace_read_open(path, &err);
	assert_non_null(r);
	unlink(path);
	table_functions(r->db);
	return r;
}

static char *timeline(struct trace_read *r, const struct show_filter *f)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	show_timeline(r, f, out, false);
	fclose(out);
	return text;
}

static void test_timeline(void **state)
{
	struct show_filter f = {.from = 0, .to = 19000};
	struct trace_read *r = record(1);
	char *text = timeline(r, &f);

	assert_string_equal(
	    text,
	    "    0.000005000  server  20 recvfrom(3 ...\n"
	    "    0.000009500  client  10 sendto(3 ...\n"
	    "    0.000009700  client  [1:0] socket_tx\n"
	    "    0.000009900  client  [1:0] tx_ring queue 0\n"
	    "    0.000010000  client  [1:0] IP 10.0.0.1.4000 > 10.0.0.2.53: UDP, length 100\n"
	    "    0.000010000  client  [1:0] link\n"
	    "    0.000010000  client  10 sendto(3, \"xxxx\"..., 100, 0, NULL, 0) = 100 <500ns>\n"
	    "    0.000015000  server  [1:0] rx_ring queue 0\n"
	    "    0.000015000  server  cpu0 irq 24 raise\n"
	    "    0.000016000  server  cpu0 irq 24 enter\n"
	    "    0.000017000  server  cpu0 napi 8193 1/64 poll\n"
	    "    0.000017000  server  [1:0] napi queue 0\n"
	    "    0.000018000  server  [1:0] socket_rx\n"
	    "    0.000018000  server  cpu0 task 20 wake\n"
	    "    0.000019000  server  [1:0] recv\n"
	    "    0.000019000  server  20 recvfrom(3, \"xxxx\"..., 100, 0, NULL, 0) = 100 <14us>\n"
	    "    0.000019000  server  cpu0 task 20 park: recv\n");
	free(text);
	trace_read_close(r);
}

/* A call that nothing came between is one line; an error has its name. */
static void test_calls(void **state)
{
	struct trace_syscall call = {.t_enter = 5,
				     .t_exit = 9,
				     .host = 1,
				     .tid = 3,
				     .name = "accept",
				     .args = "4, NULL, NULL",
				     .result = -1,
				     .err = 11};
	struct trace *tr = trace_new(TRACE_ALL);
	struct show_filter f = {.to = NSEC_NEVER};
	struct trace_read *r;
	char path[64], *err, *text;

	rows_path(path, sizeof(path), "calls");
	trace_add_sink(tr, trace_sqlite_sink(path, TRACE_ALL, &err));
	trace_run(tr, "level", "all");
	trace_host(tr, 1, "a", 1);
	trace_syscall(tr, &call);
	call.t_enter = 20;
	call.t_exit = NSEC_NEVER;
	trace_syscall(tr, &call);
	trace_free(tr, true);
	r = trace_read_open(path, &err);
	unlink(path);
	text = timeline(r, &f);
	assert_string_equal(
	    text,
	    "    0.000000009  a     3 accept(4, NULL, NULL) = -1 EAGAIN (Resource temporarily "
	    "unavailable) <4ns>\n"
	    "    0.000000020  a     3 accept(4 ...\n");
	free(text);
	trace_read_close(r);
}

static int lines(char *text)
{
	int n = 0;

	for (char *p = text; *p; p++)
		n += *p == '\n';
	free(text);
	return n;
}

static void test_filters(void **state)
{
	static const struct {
		const char *flow;
		bool some;
	} flows[] = {
	    {"10.0.0.1:4000-10.0.0.2:53", true},
	    {"10.0.0.2:53-10.0.0.1:4000", true},
	    {"10.0.0.2", true},
	    {":53", true},
	    {":54", false},
	    {"10.0.0.1:53", false},
	    {"[fe80::1]:53", false},
	    {"10.0.0.1-10.0.0.3", false},
	};
	static const char *const wrong[] = {"", ":x", "1.2.3.4:99999", "[::1", "a-", ":"};
	struct show_filter all = {.to = NSEC_NEVER}, f;
	struct trace_read *r = record(20);
	/* eight rows for each datagram, seven for the two that are dropped */
	int total_flow = 18 * 8 + 2 * 7;
	int total = lines(timeline(r, &all)), client, server;

	f = all;
	f.host = 1;
	client = lines(timeline(r, &f));
	f.host = 2;
	server = lines(timeline(r, &f));
	assert_true(client > 20 && server > 20);
	assert_true(client + server <= total);
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
		f = all;
		assert_int_equal(show_parse_flow(flows[i].flow, &f), 0);
		assert_int_equal(lines(timeline(r, &f)), flows[i].some ? total_flow : 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_not_equal(show_parse_flow(wrong[i], &f), 0);
	trace_read_close(r);
}

static void test_one_packet(void **state)
{
	struct show_filter f = {.to = NSEC_NEVER}, same = f;
	struct trace_read *r = record(20);

	assert_int_equal(show_parse_packet("1:3", &f), 0);
	assert_int_equal(f.packet, rows_packet_id(3));
	assert_int_equal(lines(timeline(r, &f)), 8);
	assert_int_equal(show_parse_packet("1099511627779", &same), 0);
	assert_int_equal(same.packet, f.packet);
	assert_int_not_equal(show_parse_packet("1:", &f), 0);
	assert_int_not_equal(show_parse_packet("x", &f), 0);
	assert_int_not_equal(show_parse_packet("1:2x", &f), 0);
	trace_read_close(r);
}

static void test_table(void **state)
{
	struct trace_read *r = record(1);
	char *text = NULL, *err;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(table_print(r->db, "SELECT name, ncpu, duration(1500) AS d FROM host", out,
				     false, NULL, &err),
			 0);
	assert_int_equal(table_print(r->db, "SELECT 1 WHERE 0", out, false, "nothing", &err), 0);
	assert_int_equal(table_print(r->db, "SELECT packet_name(id) AS p, frame FROM packet", out,
				     false, NULL, &err),
			 0);
	fclose(out);
	assert_string_equal(text, "name    ncpu      d\n"
				  "client     1  1.5us\n"
				  "server     1  1.5us\n"
				  "nothing\n"
				  "  p  frame\n"
				  "1:0  (142 bytes)\n");
	free(text);
	trace_read_close(r);
}

static void test_table_errors(void **state)
{
	static const struct {
		const char *sql, *why;
	} cases[] = {
	    {"SELECT nonsense", "no such column"},
	    {"DELETE FROM run", "read, not changed"},
	    {"SELECT 1; SELECT 2", "one statement"},
	    {"  ", "no statement"},
	};
	struct trace_read *r = record(1);
	char *err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_not_equal(table_print(r->db, cases[i].sql, stdout, false, NULL, &err),
				     0);
		assert_non_null(strstr(err, cases[i].why));
		free(err);
	}
	trace_read_close(r);
}

/* Hands the trace one TCP segment. */
static void segment(struct trace *tr, u64 id, bool back, u32 seq, u32 ack, u8 flags, int len)
{
	u8 h[54 + 64] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45};

	h[17] = (u8)(40 + len);
	h[23] = 6;
	memcpy(h + 26, back ? "\x0a\0\0\2\x0a\0\0\1" : "\x0a\0\0\1\x0a\0\0\2", 8);
	memcpy(h + 34, back ? "\0\x50\x9c\x40" : "\x9c\x40\0\x50", 4);
	for (int i = 0; i < 4; i++) {
		h[38 + i] = (u8)(seq >> (24 - 8 * i));
		h[42 + i] = (u8)(ack >> (24 - 8 * i));
	}
	h[46] = 0x50;
	h[47] = flags;
	h[48] = 1;
	trace_packet(tr, &(struct trace_packet){.id = id,
						.host = 1,
						.ifindex = 2,
						.head = h,
						.head_len = (u32)(54 + len),
						.len = (u32)(54 + len)});
}

/* As tcpdump: sequence numbers relative to the SYN, also when ports are used a second time. */
static void test_packet_text(void **state)
{
	static const char *const expected[] = {
	    "IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [S], seq 1000, win 256, length 0",
	    "IP 10.0.0.2.80 > 10.0.0.1.40000: Flags [S.], seq 4294967295, ack 1, win 256, length 0",
	    "IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [.], ack 1, win 256, length 0",
	    "IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [P.], seq 1:6, ack 1, win 256, length 5",
	    "IP 10.0.0.2.80 > 10.0.0.1.40000: Flags [F.], seq 1, ack 6, win 256, length 0",
	    "IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [S], seq 5000, win 256, length 0",
	    "IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [P], seq 1:3, win 256, length 2",
	};
	struct trace *tr = trace_new(TRACE_ALL);
	struct packet_text *p;
	struct trace_sink *s;
	char *err, buf[256];

	s = trace_sqlite_sink(":memory:", TRACE_ALL, &err);
	trace_add_sink(tr, s);
	segment(tr, 1, false, 1000, 0, 2, 0);
	segment(tr, 2, true, 0xffffffff, 1001, 0x12, 0);
	segment(tr, 3, false, 1001, 0, 0x10, 0);
	segment(tr, 4, false, 1001, 0, 0x18, 5);
	segment(tr, 5, true, 0, 1006, 0x11, 0);
	segment(tr, 6, false, 5000, 0, 2, 0);
	segment(tr, 7, false, 5001, 0, 8, 2);
	p = packet_text_new(trace_sqlite_db(s));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(packet_text_line(p, i + 1, buf, sizeof(buf)), expected[i]);
	assert_string_equal(packet_text_line(p, 99, buf, sizeof(buf)), "");
	packet_text_free(p);
	trace_free(tr, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_timeline),	cmocka_unit_test(test_calls),
	    cmocka_unit_test(test_filters),	cmocka_unit_test(test_table),
	    cmocka_unit_test(test_one_packet),	cmocka_unit_test(test_table_errors),
	    cmocka_unit_test(test_packet_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
