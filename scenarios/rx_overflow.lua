-- Interrupt moderation against a short receive ring: a burst at line rate arrives while the interrupt
-- is held back, and what does not fit into the ring is lost before Linux sees it (rx_missed_errors).
-- Try --set usecs=0us: no loss, and many more interrupts.
scenario{ about = "a receive ring that overflows under interrupt moderation", duration = "1s" }

local USECS, RING, BURST = param("usecs", "200us"), param("ring", 64), param("burst", 200)

local a, b = host{ name = "sender", cpus = 2 }, host{ name = "receiver", cpus = 2 }
link{ a:nic{ ip = "10.0.0.1/24", tx_ring = 1024 },
      b:nic{ ip = "10.0.0.2/24", rx_ring = RING, rx_usecs = USECS },
      rate = "10Gbit", delay = "10us" }

b:spawn("sink", function()
  local fd = assert(socket(AF_INET, SOCK_DGRAM))
  assert(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, 8000000))
  assert(bind(fd, { family = AF_INET, addr = "0.0.0.0", port = 9 }))
  assert(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, "100ms"))
  local n = 0
  while recv(fd, 100) do n = n + 1 end
  print("received " .. n)
end)

a:spawn("source", { start = "1ms" }, function()
  local fd = assert(socket(AF_INET, SOCK_DGRAM))
  assert(connect(fd, { family = AF_INET, addr = "10.0.0.2", port = 9 }))
  assert(send(fd, "x")) -- ARP
  sleep("5ms")
  local batch = {}
  for i = 1, BURST do batch[i] = { data = ("y"):rep(64) } end
  assert(sendmmsg(fd, batch) == BURST)
end)

check("the ring was full", "SELECT count(*) > 0 FROM dropped WHERE reason = 'FULL_RING' AND place = 'rx_ring'")
check("every datagram is accounted for", function(q)
  local got = tonumber(q("SELECT text FROM log WHERE text LIKE 'received%'"):match("%d+"))
  local lost = q("SELECT count(*) FROM dropped WHERE reason = 'FULL_RING'")
  local missed = q("SELECT value FROM counter WHERE host = 2 AND object = 'eth0' AND name = 'rx_missed_errors'")
  return got + lost == BURST + 1 and lost == missed, ("%d received, %d lost, %d missed"):format(got, lost, missed)
end)
