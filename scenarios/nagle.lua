-- The 40 ms stall: Nagle's algorithm holds back a small second write until the first is acknowledged,
-- and the receiver delays that ACK because it hopes to send data along (RFC 896, RFC 1122 4.2.3.2).
-- TCP_NODELAY, or one write instead of two, ends it.
scenario{ about = "Nagle against delayed ACK: 40 ms for a request in two writes", duration = "10s" }

local ROUNDS = 20
local a, b = host{ name = "client", cpus = 2 }, host{ name = "server", cpus = 2 }
link{ a:nic{ ip = "10.0.0.1/24" }, b:nic{ ip = "10.0.0.2/24" }, rate = "1Gbit", delay = "100us" }

b:spawn("server", function()
  local s = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(s, { family = AF_INET, addr = "0.0.0.0", port = 80 }))
  assert(listen(s))
  while true do
    local fd = assert(accept(s))
    while true do
      local request = assert(recv(fd, 200, MSG_WAITALL))
      if request == "" then break end
      assert(send(fd, "done"))
    end
    close(fd)
  end
end)

local function client(name, nodelay, pieces)
  local fd = assert(socket(AF_INET, SOCK_STREAM))
  assert(connect(fd, { family = AF_INET, addr = "10.0.0.2", port = 80 }))
  if nodelay then assert(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1)) end
  local worst = 0
  for i = 1, ROUNDS do
    local t = now()
    for _ = 1, pieces do assert(send(fd, ("x"):rep(200 // pieces))) end
    assert(recv(fd, 100) == "done")
    -- The first rounds are acknowledged at once: a new connection is in quick-ACK mode.
    if i > ROUNDS // 2 then worst = math.max(worst, now() - t) end
  end
  print(("%s: %d us"):format(name, worst // 1000))
  close(fd)
end

a:spawn("clients", { start = "1ms" }, function()
  client("two writes", false, 2)
  client("two writes, TCP_NODELAY", true, 2)
  client("one write", false, 1)
end)

local function took(q, name)
  local text = q("SELECT text FROM log WHERE text LIKE ?", name .. ":%")
  return tonumber(text:match(": (%d+) us"))
end
check("two small writes wait for the delayed ACK: 40 ms", function(q)
  local t = took(q, "two writes")
  return t > 39000 and t < 45000, t .. " us"
end)
check("TCP_NODELAY does not", function(q) return took(q, "two writes, TCP_NODELAY") < 1000 end)
check("one write does not", function(q) return took(q, "one write") < 1000 end)
