-- n TCP bulk transfers through one bottleneck: 1 Gbit/s and 1 ms at the edges, 1 Gbit/s, 10 ms and a
-- queue of 1,000 packets in the middle. idle: hosts beside them that do nothing.
local N, IDLE = param("n", 100), param("idle", 0)
-- Interrupt moderation as servers have it; each interrupt is half a dozen events. "0us": one for each packet.
local ITR = param("itr", "100us")
scenario{ about = "dumbbell bulk transfer", duration = param("time", "3s") }

local r1, r2 = host{ name = "r1", forward = true }, host{ name = "r2", forward = true }
link{ r1:nic{ ip = "10.255.0.1/30", rx_usecs = ITR, tx_usecs = ITR }, r2:nic{ ip = "10.255.0.2/30", rx_usecs = ITR, tx_usecs = ITR }, rate = "1Gbit", delay = "10ms", queue = 1000 }
r1:route("10.128.0.0/9", { via = "10.255.0.2" })
r2:route("10.0.0.0/9", { via = "10.255.0.1" })

local function edge(name, router, net, i)
  local h = host(name)
  local subnet = ("10.%d.%d."):format(net + i // 16384, i // 64 % 256)
  local at = i % 64 * 4
  link{ h:nic{ ip = subnet .. at + 2 .. "/30", rx_usecs = ITR, tx_usecs = ITR },
        router:nic{ ip = subnet .. at + 1 .. "/30", rx_usecs = ITR, tx_usecs = ITR },
        rate = "1Gbit", delay = "1ms" }
  h:route("default", { via = subnet .. at + 1 })
  return h, subnet .. at + 2
end

local data = ("x"):rep(262144)
for i = 1, N do
  local a = edge("a" .. i, r1, 0, i)
  local b, addr = edge("b" .. i, r2, 128, i)
  b:spawn("sink", function()
    local s = assert(socket(AF_INET, SOCK_STREAM))
    assert(bind(s, { addr = "0.0.0.0", port = 5001 }))
    assert(listen(s))
    local fd = assert(accept(s))
    while select(2, recv(fd, 1000000, MSG_TRUNC)) > 0 do end
  end)
  a:spawn("source", { start = i * 10 .. "us" }, function()
    local fd = assert(socket(AF_INET, SOCK_STREAM))
    assert(connect(fd, { addr = addr, port = 5001 }))
    while send(fd, data) do end
  end)
end

for i = 1, IDLE do
  local h = host("idle" .. i)
  h:nic{ ip = ("11.%d.%d.%d/8"):format(i // 65536, i // 256 % 256, i % 256) }
  h:spawn("server", function()
    local s = assert(socket(AF_INET, SOCK_STREAM))
    assert(bind(s, { addr = "0.0.0.0", port = 80 }))
    assert(listen(s))
    accept(s)
  end)
end
