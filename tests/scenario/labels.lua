-- Security labels of programs (spawn's label=): SO_PEERSEC and SO_PASSSEC on AF_UNIX, groups and pidfds of peers.
local h = host{ name = "h" }

h:spawn("server", { label = "system_u:system_r:db_t:s0" }, function()
  local l = assert(socket(AF_UNIX, SOCK_STREAM))
  assert(bind(l, { family = AF_UNIX, path = "\0db" }))
  assert(listen(l))
  local c = assert(accept(l))
  print("client is " .. getsockopt(c, SOL_SOCKET, SO_PEERSEC))
  local plain = assert(accept(l))
  local ok, _, errno = getsockopt(plain, SOL_SOCKET, SO_PEERSEC)
  assert(not ok and errno == ENOPROTOOPT)
  assert(#getsockopt(c, SOL_SOCKET, SO_PEERGROUPS) == 0)
  assert(getsockopt(c, SOL_SOCKET, SO_PEERPIDFD) > 2)
  assert(getsockopt(c, SOL_SOCKET, SO_NETNS_COOKIE) > 0)
  print("served")
end)

h:spawn("datagrams", { label = "system_u:system_r:log_t:s0" }, function()
  local fd = assert(socket(AF_UNIX, SOCK_DGRAM))
  assert(bind(fd, { family = AF_UNIX, path = "\0log" }))
  assert(setsockopt(fd, SOL_SOCKET, SO_PASSSEC, 1))
  local m = recvmsg(fd, 100, 0, 256)
  print(m.data .. " with " .. #m.control .. " message of " .. m.control[1].data)
  assert(m.control[1].type == SCM_SECURITY)
  m = recvmsg(fd, 100, 0, 256)
  print(m.data .. " with " .. #m.control)
end)

h:spawn("client", { start = "1ms", label = "user_u:user_r:web_t:s0" }, function()
  local fd = assert(socket(AF_UNIX, SOCK_STREAM))
  assert(connect(fd, { family = AF_UNIX, path = "\0db" }))
  print("server is " .. getsockopt(fd, SOL_SOCKET, SO_PEERSEC))
  local d = assert(socket(AF_UNIX, SOCK_DGRAM))
  assert(sendto(d, "labelled", { family = AF_UNIX, path = "\0log" }))
  sleep("2ms")
end)

h:spawn("plain", { start = "2ms" }, function()
  local fd = assert(socket(AF_UNIX, SOCK_STREAM))
  assert(connect(fd, { family = AF_UNIX, path = "\0db" }))
  print("server is " .. getsockopt(fd, SOL_SOCKET, SO_PEERSEC))
  local d = assert(socket(AF_UNIX, SOCK_DGRAM))
  assert(sendto(d, "plain", { family = AF_UNIX, path = "\0log" }))
end)

check("the server knows the client's label",
      "SELECT count(*) = 1 FROM log WHERE text LIKE 'client is user_u:user_r:web_t:s0%'")
check("clients know the server's label",
      "SELECT count(*) = 2 FROM log WHERE text LIKE 'server is system_u:system_r:db_t:s0%'")
check("who has no label shows none", "SELECT count(*) = 1 FROM log WHERE text LIKE 'served%'")
check("labels come with datagrams",
      "SELECT count(*) = 1 FROM log WHERE text LIKE 'labelled with 1 message of user_u:user_r:web_t:s0%'")
check("and none from who has none", "SELECT count(*) = 1 FROM log WHERE text LIKE 'plain with 0%'")
