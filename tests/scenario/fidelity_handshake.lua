-- What Linux 6.18 does over a link with delay, where folklore says otherwise: a full accept queue lets clients believe
-- that they are connected once their SYNs are under way; a lost final ACK is noticed by the server's SYN-ACK timer;
-- connect() that was interrupted.
-- tshark: Connection reset (RST), Duplicate ACK, retransmission, TCP ACKed unseen, Spurious
scenario{about = "handshakes over a link of 5 ms", duration = "20s"}

local function pair(n, delay, faults)
  local a, b = host{name = "a" .. n, cpus = 1}, host{name = "b" .. n, cpus = 1}
  local l = {a:nic{ip = "10." .. n .. ".0.1/24"}, b:nic{ip = "10." .. n .. ".0.2/24"}, rate = "1Gbit", delay = delay}
  for k, v in pairs(faults or {}) do l[k] = v end
  link(l)
  return a, b, {family = AF_INET, addr = "10." .. n .. ".0.2", port = 80}
end

local function listener(backlog)
  local l = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(l, {family = AF_INET, addr = "0.0.0.0", port = 80}))
  assert(listen(l, backlog))
  return l
end

-- listen(1) and eight SYNs at once: all eight connect() calls succeed, two can be accepted, the rest later.
local a, b, to = pair(1, "5ms")
b:spawn("server", function()
  local l = listener(1)
  sleep("200ms")
  local n, start = 0, now()
  while rpoll(l, 5000) > 0 do
    close(accept(l))
    n = n + 1
    print("accepted " .. n .. (now() - start < 10000000 and " at once" or " later"))
  end
end)
a:spawn("client", {start = "1ms"}, function()
  local socks, ok, sent = {}, 0, 0
  for i = 1, 8 do
    socks[i] = assert(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK))
    connect(socks[i], to)
  end
  sleep("100ms")
  for i = 1, 8 do
    local info = getsockopt(socks[i], IPPROTO_TCP, TCP_INFO)
    ok = ok + (info.tcpi_state == 1 and 1 or 0)
    sent = sent + (send(socks[i], "x", MSG_NOSIGNAL) or 0)
  end
  print(ok .. " established, " .. sent .. " sent")
  sleep(10)
end)
check("eight believe that they are connected", "SELECT count(*) = 1 FROM log WHERE text LIKE '8 established, 8 sent%'")
check("two are accepted at once", "SELECT count(*) = 2 FROM log WHERE text LIKE 'accepted % at once%'")
check("the others later", "SELECT count(*) = 6 FROM log WHERE text LIKE 'accepted % later%'")

-- The third frame of the client is its final ACK (ARP, SYN, ACK): connect() returns at once, accept() after a second.
local a, b, to = pair(2, "1ms", {a_to_b = {drop_nth = {3}}})
b:spawn("server", function()
  local l = listener(8)
  local start = now()
  local c = assert(accept(l))
  local late = now() - start
  assert(late > 1000000000 and late < 1100000000, "accept() after " .. late)
  print("accepted after a second")
end)
a:spawn("client", {start = "1ms"}, function()
  local c = assert(socket(AF_INET, SOCK_STREAM))
  local start = now()
  assert(connect(c, to))
  assert(now() - start < 20000000)
  sleep(5)
end)
check("the SYN-ACK timer finds out", "SELECT count(*) = 1 FROM log WHERE text LIKE 'accepted after a second%'")

-- An interrupted connect(): EALREADY while it goes on; then the first retry returns 0, the second EISCONN.
local a, b, to = pair(3, "50ms")
b:spawn("server", function()
  local l = listener(8)
  assert(accept(l))
  sleep(2)
end)
a:spawn("client", {start = "1ms"}, function()
  signal(SIGALRM, function() end, 0)
  local me = getpid()
  fork(function()
    sleep("20ms")
    kill(me, SIGALRM)
  end)
  local c = assert(socket(AF_INET, SOCK_STREAM))
  local function try()
    local ok, _, err = connect(c, to)
    return ok and 0 or err
  end
  assert(try() == EINTR)
  assert(fcntl(c, F_SETFL, O_NONBLOCK))
  assert(try() == EALREADY)
  sleep("500ms")
  assert(try() == 0)
  assert(try() == EISCONN)
  print("interrupted, already, 0, is connected")
end)
check("connect() after EINTR", "SELECT count(*) = 1 FROM log WHERE text LIKE 'interrupted, already%'")
