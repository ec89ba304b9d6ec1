-- SO_PRIORITY shows in the order in which the queueing discipline sends: what waits for a slow link goes by
-- band, with pfifo_fast (three bands) and prio (as many as it has); a filled queue drops the low band alone.
local function pair(name, qdisc, net)
  local a, b = host(name), host(name .. "-peer")
  link{ a:nic{ ip = net .. ".1/24", tx_ring = 2, qdisc = qdisc }, b:nic{ ip = net .. ".2/24" }, rate = "1Mbit", delay = "1ms" }
  b:spawn("sink", function()
    local fd = assert(socket(AF_INET, SOCK_DGRAM))
    assert(bind(fd, { family = AF_INET, addr = net .. ".2", port = 9 }))
    assert(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, "1s"))
    local got = {}
    while true do
      local d = recv(fd, 2000)
      if not d then break end
      got[#got + 1] = d:sub(1, 1)
    end
    print(name .. ": " .. table.concat(got))
  end)
  a:spawn("talk", { start = "1ms" }, function()
    local function speaker(prio)
      local fd = assert(socket(AF_INET, SOCK_DGRAM))
      assert(setsockopt(fd, SOL_SOCKET, SO_PRIORITY, prio))
      assert(getsockopt(fd, SOL_SOCKET, SO_PRIORITY) == prio)
      assert(connect(fd, { family = AF_INET, addr = net .. ".2", port = 9 }))
      return fd
    end
    -- Best effort, bulk, interactive; and the priority that only CAP_NET_ADMIN may set.
    local best, bulk, inter, control = speaker(0), speaker(2), speaker(6), speaker(7)
    local function say(fd, c) assert(send(fd, c:rep(1000))) end
    say(best, "w") -- the address is asked for
    sleep("50ms")
    for i = 1, 6 do say(best, "x") end -- these fill the ring
    for i = 1, 3 do say(bulk, "c") end
    for i = 1, 3 do say(best, "b") end
    for i = 1, 3 do say(inter, "a") end
    say(control, "k")
  end)
  return a
end
local fast = pair("fast", "pfifo_fast", "10.1.0")
pair("prio", "prio", "10.2.0")
fast:spawn("nobody", { uid = 1000 }, function()
  local fd = assert(socket(AF_INET, SOCK_DGRAM))
  assert(setsockopt(fd, SOL_SOCKET, SO_PRIORITY, 6))
  local ok, _, errno = setsockopt(fd, SOL_SOCKET, SO_PRIORITY, 7)
  assert(not ok and errno == EPERM)
  print("nobody: refused")
end)

-- What had left the queue before the rest came goes first; then a and k, best effort, bulk.
for _, name in ipairs{ "fast", "prio" } do
  check(name .. ": bands in order", function(q, rows)
    local r = rows("SELECT text FROM log WHERE text LIKE '" .. name .. ": %'")[1]
    local order = r and r.text:match(": (%a+)")
    return order and #order == 17 and order:match("^wx+aaakx+bbbccc$") ~= nil
  end)
end
check("7 is privileged", "SELECT count(*) = 1 FROM log WHERE text LIKE 'nobody: refused%'")
