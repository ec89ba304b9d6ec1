-- Socket filters on traffic over NICs: expressions and instructions, on UDP, on a TCP listener and what it
-- accepts, and the program of an SO_REUSEPORT group that keeps each packet on the CPU that received it.
scenario{ about = "socket filters drop, cut and steer", duration = "20s" }

local server = host{ name = "server", cpus = 4 }
local friend = host{ name = "friend", cpus = 4 }
local stranger = host{ name = "stranger" }
local sw = switch{ name = "sw", ports = 3 }
link{ server:nic{ ip = "10.0.0.1/24", queues = 4, irq_affinity = { 0, 1, 2, 3 } }, sw, rate = "1Gbit", delay = "20us" }
link{ friend:nic{ ip = "10.0.0.2/24", queues = 4 }, sw, rate = "1Gbit", delay = "20us" }
link{ stranger:nic{ ip = "10.0.0.3/24" }, sw, rate = "1Gbit", delay = "20us" }

local function udp(port)
  local fd = assert(socket(AF_INET, SOCK_DGRAM))
  assert(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1))
  assert(bind(fd, { family = AF_INET, addr = "0.0.0.0", port = port }))
  return fd
end

-- An expression: the filter sees the packet from the UDP header on, and is right about the IP header.
server:spawn("from friend", function()
  local fd = udp(1000)
  assert(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, "src host 10.0.0.2 and udp port 5000"))
  assert(not pcall(setsockopt, fd, SOL_SOCKET, SO_ATTACH_FILTER, "port http"))
  assert(not pcall(setsockopt, fd, SOL_SOCKET, SO_ATTACH_FILTER, "tcp ("))
  assert(#getsockopt(fd, SOL_SOCKET, SO_GET_FILTER) > 5)
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, "1s")
  while true do
    local d, from = recvfrom(fd, 100)
    if not d then break end
    print("heard " .. d .. " from " .. from.addr .. ":" .. from.port)
  end
end)

-- Instructions: the length of the datagram with its header, less three bytes.
server:spawn("cut", function()
  local fd = udp(2000)
  assert(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, {
    BPF_STMT(BPF_LD + BPF_W + BPF_LEN, 0), BPF_STMT(BPF_ALU + BPF_SUB + BPF_K, 3), BPF_STMT(BPF_RET + BPF_A, 0) }))
  local ok, _, errno = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, { { BPF_LD + BPF_IMM, 0, 0, 1 } })
  assert(not ok and errno == EINVAL)
  assert(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, 1))
  ok, _, errno = setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, 0)
  assert(not ok and errno == EPERM)
  print("cut to " .. recv(fd, 100))
end)

-- The SYN of a stranger goes unanswered; the connection of the friend has the filter too.
server:spawn("listener", function()
  local fd = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(fd, { family = AF_INET, addr = "0.0.0.0", port = 80 }))
  assert(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, "tcp and src host 10.0.0.2"))
  assert(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, 1))
  assert(listen(fd))
  local conn, peer = accept(fd)
  assert(#getsockopt(conn, SOL_SOCKET, SO_GET_FILTER) == #getsockopt(fd, SOL_SOCKET, SO_GET_FILTER))
  assert(getsockopt(conn, SOL_SOCKET, SO_LOCK_FILTER) == 1)
  print("accepted " .. peer.addr .. " " .. recv(conn, 100))
  pause()
end)

-- Worker i of the group is on CPU i, and the program says the CPU's number.
for cpu = 0, 3 do
  server:spawn("worker" .. cpu, { cpu = cpu, start = cpu * 10 .. "us" }, function()
    local fd = udp(3000)
    if cpu == 3 then
      assert(setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, {
        BPF_STMT(BPF_LD + BPF_W + BPF_ABS, SKF_AD_OFF + SKF_AD_CPU), BPF_STMT(BPF_RET + BPF_A, 0) }))
    end
    -- What comes on another CPU is dropped, and counted below.
    assert(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, {
      BPF_STMT(BPF_LD + BPF_W + BPF_ABS, SKF_AD_OFF + SKF_AD_CPU),
      BPF_JUMP(BPF_JMP + BPF_JEQ + BPF_K, cpu, 0, 1),
      BPF_STMT(BPF_RET + BPF_K, 0xffffffff), BPF_STMT(BPF_RET + BPF_K, 0) }))
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, "1s")
    local n = 0
    while recv(fd, 100) do n = n + 1 end
    print(("worker %d heard %d"):format(cpu, n))
  end)
end

local function say(port, text, from)
  local fd = assert(socket(AF_INET, SOCK_DGRAM))
  if from then assert(bind(fd, { family = AF_INET, addr = "0.0.0.0", port = from })) end
  assert(sendto(fd, text, { family = AF_INET, addr = "10.0.0.1", port = port }))
end

local function connect_and_say(text)
  local fd = assert(socket(AF_INET, SOCK_STREAM))
  assert(setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, 2))
  local ok, err = connect(fd, { family = AF_INET, addr = "10.0.0.1", port = 80 })
  if not ok then print("connect: " .. err) return end
  assert(send(fd, text))
end

friend:spawn("talk", { start = "1ms" }, function()
  say(1000, "hello", 5000)
  say(1000, "other port", 5001)
  say(2000, "hello world")
  for i = 1, 100 do say(3000, "query " .. i) end
  sleep("10ms")
  connect_and_say("friend")
end)
stranger:spawn("talk", { start = "1ms" }, function()
  say(1000, "hi", 5000)
  connect_and_say("stranger")
end)

check("the friend's one datagram came through",
      "SELECT group_concat(text) = 'heard hello from 10.0.0.2:5000' || char(10) FROM log WHERE text LIKE 'heard %'")
check("three bytes are gone", "SELECT count(*) = 1 FROM log WHERE text LIKE 'cut to hello wo' || char(10)")
check("the friend is connected", "SELECT count(*) = 1 FROM log WHERE text LIKE 'accepted 10.0.0.2 friend%'")
check("the stranger is not", "SELECT count(*) = 1 FROM log WHERE text LIKE 'connect: Connection timed out%'")
check("every drop is the filters'",
      "SELECT count(*) = 9 AND min(reason) = 'SOCKET_FILTER' AND max(reason) = 'SOCKET_FILTER' FROM dropped")
check("workers heard packets of their own CPU only", function(q, rows)
  local here, workers = 0, 0
  for _, r in ipairs(rows("SELECT text FROM log WHERE text LIKE 'worker %'")) do
    local n = r.text:match("heard (%d+)")
    here, workers = here + n, workers + (n ~= "0" and 1 or 0)
  end
  return here == 100 and workers > 1
end)
