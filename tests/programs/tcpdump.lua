-- needs: tcpdump curl python3 ss
-- tcpdump(8) captures a transfer of curl's through a ring in shared memory, with its filter in the kernel; what it
-- says is what was on the wire, and its files are read back.
scenario{about = "tcpdump between curl and a web server", duration = "20s"}

local server, client = host{name = "server", cpus = 2}, host{name = "client", cpus = 2}
link{server:nic{ip = {"10.0.0.1/24", "fd00::1/64"}}, client:nic{ip = {"10.0.0.2/24", "fd00::2/64"}}, rate = "100Mbit", delay = "5ms"}

server:spawn{"/bin/sh", "-c", "seq 1 20000 > numbers; exec python3 -m http.server 8000", name = "server"}
client:spawn{"curl", "-4", "-sS", "-o", "numbers", "http://server:8000/numbers", start = "2s", name = "curl"}
client:spawn{"ping", "-c", "2", "-i", "0.2", "fd00::1", start = "2500ms", name = "ping"}

client:spawn{"/bin/sh", "-c", "tcpdump -i eth0 -n -tt -c 4 'tcp port 8000 and tcp[tcpflags] & tcp-syn != 0 or arp' 2>&1",
	start = "1s", name = "syn"}
client:spawn{"/bin/sh", "-c", "timeout 4 tcpdump -i any -n -w all.pcap -s 80 2>summary; cat summary; tcpdump -n -r all.pcap 2>&1 | grep -c ICMP6.*echo",
	start = "1s", name = "file"}
server:spawn{"/bin/sh", "-c", "timeout 3 tcpdump -p -i eth0 -n -e -XX -c 1 icmp6 and ip6[40] == 128 2>&1", start = "1s", name = "hex"}
client:spawn{"/bin/sh", "-c", "sleep 0.5; ss -0n; cat /proc/net/packet", start = "1s", name = "ss"}

local function says(name, text)
	check(name .. ": " .. text, "SELECT count(*) FROM log l JOIN task t ON t.host = l.host WHERE t.name LIKE '" .. name ..
		"%' AND l.text LIKE '%" .. text .. "%'")
end
check("curl succeeded", "SELECT status = 0 FROM task WHERE name = 'curl'")
says("syn", "ARP, Request who-has 10.0.0.1")
says("syn", "IP 10.0.0.2.% > 10.0.0.1.8000: Flags [S], seq %, win 64240")
says("syn", "IP 10.0.0.1.8000 > 10.0.0.2.%: Flags [S.]")
says("syn", "4 packets captured")
says("file", "packets captured")
says("file", "0 packets dropped by kernel")
says("hex", "ICMP6, echo request, id")
says("hex", "0x0000:  0200 % 86dd 6")
says("ss", "p_raw % *:eth0")
