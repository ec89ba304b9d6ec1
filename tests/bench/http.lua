-- HTTP-like connections: N clients behind a router, each opens one connection after another, asks with 100
-- bytes, reads 10,000 and closes first. The server is one epoll loop.
scenario{ about = "short TCP connections", duration = param("duration", "3s") }

local CLIENTS, REQUEST, RESPONSE = param("clients", 100), param("request", 100), param("response", 10000)

local router, server = host{ name = "router", forward = true }, host{ name = "server" }
link{ server:nic{ ip = "10.0.0.1/30" }, router:nic{ ip = "10.0.0.2/30" },
      rate = "10Gbit", delay = "2500us", queue = 1000 }
server:route("default", { via = "10.0.0.2" })

server:spawn("httpd", { nofile = 65536 }, function()
  local lfd = assert(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK))
  assert(bind(lfd, { family = AF_INET, addr = "0.0.0.0", port = 80 }))
  assert(listen(lfd, 4096))
  local ep = assert(epoll_create1())
  assert(epoll_ctl(ep, EPOLL_CTL_ADD, lfd, EPOLLIN))
  local body = ("x"):rep(RESPONSE)
  while true do
    for _, ev in ipairs(assert(epoll_wait(ep, 64))) do
      if ev.data == lfd then
        local fd = accept(lfd)
        while fd do
          epoll_ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN)
          fd = accept(lfd)
        end
      else
        local request = recv(ev.data, 4096)
        if request and request ~= "" then send(ev.data, body) else close(ev.data) end
      end
    end
  end
end)

for i = 0, CLIENTS - 1 do
  local c, prefix, low = host{ name = "c" .. i }, ("10.1.%d."):format(i // 64), i % 64 * 4
  link{ c:nic{ ip = prefix .. low + 1 .. "/30" }, router:nic{ ip = prefix .. low + 2 .. "/30" },
        rate = "1Gbit", delay = "2500us", queue = 1000 }
  c:route("default", { via = prefix .. low + 2 })
  c:spawn("client", { start = 1000 + i * 20000000 // CLIENTS .. "ns" }, function()
    local request = ("x"):rep(REQUEST)
    while true do
      local fd = assert(socket(AF_INET, SOCK_STREAM))
      assert(connect(fd, { family = AF_INET, addr = "10.0.0.1", port = 80 }))
      assert(send(fd, request))
      local got = 0
      while got < RESPONSE do
        local data = assert(recv(fd, 65536))
        assert(data ~= "", "closed early")
        got = got + #data
      end
      close(fd)
    end
  end)
end
