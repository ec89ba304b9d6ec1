-- R14: NAPI completes and the interrupt is enabled without a look at the ring: a packet that came between is missed.
-- virtio_net cbdadbbf0c79, hv_netvsc 7426b1a51803, r8152 7480888f27e0; Documentation/networking/napi.rst.
--   the poll sees an empty ring -> napi_complete -> a packet arrives, its interrupt is masked -> the driver enables the interrupt
--   and does not look again -> nothing else comes: the packet waits for ever.
-- The driver's fault is the NIC model's driver_bug. Mended (fixed=true): a driver that looks again.
scenario{about = "R14: missed interrupt after napi_complete", duration = "10s"}
local fixed = param("fixed", false)
local a, b = host{name = "a", cpus = 1}, host{name = "b", cpus = 1}
link{a:nic{ip = "10.0.0.1/24"}, b:nic{ip = "10.0.0.2/24", driver_bug = not fixed and "rearm_before_check" or nil},
     rate = "10Gbit", delay = "20us"}

b:spawn("server", function()
  local s = assert(socket(AF_INET, SOCK_DGRAM))
  assert(bind(s, {family = AF_INET, addr = "0.0.0.0", port = 9000}))
  while true do
    local data, from = assert(recvfrom(s, 100))
    sendto(s, data, from)
  end
end)

-- One request at a time: later traffic would hide what happened.
a:spawn("client", {start = "1ms"}, function()
  local s = assert(socket(AF_INET, SOCK_DGRAM))
  assert(connect(s, {family = AF_INET, addr = "10.0.0.2", port = 9000}))
  -- Until the server is up.
  repeat send(s, "0") until rpoll(s, 500) > 0 and recv(s, 100)
  for i = 1, 9 do
    assert(send(s, tostring(i)))
    repeat local answer = assert(recv(s, 100)) until answer == tostring(i)
  end
end)

-- Until other traffic comes, as an ARP probe after five seconds.
check("no packet stays in a ring for a millisecond",
      "SELECT count(*) = 0 FROM hop r LEFT JOIN hop n ON n.packet = r.packet AND n.host = r.host AND n.place = 'napi' " ..
      "WHERE r.place = 'rx_ring' AND coalesce(n.t, 1 << 60) - r.t > 1000000")
