-- R02: poll() and a blocking accept(): another worker takes the connection, and this one is stuck.
-- accept(2) NOTES; uwsgi "Serializing accept()"; benoitc/gunicorn#792. 19 of 2,000 on Linux 6.18.
--   A: poll() says readable -> B: poll() says readable -> A: accept() takes the only connection -> B: accept() waits, while
--   its other descriptors want service.
-- Mended (fixed=true): the listening socket is non-blocking.
scenario{about = "R02: connection stolen between poll and accept", duration = "10s"}
local fixed = param("fixed", false)
local a, b = host{name = "a", cpus = 1}, host{name = "b", cpus = 1}
link{a:nic{ip = "10.0.0.1/24"}, b:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "100us"}
local server = {family = AF_INET, addr = "10.0.0.2", port = 80}

b:spawn("server", function()
  local l = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(l, {family = AF_INET, addr = "0.0.0.0", port = 80}))
  assert(listen(l, 8))
  if fixed then assert(fcntl(l, F_SETFL, O_NONBLOCK)) end

  -- Each worker serves the listening socket and a control channel of its own.
  local function worker(control)
    while true do
      local fds = {[l] = {events = {IN = true}}, [control] = {events = {IN = true}}}
      poll(fds, -1)
      if fds[l].revents.IN then
        local c = accept(l)
        if c then
          send(c, "hello", MSG_NOSIGNAL)
          close(c)
        end
      end
      if fds[control].revents.IN then
        read(control, 10)
        write(control, "done")
        return
      end
    end
  end
  local controls = {}
  for i = 1, 2 do
    local ours, theirs = socketpair(AF_UNIX, SOCK_STREAM)
    controls[i] = ours
    thread(worker, theirs)
  end
  sleep(2)
  for i = 1, 2 do write(controls[i], "stop") end
  for i = 1, 2 do assert(read(controls[i], 10) == "done") end
end)

a:spawn("client", {start = "1ms"}, function()
  local c = assert(socket(AF_INET, SOCK_STREAM))
  while not connect(c, server) do
    if now() > 2000000000 then return end -- the server has ended
    close(c)
    sleep("10ms")
    c = assert(socket(AF_INET, SOCK_STREAM))
  end
  assert(recv(c, 100) == "hello")
end)
