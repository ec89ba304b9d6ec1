/* SPDX-License-Identifier: MIT */
/*
 * Receiving: order, SACK blocks, delayed ACKs, windows, urgent data, unacceptable segments.
 */
#include "tests/unit/tcp_fixture.h"

#define MS NSEC_PER_MSEC
#define SEC NSEC_PER_SEC
#define MSS 1448u

static int setup(void **state)
{
	struct tcp_fixture *f = tcp_setup(10 * MS);

	f->b.tp->ack.quick = 0;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	tcp_teardown(*state);
	return 0;
}

/* One segment straight into b, with a timestamp. off and len in bytes from the start of the stream. */
struct raw {
	u32 off, len;
	u8 flags; /* ACK is added unless only RST or SYN */
	u32 tsval_back;
	u16 urg;
	s32 ack_off; /* from snd_una of b */
};

static void feed(struct tcp_fixture *f, const struct raw *r)
{
	struct tcp_sock *tp = f->b.tp;
	struct sk_buff *skb = alloc_skb(tp_sock(tp)->host);
	struct tcp_out_options o = {.tstamp = true,
				    .tsval = tcp_time_stamp(f->a.tp) - r->tsval_back,
				    .tsecr = 0};
	u8 *th = skb_put(skb, 32);

	memset(th, 0, 32);
	put_be32(th + 4, 1000 + r->off);
	put_be32(th + 8, tp->snd_una + (u32)r->ack_off);
	th[12] = 8 << 4;
	th[13] = r->flags ? r->flags : TCPHDR_ACK;
	put_be16(th + 14, 500);
	put_be16(th + 18, r->urg);
	tcp_options_write(th + 20, &o);
	if (r->len)
		skb_add_data(skb, fixture_bytes, r->len);
	skb->truesize = 2304;
	parse_header(skb, 0);
	tcp_rcv_established(tp, skb);
}

static void data(struct tcp_fixture *f, u32 off, u32 len)
{
	feed(f, &(struct raw){.off = off, .len = len});
}

static const struct seg_note *last_ack(const struct tcp_fixture *f)
{
	assert_true(f->b.nsent > 0);
	return &f->b.notes[f->b.nsent - 1];
}

static void expect_sacks(const struct tcp_fixture *f, int n, const u32 (*want)[2])
{
	const struct seg_note *s = last_ack(f);

	assert_int_equal(s->nsacks, n);
	for (int i = 0; i < n; i++) {
		assert_int_equal(s->sacks[i].start_seq, 1000 + want[i][0]);
		assert_int_equal(s->sacks[i].end_seq, 1000 + want[i][1]);
	}
}

/* RFC 2018 4: the block with the latest segment first; touching blocks join; a hole that fills ends all. */
static void test_sack_blocks(void **state)
{
	struct tcp_fixture *f = *state;

	data(f, 0, 100);
	data(f, 200, 100);
	expect_sacks(f, 1, (const u32[][2]){{200, 300}});
	data(f, 400, 100);
	expect_sacks(f, 2, (const u32[][2]){{400, 500}, {200, 300}});
	data(f, 600, 100);
	expect_sacks(f, 3, (const u32[][2]){{600, 700}, {400, 500}, {200, 300}});
	/* The compression of SACKs begins here; ask for the ACK. */
	data(f, 300, 100);
	tcp_send_ack(f->b.tp);
	expect_sacks(f, 2, (const u32[][2]){{200, 500}, {600, 700}});
	data(f, 100, 100);
	tcp_send_ack(f->b.tp);
	expect_sacks(f, 1, (const u32[][2]){{600, 700}});
	assert_int_equal(f->b.tp->rcv_nxt, 1500);
	data(f, 500, 100);
	assert_int_equal(f->b.tp->rcv_nxt, 1700);
	assert_int_equal(last_ack(f)->nsacks, 0);
	assert_int_equal(last_ack(f)->ack, 1700);
	assert_int_equal(f->b.tp->out_of_order_queue.qlen, 0);
}

/* With a timestamp there is room for three blocks. */
static void test_sack_room(void **state)
{
	struct tcp_fixture *f = *state;

	for (u32 i = 1; i <= 6; i++)
		data(f, 200 * i, 100);
	tcp_send_ack(f->b.tp);
	expect_sacks(f, 3, (const u32[][2]){{1200, 1300}, {1000, 1100}, {800, 900}});
}

