-- needs: redis-server redis-benchmark redis-cli
-- redis-benchmark against redis-server: 10 connections, pipelines, several commands.
scenario{about = "redis-server and redis-benchmark", duration = "120s"}

local server = host{name = "server", cpus = 2}
local client = host{name = "client", cpus = 2}
link{server:nic{ip = "10.0.0.1/24"}, client:nic{ip = "10.0.0.2/24"}, rate = "10Gbit", delay = "20us"}

server:spawn{"redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", "", "--appendonly", "no"}
client:spawn{"/bin/sh", "-c", [[
	redis-benchmark -h server -c 10 -n 2000 -P 4 -t set,get,incr,lpush -q &&
	test "$(redis-cli -h server get counter:__rand_int__)" = 2000 && echo counted
]], name = "client", start = "1s"}

check("each INCR counted once", [[SELECT count(*) FROM log WHERE text LIKE 'counted%']])
check("the benchmark ended well", [[SELECT status = 0 FROM task WHERE name = 'client']])
