-- R07: a member leaves a SO_REUSEPORT group, and flows move to other members.
-- net/core/sock_reuseport.c; nginx/nginx#425, cloudflare/quiche#900, envoyproxy/envoy#9424. 83 of 151 flows on Linux 6.18.
--   a flow is known to worker i -> any member closes its socket: the last one takes its place, the hash is scaled to fewer ->
--   the flow's next datagram reaches worker j, which knows nothing of it.
-- Mended (fixed=true): the group does not shrink while flows live.
scenario{about = "R07: SO_REUSEPORT reshuffle moves UDP flows", duration = "10s"}
local fixed = param("fixed", false)
local a, b = host{name = "a", cpus = 1}, host{name = "b", cpus = 1}
link{a:nic{ip = "10.0.0.1/24"}, b:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "100us"}
local server = {family = AF_INET, addr = "10.0.0.2", port = 443}

b:spawn("server", function()
  local socks, known = {}, {}
  for i = 1, 3 do
    local s = assert(socket(AF_INET, SOCK_DGRAM))
    assert(setsockopt(s, SOL_SOCKET, SO_REUSEPORT, 1))
    assert(bind(s, {family = AF_INET, addr = "0.0.0.0", port = 443}))
    socks[i], known[i] = s, {}
  end
  -- Only a whole group is of use: the client asks here first.
  local ready = assert(socket(AF_INET, SOCK_DGRAM))
  assert(bind(ready, {family = AF_INET, addr = "0.0.0.0", port = 444}))
  local _, from = recvfrom(ready, 100)
  sendto(ready, "yes", from)
  local leaves = now() + 20000000
  while true do
    local fds = {}
    for i = 1, 3 do if socks[i] then fds[socks[i]] = {events = {IN = true}} end end
    if poll(fds, 5) == 0 and now() >= leaves and socks[1] and not fixed then
      close(socks[1])
      socks[1] = nil
    end
    for i = 1, 3 do
      local data, from = nil, nil
      if socks[i] then data, from = recvfrom(socks[i], 100, MSG_DONTWAIT) end
      if data then
        if data == "open" then known[i][from.port] = true end
        sendto(socks[i], known[i][from.port] and "ok" or "who are you?", from)
      end
    end
  end
end)

a:spawn("client", {start = "1ms"}, function()
  local ready = assert(socket(AF_INET, SOCK_DGRAM))
  assert(connect(ready, {family = AF_INET, addr = "10.0.0.2", port = 444}))
  repeat send(ready, "there?") until rpoll(ready, 10) > 0 and recv(ready, 100)
  local flows = {}
  for i = 1, 4 do
    flows[i] = assert(socket(AF_INET, SOCK_DGRAM))
    assert(connect(flows[i], server))
    repeat
      send(flows[i], "open")
    until rpoll(flows[i], 1000) > 0 and recv(flows[i], 100) == "ok"
  end
  sleep("1ms")
  for i = 1, 4 do
    assert(send(flows[i], "more"))
    assert(recv(flows[i], 100) == "ok", "the flow is not known any more")
  end
end)
