-- R13: the accept queue overflows, and clients believe that they are connected.
-- listen(2), tcp(7); commit 5ea8ea2cb7f1. With a 5 ms link on Linux 6.18 8 of 8 connect() calls succeed where 2 fit.
--   SYNs arrive while the queue is not full -> SYN-ACKs -> the final ACKs find it full and are dropped -> the clients are
--   ESTABLISHED, the server knows nothing of them until it sends its SYN-ACK again.
-- Mended (fixed=true): a backlog that holds all.
-- tshark: Duplicate ACK, retransmission, TCP ACKed unseen, Spurious
scenario{about = "R13: accept queue overflow", duration = "20s"}
local fixed = param("fixed", false)
local a, b = host{name = "a", cpus = 4}, host{name = "b", cpus = 1}
link{a:nic{ip = "10.0.0.1/24"}, b:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "5ms"}
local server = {family = AF_INET, addr = "10.0.0.2", port = 80}

b:spawn("server", function()
  local l = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(l, {family = AF_INET, addr = "0.0.0.0", port = 80}))
  assert(listen(l, fixed and 64 or 1))
  for i = 1, 5 do
    local c = assert(accept(l))
    send(c, "hello", MSG_NOSIGNAL)
    close(c)
  end
end)

for i = 1, 5 do
  a:spawn("client" .. i, {start = i == 1 and "1ms" or 30 + i .. "ms"}, function()
    local c = assert(socket(AF_INET, SOCK_STREAM))
    while not connect(c, server) do
      close(c)
      sleep("10ms")
      c = assert(socket(AF_INET, SOCK_STREAM))
    end
    assert(recv(c, 100) == "hello")
  end)
end
check("no connection is dropped that its client takes for established",
      "SELECT coalesce(sum(value), 0) = 0 FROM counter WHERE name = 'ListenOverflows'")
