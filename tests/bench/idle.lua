-- n hosts, each with a NIC, an address and a program that waits on a listening socket.
local N = param("n", 10000)
scenario{ about = "idle hosts", duration = "1s" }
for i = 1, N do
  local h = host("h" .. i)
  h:nic{ ip = ("10.%d.%d.%d/8"):format(i // 65536, i // 256 % 256, i % 256) }
  h:spawn("server", function()
    local s = assert(socket(AF_INET, SOCK_STREAM))
    assert(bind(s, { addr = "0.0.0.0", port = 80 }))
    assert(listen(s))
    accept(s)
  end)
end
