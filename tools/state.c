/* SPDX-License-Identifier: MIT */
#include "tools/state.h"

#include "nic/nic.h"
#include "sim/host/host.h"
#include "sim/host/task.h"
#include "stack/file.h"
#include "stack/sock.h"
#include "stack/syscall.h"
#include "stack/tcp.h"
#include "stack/udp.h"

/* ---- tasks ------------------------------------------------------------------------------------- */

static const char *task_state_name(const struct task *t)
{
	switch (t->state) {
	case TASK_NEW:
		return "not started";
	case TASK_RUNNING:
		return list_empty(&t->run_node) ? "running" : "runnable";
	case TASK_PARKED:
		return "waits";
	case TASK_STOPPED:
		return "stopped";
	case TASK_HELD:
		return "held up";
	default:
		return "dead";
	}
}

static void print_task(struct task *t, FILE *f)
{
	char call[256] = "";

	if (t->proc && t->state != TASK_NEW && task_utask(t)->in_call)
		syscall_format(t, &task_utask(t)->req, 0, false, call, sizeof(call));
	fprintf(f, "  task %d %s: %s on cpu %d", t->tid, t->name, task_state_name(t), t->cpu);
	if (t->state == TASK_PARKED && t->wait_what)
		fprintf(f, " for %s", t->wait_what);
	if (call[0])
		fprintf(f, " in %s(%s)", syscall_name(task_utask(t)->req.nr), call);
	fputc('\n', f);
}

static void print_tasks(struct host *h, FILE *f)
{
	struct process *p;
	struct task *t;

	list_for_each_entry(p, &h->processes, node) {
		if (p->zombie)
			fprintf(f, "  process %d %s: zombie, status %d\n", p->pid, p->name, p->status);
		list_for_each_entry(t, &p->threads, thread_node)
			print_task(t, f);
	}
	list_for_each_entry(t, &h->kthreads, thread_node)
		fprintf(f, "  kernel thread %d %s: %s on cpu %d\n", t->tid, t->name,
			task_state_name(t), t->cpu);
}

/* ---- sockets ----------------------------------------------------------------------------------- */

/* Recv-Q and Send-Q with ss's meanings: of a listener, connections that wait and the backlog. */
static void queue_lengths(struct sock *sk, u32 *rq, u32 *sq)
{
	*rq = sk->rmem_alloc;
	*sq = sk->wmem_alloc;
	if (sk->protocol != IPPROTO_TCP || (sk->family != AF_INET && sk->family != AF_INET6))
		return;
	if (sk->state == TCP_LISTEN) {
		*rq = sk->ack_backlog;
		*sq = sk->max_ack_backlog;
	} else {
		*rq = tcp_sk(sk)->rcv_nxt - tcp_sk(sk)->copied_seq;
		*sq = tcp_sk(sk)->write_seq - tcp_sk(sk)->snd_una;
	}
	if (sk->state == TCP_CLOSE || sk->state == TCP_SYN_SENT)
		*rq = 0;
}

static void print_sock(struct sock *sk, FILE *f)
{
	char local[80] = "*", remote[80] = "*";
	u32 rq, sq;

	queue_lengths(sk, &rq, &sq);
	if (sk->family == AF_INET || sk->family == AF_INET6) {
		const struct inet_sock *inet = inet_sk(sk);

		ipaddr_format_port(local, &inet->rcv_saddr, inet->num);
		if (inet->dport)
			ipaddr_format_port(remote, &inet->daddr, inet->dport);
	}
	fprintf(f, "  sock %llu %s %s recv-q %u send-q %u local %s peer %s",
		(unsigned long long)sk->cookie, sk->ops->name,
		sk->type == SOCK_STREAM ? tcp_state_name(sk->state) :
		sk->state == TCP_ESTABLISHED			       ? "ESTAB" :
									 "UNCONN",
		rq, sq, local, remote);
	if (sk->type == SOCK_STREAM && sk->protocol == IPPROTO_TCP && sk->state == TCP_ESTABLISHED)
		fprintf(f, " cwnd %u unacked %u", tcp_sk(sk)->snd_cwnd, tcp_sk(sk)->packets_out);
	if (sk->drops)
		fprintf(f, " drops %u", sk->drops);
	if (sk->err)
		fprintf(f, " error %d", sk->err);
	fputc('\n', f);
}

/* ---- devices ----------------------------------------------------------------------------------- */

static void print_nic(struct net_device *dev, FILE *f)
{
	for (int q = 0; q < max(dev->num_rx_queues, dev->num_tx_queues); q++) {
		const struct Qdisc *qd = q < dev->num_tx_queues ? dev->txq[q].qdisc : NULL;
		struct nic_queue_state st;

		nic_queue_state(dev, q, &st);
		fprintf(f, "  %s queue %d: rx %u filled, %u free; tx %u used, %u free%s; irq %d cpu %d%s%s; "
			   "napi %u%s",
			dev->name, q, st.rx_filled, st.rx_free, st.tx_used, st.tx_free,
			st.tx_stopped ? ", stopped" : "", st.irq, st.cpu,
			st.irq_masked ? ", masked" : "", st.irq_pending ? ", pending" : "",
			st.napi_id, st.napi_scheduled ? ", scheduled" : "");
		if (qd)
			fprintf(f, "; qdisc %s %u packets", qd->ops->id, qd->qlen);
		fputc('\n', f);
	}
}

static void print_host(struct host *h, FILE *f)
{
	struct net_device *dev;
	struct sock *sk;

	fprintf(f, "host %s\n", h->name);
	print_tasks(h, f);
	if (h->net) {
		list_for_each_entry(sk, &h->net->socks, net_node)
			print_sock(sk, f);
	}
	if (!h->netdevs)
		return;
	list_for_each_entry(dev, &h->netdevs->devices, node) {
		if (dev->features & NETIF_F_LOOPBACK)
			continue;
		print_nic(dev, f);
	}
}

void state_print(struct world *w, FILE *f)
{
	for (u32 i = 1; i <= w->nhosts; i++) {
		/* A switch has a host's place in the order of events, and nothing else of it. */
		if (w->hosts[i]->net)
			print_host(w->hosts[i], f);
	}
}
