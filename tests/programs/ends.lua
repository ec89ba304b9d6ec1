-- needs: ends
-- Programs that crash, fork without end, close everything or exec nothing end as Linux ends them.
scenario{about = "how programs end", duration = "10s"}

local expected = {
	crash = 11, abort = 6, closes = 33 << 8, no_file = 127 << 8, stops = 0, recovers = 0, forks = 0,
}
for _, way in ipairs{"crash", "abort", "closes", "no_file", "stops", "recovers", "forks"} do
	local box = host{name = way, max_tasks = 20}
	box:spawn{"build/programs/ends", way, name = way}
	check(way .. " ends with its status",
	      "SELECT status = " .. expected[way] .. " FROM task WHERE name = '" .. way .. "' AND ppid = 0")
end
local function says(text)
	check(text, "SELECT count(*) FROM log WHERE text LIKE '%" .. text .. "%'")
end
says("19 children, then EAGAIN")
says("execl: ENOENT")
says("stopped 1 by 19")
says("then exited with 44")
says("back from address 16")
says("back from a deep stack")
