-- R15: the transmit queue is stopped after the completion has looked whether it is: nobody wakes it.
-- tg3 1b2a720506cc, hns 61a1deacc3d4, macb (raspberrypi/linux#7339), cilium/cilium#43198 (one stall in 2.6e8 packets).
--   CPU 0, xmit: no descriptor is left -> CPU 1, completion: frees all, the queue is not stopped -> CPU 0: stops the queue, does
--   not look again -> no descriptor is under way, so nothing completes any more.
-- The driver's fault is the NIC model's driver_bug. Mended (fixed=true): a driver that looks again after it has stopped.
scenario{about = "R15: lost wakeup of a transmit queue", duration = "10s"}
local fixed = param("fixed", false)
local a, b = host{name = "a", cpus = 2}, host{name = "b", cpus = 1}
link{a:nic{ip = "10.0.0.1/24", tx_ring = 4, bql = false, irq_affinity = {1}, driver_bug = not fixed and "tx_wake_lost" or nil},
     b:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "20us"}

b:spawn("server", function()
  local s = assert(socket(AF_INET, SOCK_DGRAM))
  assert(bind(s, {family = AF_INET, addr = "0.0.0.0", port = 9000}))
  while true do recv(s, 2000) end
end)

a:spawn("sender", {start = "1ms", cpu = 0}, function()
  setaffinity(0)
  local s = assert(socket(AF_INET, SOCK_DGRAM))
  assert(setsockopt(s, SOL_SOCKET, SO_SNDBUF, 8192))
  assert(connect(s, {family = AF_INET, addr = "10.0.0.2", port = 9000}))
  for i = 1, 30 do
    send(s, string.rep("x", 1000)) -- waits while the socket's buffer is full
    if i % 6 == 0 then sleep("1ms") end
  end
end)
check("the watchdog had nothing to do",
      "SELECT coalesce(sum(value), 0) = 0 FROM counter WHERE name = 'tx_timeout'")
