-- R03: EPOLLET and one accept() for each event: connections are stranded.
-- epoll(7), edge-triggered; memcached/memcached#476, envoyproxy/envoy#27773, vibe-d/eventcore#20.
--   two connections complete before epoll_wait() collects -> one event -> one accept() -> the other waits for an edge that only
--   a further connection would bring.
-- Mended (fixed=true): accept() until EAGAIN.
scenario{about = "R03: EPOLLET, one accept for each event", duration = "10s"}
local fixed = param("fixed", false)
local a, b = host{name = "a", cpus = 2}, host{name = "b", cpus = 1}
link{a:nic{ip = "10.0.0.1/24"}, b:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "100us"}
local server = {family = AF_INET, addr = "10.0.0.2", port = 80}

b:spawn("server", function()
  local l = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(l, {family = AF_INET, addr = "0.0.0.0", port = 80}))
  assert(listen(l, 8))
  assert(fcntl(l, F_SETFL, O_NONBLOCK))
  local ep = assert(epoll_create1(0))
  assert(epoll_ctl(ep, EPOLL_CTL_ADD, l, EPOLLIN | EPOLLET))
  while true do
    epoll_wait(ep, 8, -1)
    repeat
      local c = accept(l)
      if c then
        send(c, "hello", MSG_NOSIGNAL)
        close(c)
      end
    until not (c and fixed)
  end
end)

for i = 1, 2 do
  a:spawn("client" .. i, {start = i .. "ms"}, function()
    local c = assert(socket(AF_INET, SOCK_STREAM))
    while not connect(c, server) do
      close(c)
      sleep("10ms")
      c = assert(socket(AF_INET, SOCK_STREAM))
    end
    assert(recv(c, 100) == "hello")
  end)
end
