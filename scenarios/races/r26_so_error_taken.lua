-- R26: SO_ERROR is cleared by whoever reads it first.
-- connect(2); joyent/libuv#443, tokio-rs/mio#1942, apple/swift-nio#572.
--   a non-blocking connect() fails -> poll() wakes two threads -> the logger reads ECONNREFUSED -> the connector reads 0 and takes
--   the socket for connected.
-- Mended (fixed=true): getpeername() confirms.
-- tshark: Connection reset (RST)
scenario{about = "R26: SO_ERROR read by the wrong thread", duration = "10s"}
local fixed = param("fixed", false)
local a, b = host{name = "a", cpus = 1}, host{name = "b", cpus = 1}
link{a:nic{ip = "10.0.0.1/24"}, b:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "100us"}

a:spawn("connector", function()
  local c = assert(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK))
  thread(function() -- the logger
    sleep("500us")
    local err = getsockopt(c, SOL_SOCKET, SO_ERROR)
    if err and err ~= 0 then print("connect failed: " .. strerror(err)) end
  end)
  connect(c, {family = AF_INET, addr = "10.0.0.2", port = 81})
  rpoll(c, -1, POLLOUT)
  local connected = getsockopt(c, SOL_SOCKET, SO_ERROR) == 0
  if fixed then connected = getpeername(c) ~= nil end
  if connected then assert(getpeername(c), "connected, but to nobody") end
end)
