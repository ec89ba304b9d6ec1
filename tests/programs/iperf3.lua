-- needs: iperf3
-- iperf3 over TCP and UDP, in both directions, on a 100 Mbit/s link.
scenario{about = "iperf3, TCP and UDP, both directions", duration = "60s"}

local server = host{name = "server", cpus = 2}
local client = host{name = "client", cpus = 2}
link{server:nic{ip = "10.0.0.1/24"}, client:nic{ip = "10.0.0.2/24"}, rate = "100Mbit", delay = "5ms"}

server:spawn{"iperf3", "-s"}
client:spawn{"/bin/sh", "-c", [[
	iperf3 -c server -t 2 -i 0 -f m && iperf3 -c server -t 2 -i 0 -f m -R &&
	iperf3 -c server -u -b 20M -t 2 -i 0 -f m && iperf3 -c server -u -b 20M -t 2 -i 0 -f m -R && echo done
]], name = "client", start = "100ms"}

check("all four ran", [[SELECT count(*) FROM log WHERE text LIKE 'done%']])
check("TCP filled the link", [[
	SELECT sum(CAST(substr(text, instr(text, 'MBytes') + 7) AS REAL) BETWEEN 80 AND 98) >= 2
	FROM log WHERE text LIKE '%Mbits/sec%receiver%']])
