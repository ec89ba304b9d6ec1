-- IP_MULTICAST_LOOP and IPV6_MULTICAST_LOOP (ip(7), ipv6(7)) over a NIC: whether the sender's own host hears it.
scenario{ about = "multicast and the sender's own members", duration = "2s" }

local a, b = host "a", host "b"
link{ a:nic{ ip = { "10.0.0.1/24", "fd00::1/64" } }, b:nic{ ip = { "10.0.0.2/24", "fd00::2/64" } } }

local function member(h, name)
  h:spawn(name, function()
    local four = assert(socket(AF_INET, SOCK_DGRAM))
    local six = assert(socket(AF_INET6, SOCK_DGRAM))
    assert(setsockopt(six, IPPROTO_IPV6, IPV6_V6ONLY, 1))
    assert(bind(four, { family = AF_INET, addr = "0.0.0.0", port = 9 }))
    assert(bind(six, { family = AF_INET6, addr = "::", port = 9 }))
    local ip = name == "near" and "10.0.0.1" or "10.0.0.2"
    assert(setsockopt(four, IPPROTO_IP, IP_ADD_MEMBERSHIP, { multiaddr = "239.1.1.1", interface = ip }))
    assert(setsockopt(six, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, { multiaddr = "ff02::99", interface = 2 }))
    local heard = {}
    sleep(1)
    for _, fd in ipairs{ four, six } do
      while true do
        local data = recv(fd, 100, MSG_DONTWAIT)
        if not data then break end
        heard[#heard + 1] = data
      end
    end
    print(name .. ": " .. table.concat(heard, " "))
  end)
end
member(a, "near")
member(b, "far")

a:spawn("send", { start = "100ms" }, function()
  local four = assert(socket(AF_INET, SOCK_DGRAM))
  local six = assert(socket(AF_INET6, SOCK_DGRAM))
  local raw = assert(socket(AF_INET, SOCK_RAW, 17))
  assert(setsockopt(four, IPPROTO_IP, IP_MULTICAST_IF, "10.0.0.1"))
  assert(setsockopt(raw, IPPROTO_IP, IP_MULTICAST_IF, "10.0.0.1"))
  for _, loop in ipairs{ 1, 0 } do
    assert(setsockopt(four, IPPROTO_IP, IP_MULTICAST_LOOP, loop))
    assert(setsockopt(raw, IPPROTO_IP, IP_MULTICAST_LOOP, loop))
    assert(setsockopt(six, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, loop))
    assert(sendto(four, "four" .. loop, { family = AF_INET, addr = "239.1.1.1", port = 9 }))
    assert(sendto(raw, string.pack(">I2I2I2I2", 9, 9, 12, 0) .. "raw" .. loop, { family = AF_INET, addr = "239.1.1.1" }))
    assert(sendto(six, "six" .. loop, { family = AF_INET6, addr = "ff02::99", port = 9, scope_id = 2 }))
  end
end)

check("near hears what loops", "SELECT count(*) = 1 FROM log WHERE text LIKE 'near: four1 raw1 six1\n'")
check("far hears all", "SELECT count(*) = 1 FROM log WHERE text LIKE 'far: four1 raw1 four0 raw0 six1 six0\n'")
