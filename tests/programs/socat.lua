-- needs: socat
-- socat over TCP, UDP and unix sockets: a megabyte through a chain of all three, and an echo of datagrams.
scenario{about = "socat: TCP, UDP and unix sockets", duration = "30s"}

local server = host "server"
local client = host "client"
link{server:nic{ip = "10.0.0.1/24"}, client:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "1ms"}

server:spawn{"socat", "TCP-LISTEN:7000,reuseaddr", "UNIX-CONNECT:/tmp/sockloom-test.sock", name = "relay"}
server:spawn{"/bin/sh", "-c", "socat -u UNIX-LISTEN:/tmp/sockloom-test.sock OPEN:got,creat && md5sum < got",
             name = "sink"}
server:spawn{"socat", "UDP-LISTEN:7001,fork", "EXEC:sed -u y/adegmrt/ADEGMRT/", name = "upper"}
client:spawn{"/bin/sh", "-c", "seq 1 150000 > data; md5sum < data; socat -u OPEN:data TCP:server:7000",
             name = "source", start = "10ms"}
client:spawn{"/bin/sh", "-c", "echo datagram | socat -t 1 - UDP:server:7001", name = "shout", start = "20ms"}

check("the bytes came whole", [[SELECT count(DISTINCT text) = 1 AND count(*) = 2 FROM log WHERE length(text) = 36]])
check("the datagram came back in capitals", [[SELECT count(*) FROM log WHERE text LIKE 'DATAGRAM%']])