/* RFC 2883: a duplicate is reported first, once. */
static void test_dsack(void **state)
{
	struct tcp_fixture *f = *state;

	data(f, 0, 300);
	data(f, 100, 100);
	expect_sacks(f, 1, (const u32[][2]){{100, 200}});
	assert_int_equal(f->b.net->mib.v[MIB_TCPDSACKOldSent], 1);
	data(f, 300, 100);
	tcp_send_ack(f->b.tp);
	assert_int_equal(last_ack(f)->nsacks, 0);
	/* A part of what waits out of order. */
	data(f, 500, 200);
	data(f, 500, 100);
	expect_sacks(f, 2, (const u32[][2]){{500, 600}, {500, 700}});
}

/* The queue has no overlaps and no gap is invented, whatever the order of arrival. */
static void test_ofo_orders(void **state)
{
	static const u8 order[][5] = {{4, 3, 2, 1, 0}, {1, 3, 2, 4, 0}, {4, 1, 3, 2, 0}, {2, 4, 1, 3, 0}};
	struct tcp_fixture *f = *state;
	u32 base = 0;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++, base += 500) {
		for (int j = 0; j < 5; j++) {
			/* Each overlaps its neighbour by 50. */
			data(f, base + order[i][j] * 100u, order[i][j] == 4 ? 100 : 150);
			for (struct sk_buff *s = skb_peek(&f->b.tp->out_of_order_queue), *n; s; s = n) {
				n = tcp_queue_next(&f->b.tp->out_of_order_queue, s);
				assert_int_equal(TCP_SKB_CB(s)->end_seq - TCP_SKB_CB(s)->seq, s->len);
				if (n)
					assert_false(after(TCP_SKB_CB(s)->end_seq, TCP_SKB_CB(n)->seq));
			}
		}
		assert_int_equal(f->b.tp->rcv_nxt, 1000 + base + 500);
		assert_int_equal(f->b.tp->out_of_order_queue.qlen, 0);
	}
}

/* RFC 9293 3.8.6.3: every second full segment at once, a single one within 40 ms. */
static void test_delayed_ack(void **state)
{
	struct tcp_fixture *f = *state;
	struct tcp_sock *tp = f->b.tp;
	nsec_t t;

	tp->ack.ato = TCP_ATO_MIN; /* past the first segment */
	tp->ack.rcv_mss = MSS;
	tp->scaling_ratio = 160; /* settled, so that no growth of the window asks for an ACK */
	tp->rcv_ssthresh = tp->window_clamp;
	tcp_run(f, 10 * MS);
	tp->ack.lrcvtime = f->w->sim.now;
	t = f->w->sim.now;
	data(f, 0, MSS);
	tp->ack.quick = 0;
	if (!f->b.nsent) {
		tcp_run(f, SEC);
		assert_int_equal(f->b.nsent, 1);
		assert_in_range(f->b.notes[0].t - t, 40 * MS, 40 * MS);
		assert_int_equal(f->b.net->mib.v[MIB_DelayedACKs], 1);
	}
	tp->ack.lrcvtime = f->w->sim.now;
	f->b.nsent = 0;
	tp->ack.quick = 0;
	data(f, MSS, MSS);
	tp->ack.quick = 0;
	data(f, 2 * MSS, MSS);
	assert_int_equal(f->b.nsent, 1);
	assert_int_equal(f->b.notes[0].ack, 1000 + 3 * MSS);
}

/* The first segments of a connection are acknowledged at once. */
static void test_quickack(void **state)
{
	struct tcp_fixture *f = *state;

	for (u32 i = 0; i < 8; i++) {
		data(f, i * 100, 100);
		assert_int_equal(f->b.nsent, i + 1);
	}
}

