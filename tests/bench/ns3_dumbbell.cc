// SPDX-License-Identifier: MIT
/*
 * dumbbell.lua for ns-3: ns3_dumbbell PAIRS SECONDS. Prints "segments N" (1448 bytes each that reached the
 * sinks) and "events N".
 *
 * Set as close to dumbbell.lua as ns-3 has it, and for speed where it leaves a choice: static routes,
 * no traffic control layer, sends of the same size, SACK and window scaling as Linux, and the strong
 * host model, without which ns-3 looks at every interface of a router for every packet.
 */
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "ns3/applications-module.h"
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"

using namespace ns3;

namespace
{

const uint16_t port = 5001;
const uint32_t mss = 1448, send_size = 262144, buffers = 4 << 20;

void
set_defaults ()
{
  Config::SetDefault ("ns3::TcpL4Protocol::SocketType", TypeIdValue (TypeId::LookupByName ("ns3::TcpCubic")));
  Config::SetDefault ("ns3::TcpSocket::SegmentSize", UintegerValue (mss));
  Config::SetDefault ("ns3::TcpSocket::InitialCwnd", UintegerValue (10));
  Config::SetDefault ("ns3::TcpSocket::SndBufSize", UintegerValue (buffers));
  Config::SetDefault ("ns3::TcpSocket::RcvBufSize", UintegerValue (buffers));
  Config::SetDefault ("ns3::Ipv4::WeakEsModel", BooleanValue (false));
}

struct Address30
{
  Ipv4Address low, high; // the two addresses of a /30
  explicit Address30 (uint32_t base) : low (base + 1), high (base + 2) {}
};

uint32_t
add_address (Ptr<NetDevice> dev, Ipv4Address a)
{
  Ptr<Ipv4> ip = dev->GetNode ()->GetObject<Ipv4> ();
  uint32_t i = ip->AddInterface (dev);

  ip->AddAddress (i, Ipv4InterfaceAddress (a, Ipv4Mask ("255.255.255.252")));
  ip->SetUp (i);
  return i;
}

Ptr<Ipv4StaticRouting>
routes (Ptr<Node> n)
{
  Ipv4StaticRoutingHelper h;
  return h.GetStaticRouting (n->GetObject<Ipv4> ());
}

// A host behind a router's own port.
void
stub (PointToPointHelper &link, Ptr<Node> host, Ptr<Node> router, const Address30 &a)
{
  NetDeviceContainer d = link.Install (host, router);
  uint32_t i = add_address (d.Get (0), a.high);

  add_address (d.Get (1), a.low);
  routes (host)->SetDefaultRoute (a.low, i);
}

PointToPointHelper
gigabit (const char *delay)
{
  PointToPointHelper l;

  l.SetDeviceAttribute ("DataRate", StringValue ("1Gbps"));
  l.SetChannelAttribute ("Delay", StringValue (delay));
  l.SetQueue ("ns3::DropTailQueue", "MaxSize", StringValue ("1000p"));
  return l;
}

void
bottleneck (Ptr<Node> r1, Ptr<Node> r2)
{
  NetDeviceContainer d = gigabit ("10ms").Install (r1, r2);
  uint32_t i1 = add_address (d.Get (0), "10.0.0.1"), i2 = add_address (d.Get (1), "10.0.0.2");

  routes (r1)->AddNetworkRouteTo ("10.2.0.0", "255.255.0.0", "10.0.0.2", i1);
  routes (r2)->AddNetworkRouteTo ("10.1.0.0", "255.255.0.0", "10.0.0.1", i2);
}

} // namespace

int
main (int argc, char **argv)
{
  uint32_t pairs = argc > 1 ? std::strtoul (argv[1], nullptr, 10) : 100;
  double duration = argc > 2 ? std::strtod (argv[2], nullptr) : 5;
  NodeContainer senders, sinks, routers;
  InternetStackHelper stack;
  Ipv4StaticRoutingHelper routing;
  PointToPointHelper edge = gigabit ("1ms");
  std::vector<Ptr<PacketSink>> counted;
  uint64_t bytes = 0;

  set_defaults ();
  senders.Create (pairs);
  sinks.Create (pairs);
  routers.Create (2);
  stack.SetIpv6StackInstall (false);
  stack.SetRoutingHelper (routing);
  stack.InstallAll ();
  bottleneck (routers.Get (0), routers.Get (1));
  for (uint32_t i = 0; i < pairs; i++)
    {
      Address30 a (0x0a010000 + i * 4), b (0x0a020000 + i * 4);
      PacketSinkHelper sink ("ns3::TcpSocketFactory", InetSocketAddress (Ipv4Address::GetAny (), port));
      BulkSendHelper source ("ns3::TcpSocketFactory", InetSocketAddress (b.high, port));

      stub (edge, senders.Get (i), routers.Get (0), a);
      stub (edge, sinks.Get (i), routers.Get (1), b);
      counted.push_back (DynamicCast<PacketSink> (sink.Install (sinks.Get (i)).Get (0)));
      source.SetAttribute ("MaxBytes", UintegerValue (0));
      source.SetAttribute ("SendSize", UintegerValue (send_size));
      source.Install (senders.Get (i)).Start (NanoSeconds (1000 + i * 1000000ull / pairs));
    }
  Simulator::Stop (Seconds (duration));
  Simulator::Run ();
  for (const auto &s : counted)
    bytes += s->GetTotalRx ();
  std::printf ("segments %" PRIu64 "\nevents %" PRIu64 "\n", bytes / mss, (uint64_t)Simulator::GetEventCount ());
  std::fflush (stdout);
  // Tearing the topology down is not what is measured.
  std::_Exit (0);
}
