-- n hosts with one hosted program each, that makes count calls of the kind how.
scenario{about = "what hosting costs", duration = "3600s"}

local n, how, count = param("n", 1), param("how", "getppid"), param("count", 100000)
local program = param("program", "build/gcc/tests/bench/calls")

for i = 1, n do
	host("h" .. i):spawn{program, how, tostring(count)}
end

check("all ended well", "SELECT count(*) = " .. n .. " AND max(status) = 0 FROM task WHERE name = 'calls'")
