-- R06: a SO_REUSEPORT listener is closed with connections in its queue.
-- LWN 601711; HAProxy "Truly seamless reloads"; envoyproxy/envoy#15818. 159 of 211 reloads on Linux 6.18.
--   old worker: accept() says EAGAIN, so all is drained -> a new client is hashed to its socket -> old worker: close() -> the client
--   is reset, though the new worker listens all the time.
-- Mended (fixed=true): net.ipv4.tcp_migrate_req: another listener of the group takes what is in the queue.
scenario{about = "R06: SO_REUSEPORT reload drops a connection", duration = "10s"}
local fixed = param("fixed", false)
local a, b = host{name = "a", cpus = 2}, host{name = "b", cpus = 1, sysctl = {["net.ipv4.tcp_migrate_req"] = fixed and 1 or 0}}
link{a:nic{ip = "10.0.0.1/24"}, b:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "100us"}
local server = {family = AF_INET, addr = "10.0.0.2", port = 80}

b:spawn("server", function()
  local function listener()
    local l = assert(socket(AF_INET, SOCK_STREAM))
    assert(setsockopt(l, SOL_SOCKET, SO_REUSEPORT, 1))
    assert(bind(l, {family = AF_INET, addr = "0.0.0.0", port = 80}))
    assert(listen(l, 8))
    assert(fcntl(l, F_SETFL, O_NONBLOCK))
    return l
  end
  local function greet(c)
    send(c, "hello", MSG_NOSIGNAL)
    close(c)
  end
  local old, new = listener(), listener()
  fork(function() -- the new worker
    close(old)
    while true do
      rpoll(new, -1)
      local c = accept(new)
      if c then greet(c) end
    end
  end)
  sleep("2ms")
  while true do -- drain
    local c = accept(old)
    if not c then break end
    greet(c)
  end
  close(old)
end)

for i = 1, 4 do
  a:spawn("client" .. i, {start = 3 + i .. "ms"}, function()
    local c = assert(socket(AF_INET, SOCK_STREAM))
    local ok, message, err = connect(c, server)
    while err == ECONNREFUSED do -- the server is not up yet
      close(c)
      sleep("10ms")
      c = assert(socket(AF_INET, SOCK_STREAM))
      ok, message, err = connect(c, server)
    end
    assert(ok, message)
    assert(assert(recv(c, 100)) == "hello")
  end)
end
