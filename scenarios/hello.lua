-- Two hosts, one cable, one question. The smallest scenario that shows everything that a scenario has.
-- Look at: sockloom show hello.db --timeline
scenario{ about = "a client asks a server over TCP", duration = "1s" }

local client = host{ name = "client", cpus = 2 }
local server = host{ name = "server", cpus = 2 }
link{ client:nic{ ip = "10.0.0.1/24" }, server:nic{ ip = "10.0.0.2/24" }, rate = "1Gbit", delay = "50us" }

server:spawn("echo", function()
  local fd = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(fd, { family = AF_INET, addr = "0.0.0.0", port = 7 }))
  assert(listen(fd))
  local conn, peer = assert(accept(fd))
  print("a connection from " .. peer.addr)
  send(conn, (recv(conn, 100):upper()))
end)

client:spawn("ask", { start = "1ms" }, function()
  local fd = assert(socket(AF_INET, SOCK_STREAM))
  assert(connect(fd, { family = AF_INET, addr = "10.0.0.2", port = 7 }))
  assert(send(fd, "hello"))
  print("the answer is " .. recv(fd, 100))
end)

check("the answer came", "SELECT count(*) = 1 FROM log WHERE text LIKE 'the answer is HELLO%'")
check("nothing was lost", "SELECT count(*) = 0 FROM dropped")
