-- R10: the server closes an idle connection while the next request is on its way.
-- nginx/nginx#437, nodejs/node#20256, aio-libs/aiohttp#9138, medplum/medplum#2253 (1 of 20,000 gets a 502).
--   server: the idle timer expires, FIN -> the client has not heard of it and sends a request on the kept connection -> end of file
--   or a RST instead of an answer.
-- Mended (fixed=true): a request on a reused connection that gets no byte of an answer is sent again on a new one.
scenario{about = "R10: idle close crosses the next request", duration = "20s"}
local fixed = param("fixed", false)
local a, b = host{name = "a", cpus = 1}, host{name = "b", cpus = 1}
link{a:nic{ip = "10.0.0.1/24"}, b:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "1ms"}
local server = {family = AF_INET, addr = "10.0.0.2", port = 80}

b:spawn("server", function()
  local l = assert(socket(AF_INET, SOCK_STREAM))
  assert(bind(l, {family = AF_INET, addr = "0.0.0.0", port = 80}))
  assert(listen(l, 8))
  while true do
    local c = assert(accept(l))
    while rpoll(c, 20) > 0 do -- keep-alive for 20 ms
      local request = recv(c, 100)
      if not request or request == "" or not send(c, "200 " .. request, MSG_NOSIGNAL) then break end
    end
    close(c)
  end
end)

a:spawn("client", {start = "1ms"}, function()
  local function open()
    local c = assert(socket(AF_INET, SOCK_STREAM))
    while not connect(c, server) do
      close(c)
      sleep("10ms")
      c = assert(socket(AF_INET, SOCK_STREAM))
    end
    return c
  end
  -- The answer, or nil when the connection was of no use.
  local function ask(c, what)
    if not send(c, what, MSG_NOSIGNAL) then return nil end
    local answer = recv(c, 100)
    return answer ~= "" and answer or nil
  end
  local c = open()
  for i = 1, 2 do
    local answer = ask(c, "POST " .. i)
    while not answer and fixed do
      close(c)
      c = open()
      answer = ask(c, "POST " .. i)
    end
    assert(answer == "200 POST " .. i, "a request without an answer")
    if i == 1 then sleep("12ms") end
  end
end)
