-- R12: a flag is tested, then select() waits: a signal between the two is lost (select(2), pselect(2)).
-- The ordinary order has the signal come while select() waits. fixed=true asks pselect() instead: the signal is
-- blocked but while it waits.
scenario{about = "a signal between test and select", duration = "5s"}
local fixed = param("fixed", false)

host{name = "a", cpus = 1}:spawn("main", function()
  local flag = false
  signal(SIGUSR1, function() flag = true end)
  if fixed then sigprocmask(SIG_BLOCK, SIGUSR1) end
  local me = getpid()
  fork(function()
    sleep("1ms")
    kill(me, SIGUSR1)
  end)
  while not flag do
    getpid()
    if fixed then sigsuspend() else select_fds({}, {}, {}) end
  end
end)
