-- A UDP server with one SO_REUSEPORT socket for each RX queue, each read by a worker on that queue's
-- CPU. RSS spreads flows over queues, the socket group spreads them over workers by a hash of its own.
-- Look at: sockloom show reuseport.db --queues
scenario{ about = "one SO_REUSEPORT socket for each RX queue", duration = "2s" }

local QUEUES, CLIENTS, ASKS = 4, param("clients", 40), param("asks", 10)

local server = host{ name = "server", cpus = QUEUES }
local client = host{ name = "client", cpus = 4 }
link{ client:nic{ ip = "10.0.0.1/24", queues = 4 },
      server:nic{ ip = "10.0.0.2/24", queues = QUEUES, irq_affinity = { 0, 1, 2, 3 } },
      rate = "10Gbit", delay = "10us" }

for q = 0, QUEUES - 1 do
  server:spawn("worker" .. q, { cpu = q }, function()
    local fd = assert(socket(AF_INET, SOCK_DGRAM))
    assert(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1))
    assert(bind(fd, { family = AF_INET, addr = "0.0.0.0", port = 4000 }))
    assert(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, "500ms"))
    local n = 0
    while true do
      local data, from = recvfrom(fd, 512)
      if not data then break end
      n = n + 1
      assert(sendto(fd, data .. " from " .. q, from))
    end
    print(("worker %d answered %d"):format(q, n))
  end)
end

for i = 1, CLIENTS do
  client:spawn("ask" .. i, { start = 1000 + i * 3 .. "us" }, function()
    local fd = assert(socket(AF_INET, SOCK_DGRAM))
    assert(connect(fd, { family = AF_INET, addr = "10.0.0.2", port = 4000 }))
    local worker
    for k = 1, ASKS do
      assert(send(fd, "query " .. k))
      local answer = assert(recv(fd, 512))
      -- A flow stays with its worker as long as the group stays the same.
      worker = worker or answer:match("from (%d)")
      assert(answer == "query " .. k .. " from " .. worker)
    end
  end)
end

check("every query was answered", function(q, rows)
  local sum, workers = 0, 0
  for _, r in ipairs(rows("SELECT text FROM log WHERE text LIKE 'worker%'")) do
    local n = tonumber(r.text:match("answered (%d+)"))
    sum, workers = sum + n, workers + (n > 0 and 1 or 0)
  end
  if sum ~= CLIENTS * ASKS then return false, sum .. " answers" end
  return workers == QUEUES, workers .. " workers had something to do"
end)
check("all queues were used", "SELECT count(*) = 4 FROM counter WHERE host = 1 AND name LIKE 'rx_queue_%_packets'")
check("nothing was dropped", "SELECT count(*) = 0 FROM dropped")
