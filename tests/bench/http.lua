-- Short connections: n clients fetch 1,000 bytes, each over a connection of its own, one after the other.
local N = param("n", 50)
scenario{ about = "HTTP-like connections", duration = param("time", "500ms") }

local server = host{ name = "server", cpus = 4 }
local sw = switch{ name = "sw", ports = N + 1 }
link{ server:nic{ ip = "10.0.0.1/16", queues = 4, rx_ring = 1024 }, sw, rate = "10Gbit", delay = "5us" }
for q = 0, 3 do
  server:spawn("httpd" .. q, { cpu = q }, function()
    local s = assert(socket(AF_INET, SOCK_STREAM))
    assert(setsockopt(s, SOL_SOCKET, SO_REUSEPORT, 1))
    assert(bind(s, { addr = "0.0.0.0", port = 80 }))
    assert(listen(s, 1024))
    local page = ("x"):rep(1000)
    while true do
      local fd = assert(accept(s))
      recv(fd, 1000)
      send(fd, page)
      close(fd)
    end
  end)
end
for i = 1, N do
  local c = host("c" .. i)
  link{ c:nic{ ip = ("10.0.%d.%d/16"):format(1 + i // 200, 1 + i % 200) }, sw, rate = "1Gbit", delay = "20us" }
  c:spawn("fetch", { start = i .. "us" }, function()
    while true do
      local fd = assert(socket(AF_INET, SOCK_STREAM))
      assert(connect(fd, { addr = "10.0.0.1", port = 80 }))
      send(fd, "GET / HTTP/1.0\r\n\r\n")
      while (recv(fd, 2000) or "") ~= "" do end
      close(fd)
    end
  end)
end
