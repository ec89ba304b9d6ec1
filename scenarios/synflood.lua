-- An HTTP-like server under a SYN flood. Half-open connections fill the SYN queue (its size is the
-- backlog), then SYN cookies let real clients in without a place in it.
-- Try --set cookies=0: real clients starve, and the first check fails.
scenario{ about = "a server under a SYN flood, saved by SYN cookies", duration = "10s" }

local COOKIES, FLOOD = param("cookies", 1), param("flood", 300)

local server = host{ name = "server", cpus = 2, sysctl = { ["net.ipv4.tcp_syncookies"] = COOKIES } }
local attacker = host{ name = "attacker" }
local client = host{ name = "client" }
local sw = switch{ name = "sw", ports = 3 }
link{ server:nic{ ip = "10.0.0.1/24", queues = 2 }, sw, rate = "1Gbit", delay = "10us" }
link{ client:nic{ ip = "10.0.0.2/24" }, sw, rate = "1Gbit", delay = "10us" }
-- The attacker never hears the SYN-ACKs: its cable loses all that comes back, after ARP has been served.
link{ attacker:nic{ ip = "10.0.0.3/24" }, sw, rate = "1Gbit", delay = "10us" }
  :at("5ms", { b_to_a = { loss = "100%" } })

server:spawn("httpd", function()
  local s = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(s, { family = AF_INET, addr = "0.0.0.0", port = 80 }))
  assert(listen(s, 64))
  while true do
    local fd = assert(accept(s))
    local request = recv(fd, 1000)
    if request and request ~= "" then send(fd, "200 OK") end
    close(fd)
  end
end)

attacker:spawn("flood", { start = "1ms", nofile = 4096 }, function()
  local probe = assert(socket(AF_INET, SOCK_DGRAM)) -- the neighbour entry, before the cable goes deaf
  assert(sendto(probe, "x", { family = AF_INET, addr = "10.0.0.1", port = 9 }))
  sleep("10ms")
  for _ = 1, FLOOD do
    local fd = assert(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK))
    connect(fd, { family = AF_INET, addr = "10.0.0.1", port = 80 })
    sleep("50us")
  end
end)

for i = 1, 20 do
  client:spawn("client" .. i, { start = 40 + i * 10 .. "ms" }, function()
    local fd = assert(socket(AF_INET, SOCK_STREAM))
    local t = now()
    local ok, why = connect(fd, { family = AF_INET, addr = "10.0.0.1", port = 80 })
    if not ok then print("no connection: " .. why) return end
    assert(send(fd, "GET /"))
    if recv(fd, 100) == "200 OK" then print(("served after %.1f ms"):format((now() - t) / 1e6)) end
  end)
end

check("every client is served in time", function(q)
  local n, worst = 0, 0
  n = q("SELECT count(*) FROM log WHERE text LIKE 'served after%' AND CAST(substr(text, 14) AS REAL) < 100")
  return n == 20, n .. " of 20 clients"
end)
check("by cookies", "SELECT value > 0 FROM counter WHERE name = 'SyncookiesRecv'")
check("the SYN queue was full", "SELECT value > 0 FROM counter WHERE name = 'TCPReqQFullDoCookies'")
