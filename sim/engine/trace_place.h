/* SPDX-License-Identifier: MIT */
/*
 * The places that a packet passes, as the place columns of hop and dropped name them.
 *
 * In the order of a packet's life. A layer reports a hop when it takes a packet in hand at that
 * place. The views of the trace (trace_view.c) know these names, so append, and never rename.
 */
#ifndef SIM_ENGINE_TRACE_PLACE_H
#define SIM_ENGINE_TRACE_PLACE_H

#define PLACE_SOCKET_TX "socket_tx" /* the protocol hands it to IP, on behalf of a socket */
#define PLACE_QDISC "qdisc"	    /* enqueued in a queueing discipline */
#define PLACE_TX_RING "tx_ring"	    /* in a descriptor of a NIC's TX ring */
#define PLACE_LINK "link"	    /* on a cable */
#define PLACE_SWITCH "switch"	    /* in a switch */
#define PLACE_RX_RING "rx_ring"	    /* in a descriptor of the receiving NIC's RX ring */
#define PLACE_NAPI "napi"	    /* taken from the ring by a NAPI poll */
#define PLACE_BACKLOG "backlog"	    /* in the backlog of a CPU: RPS, loopback */
#define PLACE_IP_RCV "ip_rcv"	    /* in the network layer */
#define PLACE_FORWARD "forward"	    /* routed to another device */
#define PLACE_SOCKET_RX "socket_rx" /* in a socket's receive queue, or handled by its protocol */
#define PLACE_RECV "recv"	    /* its last byte was read by a program */
#define PLACE_LOOPBACK "loopback"   /* sent by the loopback device */

#endif
