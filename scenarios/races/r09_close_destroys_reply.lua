-- R09: close() with unread data sends a RST, and the reply is lost with it.
-- RFC 2525 section 2.17; google/gvisor#1449, dotnet/runtime#57186, chriskohlhoff/asio#209; nginx's lingering_close.
--   the server reads the head of a request, replies, and closes with the body unread: RST -> the reply's segment is lost once, or
--   overtaken -> the RST ends the connection before the reply is sent again.
-- Mended (fixed=true): shutdown(SHUT_WR), read to the end, close.
-- tshark: Connection reset (RST)
scenario{about = "R09: close with unread data destroys the reply", duration = "20s"}
local fixed = param("fixed", false)
local a, b = host{name = "a", cpus = 1}, host{name = "b", cpus = 1}
link{a:nic{ip = "10.0.0.1/24"}, b:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "2ms", b_to_a = {explore_drop = 16}}
local server = {family = AF_INET, addr = "10.0.0.2", port = 80}

b:spawn("server", function()
  local l = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(l, {family = AF_INET, addr = "0.0.0.0", port = 80}))
  assert(listen(l, 8))
  local c = assert(accept(l))
  recv(c, 4)
  if send(c, "413 too large", MSG_NOSIGNAL) and fixed then
    shutdown(c, SHUT_WR)
    repeat local rest = recv(c, 4096) until not rest or rest == ""
  end
  close(c)
end)

a:spawn("client", {start = "1ms"}, function()
  local c = assert(socket(AF_INET, SOCK_STREAM))
  while not connect(c, server) do
    close(c)
    sleep("10ms")
    c = assert(socket(AF_INET, SOCK_STREAM))
  end
  assert(send(c, "HEAD" .. string.rep("body", 250), MSG_NOSIGNAL))
  assert(assert(recv(c, 100)) == "413 too large", "no reply")
  if fixed then shutdown(c, SHUT_WR) end
end)
