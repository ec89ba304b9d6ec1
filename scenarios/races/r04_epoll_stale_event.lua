-- R04: an epoll registration belongs to the open file description, not to the descriptor.
-- epoll(7), questions and answers 6; moonbitlang/async#571 (1 of 650 CI runs), systemd/systemd#72, joyent/libuv#1100.
--   the loop opens x and adds it to epoll -> another thread forks: the child has x too -> the loop closes x and opens e, which gets
--   its number -> the peer sends on the old description -> epoll_wait() tells of a descriptor on which there is nothing.
-- Mended (fixed=true): EPOLL_CTL_DEL before close().
scenario{about = "R04: stale epoll event after fork and close", duration = "10s"}
local fixed = param("fixed", false)
local a = host{name = "a", cpus = 1}

a:spawn("loop", function()
  local ep = assert(epoll_create1(0))
  thread(function()
    sleep("1ms")
    fork(function() sleep("300ms") end)
  end)
  sleep("1050us")
  local x, y = assert(socketpair(AF_UNIX, SOCK_STREAM))
  assert(epoll_ctl(ep, EPOLL_CTL_ADD, x, EPOLLIN))
  if fixed then assert(epoll_ctl(ep, EPOLL_CTL_DEL, x)) end
  close(x)
  local e = assert(eventfd(0))
  assert(e == x)
  send(y, "for the old one", MSG_NOSIGNAL)
  for _, event in ipairs(epoll_wait(ep, 8, 50)) do
    assert(rpoll(event.data, 0) > 0, "an event for a descriptor that has nothing")
  end
end)
