-- needs: ip ss python3
-- ip(8) and ss(8) show and change the simulated host; getifaddrs() and its kin read the same.
scenario{about = "iproute2 on a simulated host", duration = "10s"}

local router = host{name = "router", forward = true}
local box = host "box"
link{router:nic{ip = "10.0.0.1/24"}, box:nic{ip = {"10.0.0.2/24", "fd00::2/64"}}, rate = "1Gbit", delay = "1ms"}
box:route("default", {via = "10.0.0.1"})

local function says(name, command, ...)
	box:spawn{"/bin/sh", "-c", command, name = name}
	for _, text in ipairs{...} do
		check(name .. ": " .. text, "SELECT count(*) FROM log l JOIN task t ON t.host = l.host AND t.name LIKE '" ..
			name .. "%' WHERE l.text LIKE '%" .. text .. "%'")
	end
end

says("link", "ip link show eth0", "mtu 1500", "BROADCAST,MULTICAST,UP,LOWER_UP", "state UP", "qlen 1000")
says("addr", "ip addr show eth0", "inet 10.0.0.2/24 brd 10.0.0.255 scope global eth0", "inet6 fd00::2/64 scope global")
says("route", "ip route; ip -6 route; ip rule", "default via 10.0.0.1 dev eth0",
     "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.2", "fd00::/64 dev eth0", "from all lookup main")
says("get", "ip route get 8.8.8.8", "8.8.8.8 via 10.0.0.1 dev eth0 src 10.0.0.2")
says("change", [[sleep 1; ip addr add 10.9.0.1/16 dev eth0 && ip route add 192.168.0.0/16 via 10.0.0.1 metric 5 mtu 1400 &&
	ip link set eth0 mtu 1450 && ip neigh add 10.0.0.77 lladdr 02:00:00:00:00:77 dev eth0 &&
	ip addr; ip route; ip neigh; ip addr del 10.9.0.1/16 dev eth0; ip route del 192.168.0.0/16; echo after; ip route]],
     "inet 10.9.0.1/16", "192.168.0.0/16 via 10.0.0.1 dev eth0 metric 5 mtu 1400", "mtu 1450",
     "10.0.0.77 dev eth0 lladdr 02:00:00:00:00:77 PERMANENT")
says("rule", [[ip route add default via 10.0.0.1 table 100 && ip rule add fwmark 7 table 100 &&
	ip rule add from 10.0.0.2 to 10.7.0.0/16 iif lo prohibit pref 50; ip rule; ip route show table 100; ip route get 8.8.8.8 mark 7;
	ip rule del fwmark 7; ip rule add from 1.2.3.4 table 100 pref 50; ip rule add from 1.2.3.4 table 100 pref 50; ip -6 rule]],
     "32765:%from all fwmark 0x7 lookup 100", "50:%from 10.0.0.2 to 10.7.0.0/16 iif lo prohibit",
     "default via 10.0.0.1 dev eth0", "dev eth0 table 100 src 10.0.0.2 mark 7", "RTNETLINK answers: File exists")
says("refused", "ip addr add 10.0.0.2/24 dev eth0; ip link set eth9 up; ip route add 1.0.0.0/8 via 99.0.0.1",
     "File exists", "Cannot find device", "unreachable")
box:spawn{"ip", "addr", "add", "10.8.0.1/24", "dev", "eth0", uid = 1000, name = "nobody"}
check("only with CAP_NET_ADMIN", "SELECT count(*) FROM log WHERE text LIKE '%Operation not permitted%'")
says("ss", [[python3 -m http.server 80 & sleep 0.5; python3 -c '
import socket, subprocess
c = socket.create_connection(("127.0.0.1", 80)); c.send(b"x")
subprocess.run(["ss", "-tlnp"]); subprocess.run(["ss", "-tni"]); a, b = socket.socketpair(); subprocess.run(["ss", "-x"])
' ]], "0.0.0.0:80", "users:((\"python3\"", "cubic", "bytes_received:1", "u_str ESTAB")
says("names", [[python3 -c 'import socket; print(socket.if_nameindex(), socket.getaddrinfo("router", 80, type=1)[0][4])']],
     "(1, ''lo''), (2, ''eth0'')", "10.0.0.1")
