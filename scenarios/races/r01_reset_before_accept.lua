-- R01: a reset between poll() and accept() kills the server.
-- accept(2) NOTES and ERRORS; google/gvisor#3780, emqx/esockd#9, bloomberg/ntf-core#300.
--   server: poll() says readable -> client gives up: close() with SO_LINGER {1, 0} sends a RST -> server: accept() succeeds
--   all the same -> getpeername() fails with ENOTCONN, which the server takes for a fatal error.
-- Mended (fixed=true): ENOTCONN after accept() means that the connection is gone.
-- tshark: Connection reset (RST)
scenario{about = "R01: reset between poll and accept", duration = "10s"}
local fixed = param("fixed", false)
local a, b = host{name = "a", cpus = 1}, host{name = "b", cpus = 1}
link{a:nic{ip = "10.0.0.1/24"}, b:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "100us"}
local server = {family = AF_INET, addr = "10.0.0.2", port = 80}

b:spawn("server", function()
  local l = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(l, {family = AF_INET, addr = "0.0.0.0", port = 80}))
  assert(listen(l, 8))
  rpoll(l, -1)
  local c = assert(accept(l))
  local peer, message = getpeername(c)
  if not peer and fixed then return end
  assert(peer, message)
  send(c, "hello", MSG_NOSIGNAL)
  close(c)
end)

a:spawn("client", {start = "1ms"}, function()
  local c = assert(socket(AF_INET, SOCK_STREAM))
  while not connect(c, server) do
    close(c)
    sleep("10ms")
    c = assert(socket(AF_INET, SOCK_STREAM))
  end
  assert(setsockopt(c, SOL_SOCKET, SO_LINGER, 1, 0))
  assert(setsockopt(c, SOL_SOCKET, SO_RCVTIMEO, 0.005))
  recv(c, 100)
  close(c)
end)
