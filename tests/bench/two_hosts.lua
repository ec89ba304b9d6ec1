-- Five connections with four echoes each: about a hundred calls.
scenario{about = "two hosts, about 100 calls", duration="10s"}
local a, b = host "a", host "b"
link{a:nic{ip = "10.0.0.1/24"}, b:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "50us"}
b:spawn("server", function()
  local l = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(l, {family = AF_INET, addr = "0.0.0.0", port = 80}))
  assert(listen(l, 16))
  for i = 1, 5 do
    local c = assert(accept(l))
    for k = 1, 4 do local d = recv(c, 100); send(c, d) end
    close(c)
  end
end)
a:spawn("client", {start = "1ms"}, function()
  for i = 1, 5 do
    local c = assert(socket(AF_INET, SOCK_STREAM))
    while not connect(c, {family = AF_INET, addr = "10.0.0.2", port = 80}) do close(c) sleep(0.05) c = socket(AF_INET, SOCK_STREAM) end
    for k = 1, 4 do send(c, "x" .. k); assert(recv(c, 100) == "x" .. k) end
    close(c)
  end
end)
