-- An epoll server on a NIC with four RX queues, and clients that fetch pages over a link that loses
-- one packet in 200. RSS spreads connections over queues, each queue has an interrupt and a CPU.
-- Look at: sockloom show web.db --queues, and --timeline for packets beside system calls.
-- tshark: Previous segment(s) not captured, out-of-order segment
scenario{ about = "an epoll web server behind four RX queues, 0.5 % loss", duration = "5s" }

local CLIENTS, REQUESTS, PAGE = param("clients", 8), param("requests", 5), param("page", 20000)

local server = host{ name = "server", cpus = 4 }
local sw = switch{ name = "sw", ports = CLIENTS + 1 }
link{ server:nic{ ip = "10.0.0.1/24", queues = 4, rx_usecs = "20us" }, sw,
      rate = "10Gbit", delay = "5us", loss = "0.5%" }

server:spawn("httpd", function()
  local lfd = assert(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK))
  assert(setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, 1))
  assert(bind(lfd, { family = AF_INET, addr = "0.0.0.0", port = 80 }))
  assert(listen(lfd, 128))
  local ep = assert(epoll_create1())
  assert(epoll_ctl(ep, EPOLL_CTL_ADD, lfd, EPOLLIN))
  local body = ("x"):rep(PAGE)
  while true do
    for _, ev in ipairs(assert(epoll_wait(ep, 64))) do
      if ev.data == lfd then
        local fd = accept(lfd)
        while fd do
          assert(epoll_ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN))
          fd = accept(lfd)
        end
      else
        local request = recv(ev.data, 4096)
        if request and request ~= "" then
          compute("30us")
          assert(send(ev.data, "HTTP/1.1 200 OK\r\nContent-Length: " .. PAGE .. "\r\n\r\n" .. body))
        else
          close(ev.data)
        end
      end
    end
  end
end)

for i = 1, CLIENTS do
  local c = host{ name = "client" .. i }
  link{ c:nic{ ip = "10.0.0." .. i + 1 .. "/24" }, sw, rate = "1Gbit", delay = "20us" }
  c:spawn("fetch", { start = i * 100 .. "us" }, function()
    local fd = assert(socket(AF_INET, SOCK_STREAM))
    assert(connect(fd, { family = AF_INET, addr = "10.0.0.1", port = 80 }))
    for _ = 1, REQUESTS do
      local t, got, want = now(), 0, nil
      assert(send(fd, "GET / HTTP/1.1\r\nHost: server\r\n\r\n"))
      repeat
        local data = assert(recv(fd, 65536))
        assert(data ~= "", "the server closed the connection")
        want = want or PAGE + select(2, data:find("\r\n\r\n", 1, true))
        got = got + #data
      until got == want
      print(("fetched %d bytes in %.1f us"):format(got, (now() - t) / 1000))
    end
  end)
end

check("every page came whole", "SELECT count(*) = " .. CLIENTS * REQUESTS .. " FROM log WHERE text LIKE 'fetched%'")
check("more than one RX queue worked", function(q)
  return q("SELECT count(*) FROM counter WHERE name LIKE 'rx_queue_%_packets' AND object = 'eth0'") > CLIENTS
end)
check("only the link lost packets", "SELECT count(*) = 0 FROM dropped WHERE reason <> 'LINK_LOSS'")
