-- n clients ask one UDP echo server, each as fast as answers come.
local N = param("n", 100)
scenario{ about = "UDP echo fan-in", duration = param("time", "200ms") }

local server = host{ name = "server", cpus = 4 }
local sw = switch{ name = "sw", ports = N + 1 }
link{ server:nic{ ip = "10.0.0.1/16", queues = 4, rx_ring = 1024 }, sw, rate = "10Gbit", delay = "5us" }
for q = 0, 3 do
  server:spawn("echo" .. q, { cpu = q }, function()
    local fd = assert(socket(AF_INET, SOCK_DGRAM))
    assert(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1))
    assert(bind(fd, { addr = "0.0.0.0", port = 4000 }))
    while true do
      local data, from = recvfrom(fd, 100)
      sendto(fd, data, from)
    end
  end)
end
for i = 1, N do
  local c = host("c" .. i)
  link{ c:nic{ ip = ("10.0.%d.%d/16"):format(1 + i // 200, 1 + i % 200) }, sw, rate = "1Gbit", delay = "20us" }
  c:spawn("ask", { start = i .. "us" }, function()
    local fd = assert(socket(AF_INET, SOCK_DGRAM))
    assert(connect(fd, { addr = "10.0.0.1", port = 4000 }))
    assert(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, "10ms"))
    while true do
      send(fd, "ping")
      recv(fd, 100)
    end
  end)
end
