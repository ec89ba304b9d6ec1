-- A supervisor accepts connections and hands each to a worker over a unix socket (SCM_RIGHTS). The
-- workers are forked before there is anything to hand out; they share no memory, only the descriptor.
scenario{ about = "descriptor passing from a supervisor to its workers", duration = "2s" }

local WORKERS, CLIENTS = 3, 9
local server, client = host{ name = "server", cpus = 4 }, host{ name = "client", cpus = 2 }
link{ client:nic{ ip = "10.0.0.1/24" }, server:nic{ ip = "10.0.0.2/24" }, rate = "1Gbit", delay = "50us" }

server:spawn("supervisor", function()
  local lfd = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(lfd, { family = AF_INET, addr = "0.0.0.0", port = 80 }))
  assert(listen(lfd))
  local channels = {}
  for i = 1, WORKERS do
    local ours, theirs = assert(socketpair(AF_UNIX, SOCK_SEQPACKET))
    channels[i] = ours
    assert(fork(function()
      close(ours)
      close(lfd)
      while true do
        local m = assert(recvmsg(theirs, 100))
        if not m.fds then break end
        local fd = m.fds[1]
        assert(send(fd, "worker " .. i .. " says " .. assert(recv(fd, 100))))
        close(fd)
      end
    end))
    close(theirs)
  end
  for n = 0, CLIENTS - 1 do
    local fd = assert(accept(lfd))
    assert(sendmsg(channels[n % WORKERS + 1], { data = "take this", fds = { fd } }))
    close(fd) -- the worker's copy keeps the connection open
  end
  for i = 1, WORKERS do close(channels[i]) end
  for _ = 1, WORKERS do
    local _, how, status = assert(wait())
    assert(how == "exited" and status == 0)
  end
  print("all workers are done")
end)

for i = 1, CLIENTS do
  client:spawn("client" .. i, { start = i .. "ms" }, function()
    local fd = assert(socket(AF_INET, SOCK_STREAM))
    assert(connect(fd, { family = AF_INET, addr = "10.0.0.2", port = 80 }))
    assert(send(fd, "hello " .. i))
    print(assert(recv(fd, 100)))
    assert(recv(fd, 100) == "")
  end)
end

check("each client was served by its worker", function(q)
  for i = 1, CLIENTS do
    local text = ("worker %d says hello %d\n"):format((i - 1) % WORKERS + 1, i)
    if q("SELECT count(*) FROM log WHERE text = ?", text) ~= 1 then return false, text end
  end
  return true
end)
check("no worker was left behind", "SELECT count(*) = 1 FROM log WHERE text LIKE 'all workers are done%'")
