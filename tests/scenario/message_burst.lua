-- net.core.message_cost and message_burst: of many overflows of the neighbour table few reach the kernel's log,
-- and the next message tells how many did not.
local net = 0
local function flooded(name, sysctl)
  net = net + 1
  local prefix = "10." .. net
  sysctl["net.ipv4.neigh.default.gc_thresh2"] = 4
  sysctl["net.ipv4.neigh.default.gc_thresh3"] = 4
  local h = host{ name = name, sysctl = sysctl }
  link{ h:nic{ ip = prefix .. ".0.1/16" }, host(name .. "-peer"):nic{ ip = prefix .. ".0.2/16" }, rate = "1Gbit", delay = "1ms" }
  h:spawn("flood", function()
    local fd = assert(socket(AF_INET, SOCK_DGRAM))
    local function talk(first)
      for i = first, first + 99 do
        sendto(fd, "x", { family = AF_INET, addr = prefix .. ".9." .. i, port = 9 })
      end
    end
    talk(1)
    sleep("4s")
    talk(101)
  end)
end
flooded("plain", {})
flooded("short", { ["net.core.message_cost"] = 2, ["net.core.message_burst"] = 3 })
flooded("all", { ["net.core.message_cost"] = 0 })
flooded("none", { ["net.core.message_burst"] = 0 })

local function logged(name, like, n)
  check(name .. ": " .. n .. " of " .. like, "SELECT count(*) = " .. n .. " FROM log l JOIN host h ON h.id = l.host WHERE h.name = '" ..
    name .. "' AND l.stream = 'kernel' AND l.text LIKE '" .. like .. "'")
end
logged("plain", "%neighbor table overflow!", 10)
logged("plain", "%suppressed", 0)
logged("short", "%neighbor table overflow!", 6)
logged("short", "net_ratelimit: 93 callbacks suppressed", 1)
logged("all", "%neighbor table overflow!", 196)
logged("none", "%neighbor table overflow!", 0)
