scenario{about="x", duration="2s"}
local a = host{name="a", cpus=2}
local b = host{name="b"}
local na, nb = a:nic{ip="10.0.0.1/24"}, b:nic{ip="10.0.0.2/24"}
link{na, nb, rate="1Gbit", delay="10us"}
local n = 0
b:spawn("srv", function()
  local fd = assert(socket(AF_INET, SOCK_DGRAM, 0))
  assert(bind(fd, {family=AF_INET, addr="0.0.0.0", port=53}))
  for i = 1, 3 do
    local d, from = recvfrom(fd, 2000)
    print("srv", d, from.addr, from.port)
    sendto(fd, d:upper(), from)
  end
end)
a:spawn("cli", {start="1ms"}, function()
  local fd = assert(socket(AF_INET, SOCK_DGRAM, 0))
  for i = 1, 3 do
    assert(sendto(fd, "hello " .. i, {family=AF_INET, addr="10.0.0.2", port=53}))
    print("cli", (recv(fd, 100)), now())
  end
  local pid = fork(function(x) print("child", x, getpid(), getppid()); exit(3) end, 7)
  print("wait", wait())
  signal(SIGUSR1, function(s, i) print("sig", s, i.si_pid); sleep("1ms"); print("done") end)
  local me = getpid()
  fork(function() sleep("5ms"); kill(me, SIGUSR1); sleep("1ms"); kill(me, SIGUSR1) end)
  print("pause", pause())
  print("sleep", sleep("3s"))
  local t = {}
  for k, v in pairs(wait) do end
end)
check("q", "SELECT count(*) FROM packet")
