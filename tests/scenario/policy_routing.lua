-- SO_MARK and rules: a box with two uplinks, where the mark, the source or the incoming interface says which
-- one a packet takes; both families; a router that routes by where a packet came in.
local box = host{ name = "box" }
local slow = host{ name = "slow", forward = true }
local fast = host{ name = "fast", forward = true }
local far = host{ name = "far" }

link{ box:nic{ ip = { "10.1.0.2/24", "fd01::2/64" } }, slow:nic{ ip = { "10.1.0.1/24", "fd01::1/64" } }, rate = "1Gbit", delay = "50us" }
link{ box:nic{ ip = { "10.2.0.2/24", "fd02::2/64" } }, fast:nic{ ip = { "10.2.0.1/24", "fd02::1/64" } }, rate = "1Gbit", delay = "50us" }
link{ slow:nic{ ip = { "10.3.0.1/24", "fd03::1/64" } }, far:nic{ ip = { "10.3.0.9/24", "fd03::9/64" } }, rate = "1Gbit", delay = "20ms" }
link{ fast:nic{ ip = { "10.4.0.1/24", "fd04::1/64" } }, far:nic{ ip = { "10.4.0.9/24", "fd04::9/64" } }, rate = "1Gbit", delay = "1ms" }
-- The same service address on both paths, so that the way back is the way there.
box:route("default", { via = "10.1.0.1" })
box:route("default", { via = "10.2.0.1", table = 100 })
box:route("::/0", { via = "fd01::1" })
box:route("::/0", { via = "fd02::1", table = 100 })
box:rule{ fwmark = 1, table = 100 }
box:rule{ fwmark = 1, table = 100, family = "inet6" }
box:rule{ from = "10.2.0.2/32", table = 100, priority = 1000 }
box:rule{ fwmark = 0x10, mask = 0xf0, action = "prohibit" }
box:rule{ to = "10.66.0.0/16", action = "unreachable", priority = 500 }
far:route("10.1.0.0/24", { via = "10.3.0.1" })
far:route("10.2.0.0/24", { via = "10.4.0.1" })
far:route("fd01::/64", { via = "fd03::1" })
far:route("fd02::/64", { via = "fd04::1" })
slow:route("10.4.0.0/24", { via = "10.3.0.9" })
fast:route("10.3.0.0/24", { via = "10.4.0.9" })
slow:route("fd04::/64", { via = "fd03::9" })
fast:route("fd03::/64", { via = "fd04::9" })

far:spawn("echo", function()
  local l = assert(socket(AF_INET6, SOCK_STREAM))
  assert(bind(l, { family = AF_INET6, addr = "::", port = 80 }))
  assert(listen(l, 20))
  while true do
    local c = assert(accept(l))
    send(c, "hello")
    close(c)
  end
end)

local function try(name, family, addr, mark, source)
  box:spawn(name, { start = "1ms" }, function()
    local fd = assert(socket(family, SOCK_STREAM))
    if mark then assert(setsockopt(fd, SOL_SOCKET, SO_MARK, mark)) end
    if source then assert(bind(fd, { family = family, addr = source, port = 0 })) end
    local ok, err = connect(fd, { family = family, addr = addr, port = 80 })
    if not ok then print(name .. ": " .. err) return end
    print(name .. ": from " .. getsockname(fd).addr .. " " .. recv(fd, 10))
  end)
end
try("plain", AF_INET, "10.4.0.9")
try("marked", AF_INET, "10.4.0.9", 1)
try("source", AF_INET, "10.4.0.9", nil, "10.2.0.2")
try("prohibited", AF_INET, "10.4.0.9", 0x17)
try("unreachable", AF_INET, "10.66.0.1")
try("plain6", AF_INET6, "fd04::9")
try("marked6", AF_INET6, "fd04::9", 1)
-- Who may not set a mark goes the common way.
box:spawn("nobody", { uid = 1000 }, function()
  local fd = assert(socket(AF_INET, SOCK_STREAM))
  local ok, _, errno = setsockopt(fd, SOL_SOCKET, SO_MARK, 1)
  assert(not ok and errno == EPERM)
  print("nobody: refused")
end)

local function said(text)
  check(text, "SELECT count(*) = 1 FROM log WHERE text LIKE '" .. text .. "%'")
end
said "plain: from 10.1.0.2 hello"
said "marked: from 10.2.0.2 hello"
said "source: from 10.2.0.2 hello"
said "prohibited: Permission denied"
said "unreachable: Network is unreachable"
said "plain6: from fd01::2 hello"
said "marked6: from fd02::2 hello"
said "nobody: refused"
check("marked connections went over the fast path", [[
  SELECT count(*) > 0 FROM hop h JOIN packet p ON p.id = h.packet WHERE h.host = (SELECT id FROM host WHERE name = 'fast')]])