/* In a conversation the reply carries the ACK. */
static void test_pingpong(void **state)
{
	struct tcp_fixture *f = *state;

	data(f, 0, 100);
	f->b.nsent = 0;
	tcp_put(&f->b, 50, 0); /* within ato of the request */
	assert_true(f->b.tp->ack.pingpong);
	assert_int_equal(f->b.nsent, 1);
	feed(f, &(struct raw){.off = 100, .len = 100, .ack_off = 50});
	assert_int_equal(f->b.nsent, 1);
	tcp_put(&f->b, 50, 0);
	assert_int_equal(f->b.nsent, 2);
	assert_int_equal(f->b.notes[1].ack, 1200);
	/* Nothing is left to be acknowledged later. */
	feed(f, &(struct raw){.off = 200, .len = 0, .ack_off = 50});
	tcp_run(f, SEC);
	assert_int_equal(f->b.nsent, 2);
}

/* Beyond the third, SACKs are thinned; none is put off longer than a millisecond. */
static void test_sack_compression(void **state)
{
	struct tcp_fixture *f = *state;

	for (u32 i = 1; i <= 10; i++)
		data(f, 100 + 100 * i, 100);
	assert_int_equal(f->b.nsent, 3);
	tcp_run(f, MS);
	assert_int_equal(f->b.nsent, 4);
	expect_sacks(f, 1, (const u32[][2]){{200, 1200}});
	assert_int_equal(f->b.net->mib.v[MIB_TCPAckCompressed], 6);
}

/* The window that is offered never shrinks, and closes when nobody reads. */
static void test_window_never_shrinks(void **state)
{
	struct tcp_fixture *f = *state;
	u32 edge = 0;

	f->b.reading = false;
	tp_sock(f->b.tp)->userlocks = SOCK_RCVBUF_LOCK;
	f->a.writing = true;
	keep_full(&f->a);
	tcp_run(f, 5 * SEC);
	for (int i = 0; i < f->b.nsent; i++) {
		u32 e = f->b.notes[i].ack + f->b.notes[i].window;

		assert_true(!edge || !before(e, edge));
		edge = e;
	}
	assert_int_equal(last_ack(f)->window, 0);
	assert_true(f->b.net->mib.v[MIB_TCPToZeroWindowAdv] >= 1);
}

/* A reader that opens a closed window says so at once. */
static void test_window_update(void **state)
{
	struct tcp_fixture *f = *state;

	test_window_never_shrinks(state);
	f->b.nsent = 0;
	f->b.reading = true;
	tcp_take(&f->b);
	assert_int_equal(f->b.nsent, 1);
	assert_true(f->b.notes[0].window > 10000);
}

/* Right-sizing: a reader that keeps up gets a buffer for the path; an SO_RCVBUF is left alone. */
static void test_autotuning(void **state)
{
	struct tcp_fixture *f = *state;

	f->a.writing = true;
	tp_sock(f->a.tp)->sndbuf = 4 << 20;
	keep_full(&f->a);
	tcp_run(f, SEC);
	assert_true(tp_sock(f->b.tp)->rcvbuf > 1 << 20);
	assert_true(tp_sock(f->b.tp)->rcvbuf <= 33554432);
}

static void test_no_autotuning(void **state)
{
	struct tcp_fixture *f = *state;

	tp_sock(f->b.tp)->userlocks = SOCK_RCVBUF_LOCK;
	f->a.writing = true;
	tp_sock(f->a.tp)->sndbuf = 4 << 20;
	keep_full(&f->a);
	tcp_run(f, SEC);
	assert_int_equal(tp_sock(f->b.tp)->rcvbuf, 131072);
}

/* RFC 5961 3: only a reset at rcv_nxt counts; another one in the window is challenged. */
static void test_rst(void **state)
{
	struct tcp_fixture *f = *state;

	feed(f, &(struct raw){.off = 100, .flags = TCPHDR_RST});
	assert_int_equal(f->b.resets, 0);
	assert_int_equal(f->b.net->mib.v[MIB_TCPChallengeACK], 1);
	feed(f, &(struct raw){.off = 1 << 20, .flags = TCPHDR_RST});
	assert_int_equal(f->b.net->mib.v[MIB_TCPChallengeACK], 1);
	feed(f, &(struct raw){.off = 0, .flags = TCPHDR_RST});
	assert_int_equal(f->b.resets, 1);
}

