-- R05: a descriptor is closed by one thread and reused before another one reads from it.
-- close(2), "Multithreaded processes and close()"; rsyslog/rsyslog#3406, netxms/netxms#3414, gorilla/websocket#659.
--   worker: poll() says that connection A has data -> reaper: A is idle for too long, close() -> acceptor: accept() returns the
--   same number for B -> worker: recv() reads B's bytes for A's session.
-- Mended (fixed=true): the reaper calls shutdown(); only the worker closes.
scenario{about = "R05: descriptor reused between poll and recv", duration = "10s"}
local fixed = param("fixed", false)
local a, b = host{name = "a", cpus = 2}, host{name = "b", cpus = 1}
link{a:nic{ip = "10.0.0.1/24"}, b:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "100us"}
local server = {family = AF_INET, addr = "10.0.0.2", port = 80}

b:spawn("server", function()
  local l = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(l, {family = AF_INET, addr = "0.0.0.0", port = 80}))
  assert(listen(l, 8))
  local first, peer = assert(accept(l))
  local open = true
  thread(function() -- the worker of the first connection
    rpoll(first, -1)
    local data = recv(first, 100)
    if data and data ~= "" then
      assert(data == "of " .. peer.port, "bytes of another connection: " .. data)
    end
    if open then
      open = false
      close(first)
    end
  end)
  thread(function() -- the reaper
    sleep("2300us")
    if not open then return end
    if fixed then
      shutdown(first, SHUT_RDWR)
    else
      open = false
      close(first)
    end
  end)
  rpoll(l, -1) -- a number is taken when accept() is called, not when it returns
  local second = assert(accept(l))
  sleep("500ms")
  recv(second, 100, MSG_DONTWAIT)
end)

-- Says which port it has: what is read tells whose it is.
for i = 1, 2 do
  a:spawn("client" .. i, {start = i == 1 and "1ms" or "3900us"}, function()
    local c = assert(socket(AF_INET, SOCK_STREAM))
    while not connect(c, server) do
      close(c)
      sleep("10ms")
      c = assert(socket(AF_INET, SOCK_STREAM))
    end
    if i == 1 then sleep("2ms") end
    send(c, "of " .. getsockname(c).port, MSG_NOSIGNAL)
    sleep("100ms")
  end)
end
