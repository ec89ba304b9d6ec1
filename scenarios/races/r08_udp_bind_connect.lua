-- R08: between bind() and connect() of a UDP socket another peer's datagram arrives.
-- Cloudflare, "Everything you ever wanted to know about UDP sockets", part 1; skywind3000/kcp#333. 35.7 % on Linux 6.18.
--   a datagram of peer A -> a socket for A: bind() to the server's address -> a datagram of peer B: the new socket takes it ->
--   connect(A) does not empty the queue -> recv() on A's socket returns B's bytes.
-- Mended (fixed=true): whose datagram it is, is looked at.
-- tshark: Connection reset (RST)
scenario{about = "R08: foreign datagram between bind and connect", duration = "10s"}
local fixed = param("fixed", false)
local a, b = host{name = "a", cpus = 2}, host{name = "b", cpus = 1}
link{a:nic{ip = "10.0.0.1/24"}, b:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "100us"}
local server = {family = AF_INET, addr = "10.0.0.2", port = 9000}

b:spawn("server", function()
  local function bound()
    local s = assert(socket(AF_INET, SOCK_DGRAM))
    assert(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, 1))
    assert(bind(s, {family = AF_INET, addr = "10.0.0.2", port = 9000}))
    return s
  end
  local main, own, peer = bound(), nil, nil
  while true do
    local fds = {[main] = {events = {IN = true}}}
    if own then fds[own] = {events = {IN = true}} end
    poll(fds, -1)
    local data, from = recvfrom(main, 100, MSG_DONTWAIT)
    if data and from.port == 1000 and not own then
      peer = from
      own = bound()
      assert(connect(own, peer))
      send(own, "welcome")
    elseif data then
      sendto(main, "later", from)
    end
    if own then data, from = recvfrom(own, 100, MSG_DONTWAIT) end
    if own and data and from.port ~= peer.port then
      assert(fixed, "a datagram of another peer")
      sendto(main, "later", from)
    end
  end
end)

a:spawn("a", {start = "1ms"}, function()
  local s = assert(socket(AF_INET, SOCK_DGRAM))
  assert(bind(s, {family = AF_INET, addr = "10.0.0.1", port = 1000}))
  assert(connect(s, server))
  repeat send(s, "hello") until rpoll(s, 1000) > 0 and recv(s, 100)
end)

a:spawn("b", {start = "3ms"}, function()
  local s = assert(socket(AF_INET, SOCK_DGRAM))
  assert(bind(s, {family = AF_INET, addr = "10.0.0.1", port = 2000}))
  sendto(s, "me too", server)
end)
