-- A partition that heals: nothing passes for two seconds while cables stay up. TCP backs off
-- (RTO 200 ms, 400 ms, 800 ms...) and goes on with the first retransmission after the healing;
-- a request with a deadline fails meanwhile, and is made again.
scenario{ about = "a network partition that heals", duration = "20s" }

local a, b = host{ name = "client", cpus = 2 }, host{ name = "server", cpus = 2 }
link{ a:nic{ ip = "10.0.0.1/24" }, b:nic{ ip = "10.0.0.2/24" }, rate = "100Mbit", delay = "5ms" }
  :partition("1s", "3s")

b:spawn("server", function()
  local s = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(s, { family = AF_INET, addr = "0.0.0.0", port = 80 }))
  assert(listen(s))
  local fd = assert(accept(s))
  while true do
    local request = assert(recv(fd, 100))
    if request == "" then break end
    assert(send(fd, request))
  end
end)

a:spawn("client", { start = "10ms" }, function()
  local fd = assert(socket(AF_INET, SOCK_STREAM))
  assert(connect(fd, { family = AF_INET, addr = "10.0.0.2", port = 80 }))
  assert(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, "1s"))
  for i = 1, 60 do
    local t, timeouts = now(), 0
    assert(send(fd, "ping " .. i))
    local answer, _, err = recv(fd, 100)
    while not answer do
      assert(err == EAGAIN)
      timeouts = timeouts + 1
      answer, _, err = recv(fd, 100)
    end
    assert(answer == "ping " .. i)
    if timeouts > 0 then print(("waited %d ms, %d timeouts"):format((now() - t) // 1000000, timeouts)) end
    sleep("50ms")
  end
  print("done")
end)

check("the connection survived", "SELECT count(*) = 1 FROM log WHERE text LIKE 'done%'")
check("one request met the partition, and waited for its healing", function(q, rows)
  local r = rows("SELECT text FROM log WHERE text LIKE 'waited%'")
  if #r ~= 1 then return false, #r .. " requests waited" end
  local ms, n = r[1].text:match("waited (%d+) ms, (%d+) timeouts")
  return tonumber(ms) > 1900 and tonumber(ms) < 4000 and tonumber(n) >= 1, r[1].text
end)
check("RTO backed off: few retransmissions in two seconds", function(q)
  local n = q("SELECT value FROM counter WHERE host = 1 AND name = 'TCPTimeouts'")
  return n >= 3 and n <= 5, n .. " timeouts"
end)
check("the partition took them", "SELECT count(*) >= 3 FROM dropped WHERE reason = 'LINK_PARTITION'")
