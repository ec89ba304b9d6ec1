-- A bulk transfer across a lossy bottleneck: 20 Mbit/s, 20 ms, a queue of 50 packets, one packet in a
-- thousand lost. SACK recovery keeps the pipe filled; the data arrives whole and in order.
-- Look at: sockloom show lossy.db --flows, and --sql "SELECT * FROM counter WHERE name LIKE 'TCP%'"
-- tshark: Previous segment(s) not captured, out-of-order segment
scenario{ about = "TCP bulk transfer across a lossy bottleneck", duration = "20s" }

local SIZE = param("size", 4000000)
local CC = param("cc", "cubic")

local a, r, b = host"sender", host{ name = "router", forward = true }, host"receiver"
link{ a:nic{ ip = "10.0.1.2/24" }, r:nic{ ip = "10.0.1.1/24" }, rate = "1Gbit", delay = "1ms" }
link{ r:nic{ ip = "10.0.2.1/24" }, b:nic{ ip = "10.0.2.2/24" },
      rate = "20Mbit", delay = "10ms", queue = 50, a_to_b = { loss = "1/1000" } }
a:route("default", { via = "10.0.1.1" })
b:route("default", { via = "10.0.2.1" })

-- The stream is a pattern that any hole, repetition or swap would break.
local PERIOD = 997
local pattern = {}
for i = 1, PERIOD do pattern[i] = string.char(33 + i * 7 % 90) end
pattern = table.concat(pattern)

b:spawn("sink", function()
  local s = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(s, { family = AF_INET, addr = "0.0.0.0", port = 5001 }))
  assert(listen(s))
  local fd = assert(accept(s))
  local got, t = 0, now()
  while true do
    local data = assert(recv(fd, 65536))
    if data == "" then break end
    local at = got % PERIOD
    local expected = (pattern .. pattern:rep(#data // PERIOD + 1)):sub(at + 1, at + #data)
    assert(data == expected, "the stream is not what was sent")
    got = got + #data
  end
  print(("%d bytes at %.2f Mbit/s"):format(got, got * 8000 / (now() - t)))
  assert(got == SIZE)
end)

a:spawn("source", { start = "10ms" }, function()
  local fd = assert(socket(AF_INET, SOCK_STREAM))
  assert(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, CC))
  assert(connect(fd, { family = AF_INET, addr = "10.0.2.2", port = 5001 }))
  local left, stream = SIZE, pattern:rep(66)
  local sent = 0
  while left > 0 do
    local at = sent % PERIOD
    local n = assert(send(fd, stream:sub(at + 1, at + math.min(left, 64000))))
    sent, left = sent + n, left - n
  end
  local info = assert(getsockopt(fd, IPPROTO_TCP, TCP_INFO))
  print(("cwnd %d, rtt %d us, %d retransmitted"):format(info.tcpi_snd_cwnd, info.tcpi_rtt, info.tcpi_total_retrans))
  close(fd)
end)

check("all of it arrived", "SELECT count(*) = 1 FROM log WHERE text LIKE '" .. SIZE .. " bytes%'")
check("the link lost some", "SELECT count(*) > 0 FROM dropped WHERE reason = 'LINK_LOSS'")
check("SACK recovered it, mostly without timeouts", [[
  SELECT (SELECT value FROM counter WHERE host = 1 AND name = 'TCPSackRecovery') >
         coalesce((SELECT value FROM counter WHERE host = 1 AND name = 'TCPTimeouts'), 0)]])
