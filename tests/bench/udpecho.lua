-- UDP echo: N clients behind a router, each sends a datagram of 64 bytes 100 times a second.
scenario{ about = "UDP echo with a fan-in", duration = param("duration", "3s") }

local CLIENTS, EVERY = param("clients", 100), param("every", "10ms")

local router, server = host{ name = "router", forward = true }, host{ name = "server" }
link{ server:nic{ ip = "10.0.0.1/30" }, router:nic{ ip = "10.0.0.2/30" },
      rate = "1Gbit", delay = "1ms", queue = 1000 }
server:route("default", { via = "10.0.0.2" })

server:spawn("echo", function()
  local fd = assert(socket(AF_INET, SOCK_DGRAM))
  assert(bind(fd, { family = AF_INET, addr = "0.0.0.0", port = 7 }))
  while true do
    local data, from = recvfrom(fd, 2000)
    sendto(fd, data, from)
  end
end)

for i = 0, CLIENTS - 1 do
  local c, prefix, low = host{ name = "c" .. i }, ("10.1.%d."):format(i // 64), i % 64 * 4
  link{ c:nic{ ip = prefix .. low + 1 .. "/30" }, router:nic{ ip = prefix .. low + 2 .. "/30" },
        rate = "1Gbit", delay = "1ms", queue = 1000 }
  c:route("default", { via = prefix .. low + 2 })
  c:spawn("client", { start = 1000 + i * 10000000 // CLIENTS .. "ns" }, function()
    local fd = assert(socket(AF_INET, SOCK_DGRAM))
    assert(connect(fd, { family = AF_INET, addr = "10.0.0.1", port = 7 }))
    local data = ("x"):rep(64)
    while true do
      send(fd, data)
      recv(fd, 2000)
      sleep(EVERY)
    end
  end)
end
