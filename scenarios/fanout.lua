-- Three groups of packet sockets watch a NIC with four RX queues (packet(7), PACKET_FANOUT): one shares packets by
-- flow hash, one by the CPU that received them, one by RX queue. Each sees every packet once.
-- Look at: sockloom show fanout.db --queues
scenario{ about = "PACKET_FANOUT over RX queues", duration = "1s" }

local QUEUES, FLOWS, ASKS = 4, param("flows", 32), param("asks", 5)

local server = host{ name = "server", cpus = QUEUES }
local client = host{ name = "client", cpus = 2 }
link{ client:nic{ ip = "10.0.0.1/24" },
      server:nic{ ip = "10.0.0.2/24", queues = QUEUES, irq_affinity = { 0, 1, 2, 3 } },
      rate = "1Gbit", delay = "10us" }

-- Binds `count` sockets into one group, reads them to the end of the run, and says what each has got.
local function group(name, id, mode)
  server:spawn(name, function()
    local fds, got, flows = {}, {}, {}
    for i = 1, QUEUES do
      local fd = assert(socket(AF_PACKET, SOCK_DGRAM, 0))
      assert(bind(fd, { family = AF_PACKET, ifname = "eth0", protocol = ETH_P_IP }))
      assert(setsockopt(fd, SOL_PACKET, PACKET_FANOUT, id | mode << 16))
      assert(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, "1ms"))
      fds[i], got[i] = fd, 0
    end
    sleep(0.9)
    for i, fd in ipairs(fds) do
      while true do
        local data, from = recvfrom(fd, 100)
        if not data then break end
        assert(from.protocol == ETH_P_IP and from.pkttype == PACKET_HOST)
        got[i] = got[i] + 1
        local port = string.unpack(">I2", data, 21)
        assert((flows[port] or i) == i or mode ~= PACKET_FANOUT_HASH, "a flow has two members")
        flows[port] = i
      end
      local st = getsockopt(fd, SOL_PACKET, PACKET_STATISTICS)
      assert(st.packets == got[i] and st.drops == 0)
    end
    print(name .. " " .. table.concat(got, " "))
  end)
end
group("hash", 1, PACKET_FANOUT_HASH)
group("cpu", 2, PACKET_FANOUT_CPU)
group("queue", 3, PACKET_FANOUT_QM)

server:spawn("echo", function()
  local fd = assert(socket(AF_INET, SOCK_DGRAM))
  assert(bind(fd, { family = AF_INET, addr = "0.0.0.0", port = 7 }))
  while true do
    local data, from = recvfrom(fd, 512)
    sendto(fd, data, from)
  end
end)

for i = 1, FLOWS do
  client:spawn("ask" .. i, { start = 10 + i .. "ms" }, function()
    local fd = assert(socket(AF_INET, SOCK_DGRAM))
    assert(connect(fd, { family = AF_INET, addr = "10.0.0.2", port = 7 }))
    for _ = 1, ASKS do
      assert(send(fd, "x"))
      assert(recv(fd, 100))
    end
  end)
end

local function numbers(rows, name)
  local t, sum = {}, 0
  for n in rows("SELECT text FROM log WHERE text LIKE '" .. name .. " %'")[1].text:gmatch("%d+") do
    t[#t + 1] = tonumber(n)
    sum = sum + t[#t]
  end
  return t, sum
end
for _, name in ipairs{ "hash", "cpu", "queue" } do
  check(name .. ": each packet once, and each member some", function(q, rows)
    local t, sum = numbers(rows, name)
    for _, n in ipairs(t) do if n == 0 then return false, "one had nothing" end end
    return sum == FLOWS * ASKS, sum .. " packets"
  end)
end
-- A packet of queue i is processed on CPU i; its queue mapping is i + 1 (skb_record_rx_queue()).
check("by queue is by CPU, one further", function(q, rows)
  local cpu, queue = numbers(rows, "cpu"), numbers(rows, "queue")
  for i = 1, QUEUES do
    if cpu[i] ~= queue[i % QUEUES + 1] then return false, table.concat(cpu, " ") .. ", " .. table.concat(queue, " ") end
  end
  return true
end)
check("nothing was dropped", "SELECT count(*) = 0 FROM dropped")
