-- Raw sockets over NICs (raw(7)): fragments put together, headers of the program's own, protocols without a name.
scenario{ about = "raw sockets of a protocol of their own", duration = "2s" }

local a, b = host "a", host "b"
link{ a:nic{ ip = { "10.0.0.1/24", "fd00::1/64" } }, b:nic{ ip = { "10.0.0.2/24", "fd00::2/64" } },
      rate = "1Gbit", delay = "100us" }

local function to(addr) return { family = addr:find(":") and AF_INET6 or AF_INET, addr = addr } end

b:spawn("listen", function()
  local four = assert(socket(AF_INET, SOCK_RAW, 200))
  local six = assert(socket(AF_INET6, SOCK_RAW, 200))
  local data, from = recvfrom(four, 5000)
  assert(#data == 3020 and from.addr == "10.0.0.1" and from.port == 0)
  -- One header, as if nothing had been cut: length, no flags, no offset.
  local version, _, len, _, frag, ttl, proto = string.unpack(">BBI2I2I2BB", data)
  assert(version == 0x45 and len == 3020 and frag == 0 and ttl == 64 and proto == 200)
  assert(data:sub(21) == ("x"):rep(3000))
  data, from = recvfrom(six, 5000)
  assert(data == ("y"):rep(3000) and from.addr == "fd00::1")
  -- A header with a source that is not ours; the kernel fills in length, identification and checksum.
  local out = assert(socket(AF_INET, SOCK_RAW, IPPROTO_RAW))
  local header = string.pack(">BBI2I2I2BBI2BBBBBBBB", 0x45, 0, 0, 0, 0, 7, 200, 0, 10, 0, 0, 77, 10, 0, 0, 1)
  assert(sendto(out, header .. "spoofed", to("10.0.0.1")) == 27)
  local ok, _, err = sendto(out, header .. ("z"):rep(1500), to("10.0.0.1"))
  assert(not ok and err == EMSGSIZE) -- with IP_HDRINCL nothing is cut up
  print("listen done")
end)

a:spawn("send", { start = "10ms" }, function()
  local four = assert(socket(AF_INET, SOCK_RAW, 200))
  local six = assert(socket(AF_INET6, SOCK_RAW, 200))
  local bound = assert(socket(AF_INET, SOCK_RAW, 200))
  assert(setsockopt(bound, SOL_SOCKET, SO_BINDTODEVICE, "lo"))
  assert(sendto(four, ("x"):rep(3000), to("10.0.0.2")) == 3000)
  assert(sendto(six, ("y"):rep(3000), to("fd00::2")) == 3000)
  local data, from = recvfrom(four, 100)
  assert(from.addr == "10.0.0.77" and data:sub(21) == "spoofed" and data:byte(9) == 7)
  assert(string.unpack(">I2", data, 3) == 27 and string.unpack(">I2", data, 5) ~= 0)
  local none, _, err = recv(bound, 100, MSG_DONTWAIT)
  assert(not none and err == EAGAIN)
  -- Without data there is nothing to be the ICMP header of.
  local icmp = assert(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP))
  none, _, err = sendto(icmp, "", to("10.0.0.2"))
  assert(not none and err == EFAULT)
  -- Echo requests are filtered; the answer is not.
  assert(setsockopt(icmp, SOL_RAW, ICMP_FILTER, 1 << 8))
  assert(sendto(icmp, string.pack(">BBI2I2I2", 8, 0, 0xf6fd, 0x0102, 0x0000), to("10.0.0.2")))
  data = assert(recv(icmp, 100))
  assert(data:byte(21) == 0 and #data == 28)
  print("send done")
end)

check("both came to their end", "SELECT count(*) = 2 FROM log WHERE text LIKE '% done\n'")
check("a protocol without a name has its number", "SELECT count(*) = 7 FROM packet WHERE proto = '200'")
