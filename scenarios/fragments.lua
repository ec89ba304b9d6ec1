-- A router between a link of 9000 and one of 1500 bytes. UDP without path-MTU discovery is fragmented
-- by the router and put together by the receiver; with DF the router answers "fragmentation needed",
-- and the sender learns the path's MTU. IPv6 routers never fragment.
scenario{ about = "a router that fragments, and path-MTU discovery", duration = "3s" }

local a, r, b = host"sender", host{ name = "router", forward = true }, host"receiver"
link{ a:nic{ ip = { "10.0.1.2/24", "fd00:1::2/64" }, mtu = 9000 },
      r:nic{ ip = { "10.0.1.1/24", "fd00:1::1/64" }, mtu = 9000 }, rate = "1Gbit", delay = "100us" }
link{ r:nic{ ip = { "10.0.2.1/24", "fd00:2::1/64" } },
      b:nic{ ip = { "10.0.2.2/24", "fd00:2::2/64" } }, rate = "1Gbit", delay = "100us" }
a:route("10.0.2.0/24", { via = "10.0.1.1" })
a:route("fd00:2::/64", { via = "fd00:1::1" })
b:route("10.0.1.0/24", { via = "10.0.2.1" })
b:route("fd00:1::/64", { via = "fd00:2::1" })

b:spawn("sink", function()
  local fd = assert(socket(AF_INET6, SOCK_DGRAM))
  assert(bind(fd, { family = AF_INET6, addr = "::", port = 9 }))
  assert(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, "1s"))
  while true do
    local data, from = recvfrom(fd, 10000)
    if not data then break end
    print(("got %d bytes from %s"):format(#data, from.addr))
  end
end)

a:spawn("source", { start = "1ms" }, function()
  local plain = assert(socket(AF_INET, SOCK_DGRAM))
  assert(setsockopt(plain, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT))
  assert(connect(plain, { family = AF_INET, addr = "10.0.2.2", port = 9 }))
  assert(send(plain, ("a"):rep(5000)))
  sleep("10ms")

  local df = assert(socket(AF_INET, SOCK_DGRAM))
  assert(setsockopt(df, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO))
  assert(connect(df, { family = AF_INET, addr = "10.0.2.2", port = 9 }))
  assert(getsockopt(df, IPPROTO_IP, IP_MTU) == 9000)
  assert(send(df, ("b"):rep(4000)))
  sleep("10ms")
  -- The ICMP error has come: the socket refuses what would not fit, and the error itself is pending.
  local ok, _, err = send(df, ("b"):rep(4000))
  assert(not ok and err == EMSGSIZE)
  assert(getsockopt(df, SOL_SOCKET, SO_ERROR) == EMSGSIZE)
  assert(getsockopt(df, IPPROTO_IP, IP_MTU) == 1500)
  assert(send(df, ("b"):rep(1472)))

  local v6 = assert(socket(AF_INET6, SOCK_DGRAM))
  assert(connect(v6, { family = AF_INET6, addr = "fd00:2::2", port = 9 }))
  assert(send(v6, ("c"):rep(4000))) -- too big for the second link: lost, and learned from
  sleep("10ms")
  send(v6, ("c"):rep(4000)) -- the pending EMSGSIZE, or already fragmented at the source
  assert(send(v6, ("c"):rep(4000)))
end)

check("the fragmented datagram came whole", "SELECT count(*) = 1 FROM log WHERE text = 'got 5000 bytes from ::ffff:10.0.1.2' || char(10)")
check("the router made fragments", "SELECT value = 1 FROM counter WHERE host = 2 AND name = 'FragOKs'")
check("the receiver put them together", "SELECT value >= 1 FROM counter WHERE host = 3 AND name = 'ReasmOKs'")
check("what fits the learned MTU came", "SELECT count(*) = 1 FROM log WHERE text LIKE 'got 1472 bytes%'")
check("IPv6 fragmented at the source", "SELECT count(*) >= 1 FROM log WHERE text LIKE 'got 4000 bytes from fd00:1::2%'")
