-- needs: any_call
-- Any call with any arguments: whatever a program asks for, the simulator goes on, and says the same again.
scenario{about = "a program that makes no sense", duration = "10min"}

local box = host "box"
for seed = 1, 3 do
	box:spawn{"build/programs/any_call", tostring(seed), "3000", name = "any" .. seed}
end

check("all calls were made", [[SELECT count(*) = 3 FROM log WHERE text LIKE 'still here%']])
check("they ended well", [[SELECT count(*) = 3 FROM task WHERE tid = pid AND status = 0]])
