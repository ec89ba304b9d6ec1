-- needs: ping
-- ping(8) uses ICMP echo sockets: replies, their sequence, loss and errors are those of the simulated network.
scenario{about = "ping between simulated hosts", duration = "30s"}

local a, b = host "a", host "b"
link{a:nic{ip = {"10.0.0.1/24", "fd00::1/64"}}, b:nic{ip = {"10.0.0.2/24", "fd00::2/64"}}, rate = "1Gbit", delay = "5ms"}

local function says(name, command, ...)
	-- Not at 0: ping(8) takes a monotonic clock below a second for one that it has not read yet.
	a:spawn{"/bin/sh", "-c", command, name = name, start = "1s"}
	for _, text in ipairs{...} do
		check(name .. ": " .. text, "SELECT count(*) FROM log l JOIN task t ON t.host = l.host AND t.name LIKE '" ..
			name .. "%' WHERE l.text LIKE '%" .. text .. "%'")
	end
end

says("four", "ping -c 3 -i 0.2 b", "64 bytes from b (fd00::2): icmp_seq=3 ttl=64 time=10.", "3 packets transmitted, 3 received, 0% packet loss", "time 4")
says("six", "ping -6 -c 2 -s 1000 fd00::2", "1008 bytes from fd00::2: icmp_seq=2 ttl=64", "2 packets transmitted, 2 received")
says("self", "ping -c 1 127.0.0.1", "64 bytes from 127.0.0.1: icmp_seq=1")
says("big", "ping -c 1 -s 4000 b", "4008 bytes from b")
says("nobody", "ping -c 1 -W 1 10.0.0.9; echo status $?", "1 packets transmitted, 0 received", "status 1")
says("nowhere", "ping -c 1 99.0.0.1", "unreachable")
