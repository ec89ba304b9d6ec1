-- needs: ethtool
-- ethtool(8) on a simulated NIC: rings, channels, coalescing, RSS key and table, counters; what it sets shows.
scenario{about = "ethtool on a simulated NIC", duration = "3s"}

local box = host{name = "box", cpus = 4}
local peer = host "peer"
link{box:nic{ip = "10.0.0.1/24", rx_queues = 4, tx_queues = 2}, peer:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "100us"}

local function says(name, command, ...)
	box:spawn{"/bin/sh", "-c", "PATH=$PATH:/usr/sbin; " .. command, name = name}
	for _, text in ipairs{...} do
		check(name .. ": " .. text, "SELECT count(*) FROM log l JOIN task t ON t.host = l.host AND t.name LIKE '" ..
			name .. "%' WHERE l.text LIKE '%" .. text .. "%'")
	end
end

says("driver", "ethtool -i eth0", "driver: sockloom")
says("rings", "ethtool -g eth0; ethtool -G eth0 rx 64 tx 128 && ethtool -g eth0; ethtool -G eth0 rx 5000",
     "Pre-set maximums", "RX:%4096", "RX:%64", "TX:%128", "Invalid argument")
says("channels", "ethtool -l eth0; ethtool -L eth0 rx 3 && ethtool -l eth0; ethtool -L eth0 rx 9", "RX:%4", "RX:%3")
says("coalesce", [[ethtool -C eth0 rx-usecs 50 rx-frames 8 adaptive-rx off && ethtool -c eth0;
	ethtool -C eth0 rx-usecs-irq 5]], "rx-usecs:%50", "rx-frames:%8", "Operation not supported")
says("rss", [[sleep 1; ethtool -x eth0; ethtool -X eth0 weight 1 0 2 && ethtool -x eth0;
	ethtool -X eth0 hkey 01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:1e:1f:20:21:22:23:24:25:26:27:28 &&
	ethtool -x eth0]], "with 3 RX ring(s)", "6d:5a:56:da", "01:02:03:04:05", "toeplitz: on")
says("stats", "sleep 2; ethtool -S eth0", "rx_queue_0_packets: ")
box:spawn{"/usr/sbin/ethtool", "-G", "eth0", "rx", "32", uid = 1000, name = "nobody"}
check("only with CAP_NET_ADMIN", "SELECT count(*) FROM log WHERE text LIKE '%Operation not permitted%'")

-- After weight 1 0 2 nothing comes to queue 1.
box:spawn("sink", function()
  local fd = assert(socket(AF_INET, SOCK_DGRAM))
  assert(bind(fd, { family = AF_INET, addr = "0.0.0.0", port = 9 }))
  while true do recv(fd, 100) end
end)
peer:spawn("talk", { start = "1500ms" }, function()
  for i = 1, 300 do
    local fd = assert(socket(AF_INET, SOCK_DGRAM))
    assert(sendto(fd, "x", { family = AF_INET, addr = "10.0.0.1", port = 9 }))
    close(fd)
    sleep("1ms")
  end
end)
check("the table sends nothing to queue 1",
      "SELECT sum(value) IS NOT NULL AND sum(CASE WHEN name = 'rx_queue_1_packets' THEN value ELSE 0 END) <= 1 FROM counter WHERE name LIKE 'rx_queue_%_packets'")
