-- Traceroute by UDP over three routers, as traceroute(8) and tracepath(8) do it: probes with small TTLs, and the
-- error queue of the socket (ip(7) IP_RECVERR) that says which router each of them died at.
scenario{about = "traceroute by error queues; errors for UDP and TCP behind a router", duration = "10s"}

local a, b = host "a", host "b"
local r = {}
for i = 1, 3 do r[i] = host{name = "r" .. i, forward = true} end

local function wire(left, ip1, right, ip2)
  link{left:nic{ip = ip1}, right:nic{ip = ip2}, rate = "1Gbit", delay = "1ms"}
end
wire(a, "10.0.0.1/24", r[1], "10.0.0.2/24")
wire(r[1], "10.0.1.1/24", r[2], "10.0.1.2/24")
wire(r[2], "10.0.2.1/24", r[3], "10.0.2.2/24")
wire(r[3], "10.0.3.1/24", b, "10.0.3.2/24")
a:route("default", {via = "10.0.0.2"})
r[1]:route("10.0.2.0/23", {via = "10.0.1.2"})
r[2]:route("10.0.0.0/24", {via = "10.0.1.1"})
r[2]:route("10.0.3.0/24", {via = "10.0.2.2"})
r[3]:route("default", {via = "10.0.2.1"})
b:route("default", {via = "10.0.3.1"})

local function to(addr, port) return {family = AF_INET, addr = addr, port = port} end

-- struct sock_extended_err is errno, origin, type, code; the offender's sockaddr_in follows.
local function next_error(fd)
  local m = assert(recvmsg(fd, 100, MSG_ERRQUEUE))
  for _, c in ipairs(m.control) do
    if c.level == IPPROTO_IP and c.type == IP_RECVERR then
      local errno, origin, type, code = string.unpack("<I4BBB", c.data)
      local who = string.format("%d.%d.%d.%d", c.data:byte(21, 24))
      return {who = who, errno = errno, origin = origin, type = type, code = code, data = m.data,
        port = m.addr.port}
    end
  end
end

a:spawn("traceroute", function()
  local fd = assert(socket(AF_INET, SOCK_DGRAM))
  assert(setsockopt(fd, IPPROTO_IP, IP_RECVERR, 1))
  local seen = {}
  for ttl = 1, 4 do
    assert(setsockopt(fd, IPPROTO_IP, IP_TTL, ttl))
    assert(sendto(fd, "probe " .. ttl, to("10.0.3.2", 33434 + ttl)))
    rpoll(fd, -1, 0)
    local e = next_error(fd)
    assert(e.data == "probe " .. ttl and e.port == 33434 + ttl and e.origin == 2)
    print(ttl .. " " .. e.who .. " type " .. e.type .. " code " .. e.code)
    seen[ttl] = e.who
    assert(e.errno == (ttl < 4 and EHOSTUNREACH or ECONNREFUSED))
  end
  assert(table.concat(seen, " ") == "10.0.0.2 10.0.1.2 10.0.2.2 10.0.3.2")
  -- The queue is empty, and so is SO_ERROR.
  local none, _, err = recvmsg(fd, 100, MSG_ERRQUEUE)
  assert(not none and err == EAGAIN and getsockopt(fd, SOL_SOCKET, SO_ERROR) == 0)
end)

-- 10.0.3.9 is not there: the last router says so once ARP has given up, to a connecting TCP as well.
a:spawn("tcp", function()
  local fd = assert(socket(AF_INET, SOCK_STREAM))
  assert(setsockopt(fd, IPPROTO_IP, IP_RECVERR, 1))
  local ok, _, err = connect(fd, to("10.0.3.9", 80))
  assert(not ok and err == EHOSTUNREACH)
  local e = next_error(fd)
  assert(e.who == "10.0.2.2" and e.errno == EHOSTUNREACH and e.type == 3 and e.code == 1)
  print("tcp: no host, says " .. e.who)
end)

-- Without IP_RECVERR a connected socket hears of hard errors only: a TTL that ran out is none (RFC 1122 4.1.3.3).
a:spawn("soft", function()
  local fd = assert(socket(AF_INET, SOCK_DGRAM))
  assert(connect(fd, to("10.0.3.2", 9)))
  assert(setsockopt(fd, IPPROTO_IP, IP_TTL, 2))
  assert(send(fd, "dies on the way"))
  sleep(0.1)
  assert(getsockopt(fd, SOL_SOCKET, SO_ERROR) == 0)
  assert(setsockopt(fd, IPPROTO_IP, IP_TTL, 64))
  assert(send(fd, "arrives"))
  local data, _, err = recv(fd, 100)
  assert(not data and err == ECONNREFUSED)
end)

check("every probe had its answer", "SELECT count(*) = 4 FROM log WHERE text LIKE '%type%code%'")
check("TCP heard of it", "SELECT count(*) = 1 FROM log WHERE text LIKE 'tcp: no host%'")