/* RFC 5961 4: a SYN is challenged. */
static void test_syn(void **state)
{
	struct tcp_fixture *f = *state;

	feed(f, &(struct raw){.off = 50, .flags = TCPHDR_SYN});
	assert_int_equal(f->b.net->mib.v[MIB_TCPSYNChallenge], 1);
	assert_int_equal(tp_sock(f->b.tp)->state, TCP_ESTABLISHED);
}

/* RFC 7323 5: an old timestamp is answered and dropped, but not on a reset. */
static void test_paws(void **state)
{
	struct tcp_fixture *f = *state;

	data(f, 0, 100);
	f->b.nsent = 0;
	feed(f, &(struct raw){.off = 100, .len = 100, .tsval_back = 100});
	assert_int_equal(f->b.tp->rcv_nxt, 1100);
	assert_int_equal(f->b.net->mib.v[MIB_PAWSEstab], 1);
	assert_int_equal(f->b.nsent, 1);
	/* One tick back is tolerated. */
	feed(f, &(struct raw){.off = 100, .len = 100, .tsval_back = 1});
	assert_int_equal(f->b.tp->rcv_nxt, 1200);
	feed(f, &(struct raw){.off = 200, .flags = TCPHDR_RST, .tsval_back = 100});
	assert_int_equal(f->b.resets, 1);
}

/* RFC 5961 5: an ACK of what was never sent, and one from long ago. */
static void test_bad_acks(void **state)
{
	struct tcp_fixture *f = *state;

	feed(f, &(struct raw){.off = 0, .len = 100, .ack_off = 5000});
	assert_int_equal(f->b.tp->rcv_nxt, 1000);
	feed(f, &(struct raw){.off = 0, .len = 100, .ack_off = -100000});
	assert_int_equal(f->b.tp->rcv_nxt, 1000);
	assert_int_equal(f->b.net->mib.v[MIB_TCPChallengeACK], 1);
}

/* tcp(7), RFC 6093: the urgent byte is the one before the pointer. */
static void test_urgent(void **state)
{
	struct tcp_fixture *f = *state;

	f->b.reading = false;
	fixture_bytes[2] = 'x';
	feed(f, &(struct raw){.off = 0, .len = 5, .flags = TCPHDR_ACK | TCPHDR_URG, .urg = 3});
	assert_int_equal(f->b.tp->urg_data, TCP_URG_VALID | 'x');
	assert_int_equal(f->b.tp->urg_seq, 1002);
	fixture_bytes[2] = 0;
}

/* The sender's side: URG until the byte is acknowledged. */
static void test_urgent_send(void **state)
{
	struct tcp_fixture *f = *state;

	f->b.reading = false;
	fixture_bytes[3] = 'y';
	tcp_put(&f->a, 4, MSG_OOB);
	fixture_bytes[3] = 0;
	assert_true(f->a.notes[0].flags & TCPHDR_URG);
	tcp_run(f, SEC);
	assert_int_equal(f->b.tp->urg_data, TCP_URG_VALID | 'y');
	tcp_put(&f->a, 4, 0);
	assert_false(f->a.notes[f->a.nsent - 1].flags & TCPHDR_URG);
}

/* Memory: with a locked small buffer, what overflows is dropped, told, and comes again. */
static void test_rcvbuf_full(void **state)
{
	struct tcp_fixture *f = *state;
	u32 off = 0;

	f->b.reading = false;
	tp_sock(f->b.tp)->rcvbuf = 20000;
	tp_sock(f->b.tp)->userlocks = SOCK_RCVBUF_LOCK;
	for (int i = 0; i < 50; i++, off += 10)
		data(f, off, 10); /* 2304 bytes of memory for ten of payload, until they are joined */
	assert_true(tp_sock(f->b.tp)->rmem_alloc <= 20000 + 2 * 2304);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_sack_blocks),  T(test_sack_room),  T(test_dsack),
		T(test_ofo_orders),   T(test_delayed_ack), T(test_quickack),
		T(test_pingpong),     T(test_sack_compression), T(test_window_never_shrinks),
		T(test_window_update), T(test_autotuning), T(test_no_autotuning),
		T(test_rst),	      T(test_syn),	  T(test_paws),
		T(test_bad_acks),     T(test_urgent),	  T(test_urgent_send),
		T(test_rcvbuf_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
