-- What a NIC lets in: frames to itself, to everybody and to the groups that its host has joined. A packet socket's
-- memberships (packet(7), PACKET_ADD_MEMBERSHIP) let in a group's address, all groups, or everything.
-- Look at: sockloom show monitor.db --drops
scenario{ about = "promiscuous mode, multicast and allmulti on a port of a switch", duration = "2s" }

local sender, monitor = host "sender", host "monitor"
local sw = switch{ name = "sw", ports = 2 }
link{ sender:nic{ ip = "10.0.0.1/24" }, sw, rate = "1Gbit", delay = "10us" }
link{ monitor:nic{ ip = "10.0.0.2/24" }, sw, rate = "1Gbit", delay = "10us" }
-- Nobody has this address: the switch sends its frames to every port.
sender:neighbour("10.0.0.9", "02:00:00:00:09:09", "eth0")

sender:spawn("send", function()
  local fd = assert(socket(AF_INET, SOCK_DGRAM))
  local one = { family = AF_INET, addr = "10.0.0.9", port = 9 }
  assert(connect(fd, { family = AF_INET, addr = "10.0.0.1", port = 9 }))
  local many = assert(socket(AF_INET, SOCK_DGRAM))
  assert(setsockopt(many, IPPROTO_IP, IP_MULTICAST_IF, "10.0.0.1"))
  for i = 1, 10 do
    sleep(0.1)
    assert(sendto(many, "stranger", one))
    assert(sendto(many, "group 1", { family = AF_INET, addr = "239.1.2.3", port = 9 }))
    assert(sendto(many, "group 2", { family = AF_INET, addr = "239.1.2.4", port = 9 }))
  end
end)

monitor:spawn("watch", function()
  local fd = assert(socket(AF_PACKET, SOCK_DGRAM, 0))
  assert(bind(fd, { family = AF_PACKET, ifname = "eth0", protocol = ETH_P_IP }))
  assert(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, "50ms"))
  -- Frames of two rounds each.
  local function round(name)
    local seen = {}
    sleep(0.15)
    while true do
      local data, from = recvfrom(fd, 200)
      if not data then break end
      local text = data:sub(29)
      seen[#seen + 1] = text .. ":" .. from.pkttype
    end
    print(name .. ": " .. table.concat(seen, ", "))
  end
  local function member(call, t)
    t.ifname = "eth0"
    assert(setsockopt(fd, SOL_PACKET, call, t))
  end
  round("nothing")
  member(PACKET_ADD_MEMBERSHIP, { type = PACKET_MR_MULTICAST, addr = "01:00:5e:01:02:03" })
  round("one group")
  member(PACKET_DROP_MEMBERSHIP, { type = PACKET_MR_MULTICAST, addr = "01:00:5e:01:02:03" })
  member(PACKET_ADD_MEMBERSHIP, { type = PACKET_MR_ALLMULTI })
  round("all groups")
  member(PACKET_DROP_MEMBERSHIP, { type = PACKET_MR_ALLMULTI })
  member(PACKET_ADD_MEMBERSHIP, { type = PACKET_MR_UNICAST, addr = "02:00:00:00:09:09" })
  round("one address")
  member(PACKET_ADD_MEMBERSHIP, { type = PACKET_MR_PROMISC })
  round("everything")
  close(fd)
  fd = assert(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP)))
  assert(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, "50ms"))
  round("closed")
end)

local function says(text)
  check(text, "SELECT count(*) = 1 FROM log WHERE text = '" .. text .. "' || char(10)")
end
-- 2: PACKET_MULTICAST, 3: PACKET_OTHERHOST.
says "nothing: "
says "one group: group 1:2, group 1:2"
says "all groups: group 1:2, group 2:2, group 1:2, group 2:2"
says "one address: stranger:3, stranger:3"
says "everything: stranger:3, group 1:2, group 2:2, stranger:3, group 1:2, group 2:2"
says "closed: "
check("what the filter kept out is traced", "SELECT count(*) > 0 FROM dropped WHERE reason = 'NIC_FILTER'")
