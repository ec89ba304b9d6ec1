-- R11: a client that retries connects to itself, and holds the server's port.
-- tokio-rs/tokio#3405, ZOOKEEPER-2101, JDK-8067207, ktorio/ktor#2237. After 13,352 attempts on Linux 6.18, on average.
--   the server is down, its port lies in the ephemeral range -> the kernel gives the client that port -> its SYN meets itself:
--   simultaneous open -> connect() succeeds, and the server cannot bind().
-- The ordinary order tries ports of the other parity first, as Linux does, so that only a choice comes upon it.
-- Mended (fixed=true): the server's port is none of the ephemeral ones.
-- tshark: Connection reset (RST)
scenario{about = "R11: connecting to oneself", duration = "10s"}
local fixed = param("fixed", false)
local a = host{name = "a", cpus = 1, sysctl = {["net.ipv4.ip_local_port_range"] = "40000 40031"}}
local server = {family = AF_INET, addr = "127.0.0.1", port = fixed and 39999 or 40011}

a:spawn("client", function()
  while true do
    local c = assert(socket(AF_INET, SOCK_STREAM))
    if connect(c, server) then
      assert(getsockname(c).port ~= getpeername(c).port, "connected to itself")
      assert(recv(c, 100) == "hello")
      return
    end
    close(c)
    sleep("1ms")
  end
end)

a:spawn("server", {start = "3500us"}, function()
  local l = assert(socket(AF_INET, SOCK_STREAM))
  assert(setsockopt(l, SOL_SOCKET, SO_REUSEADDR, 1))
  assert(bind(l, server))
  assert(listen(l, 8))
  local c = assert(accept(l))
  send(c, "hello")
end)
