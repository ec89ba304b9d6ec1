-- needs: memcached python3
-- memcached with 4 worker threads; a client with four connections sets and gets 400 values.
scenario{about = "memcached with four threads", duration = "30s"}

local server = host{name = "server", cpus = 4}
local client = host "client"
link{server:nic{ip = "10.0.0.1/24"}, client:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "100us"}

server:spawn{"memcached", "-u", "root", "-t", "4", "-l", "0.0.0.0", "-p", "11211"}
client:spawn{"python3", "-c", [[
import socket
conns = [socket.create_connection(("server", 11211)) for i in range(4)]
files = [c.makefile("rwb") for c in conns]
for i in range(400):
    f = files[i % 4]
    v = b"x" * (i * 7 % 1500)
    f.write(b"set key%d 0 0 %d\r\n%s\r\n" % (i, len(v), v)); f.flush()
    assert f.readline() == b"STORED\r\n"
for i in range(400):
    f = files[(i + 1) % 4]
    f.write(b"get key%d\r\n" % i); f.flush()
    head = f.readline().split()
    n = int(head[3])
    assert n == i * 7 % 1500 and f.read(n + 2) == b"x" * n + b"\r\n" and f.readline() == b"END\r\n"
print("all values came back")
]], name = "client", start = "500ms"}

check("all values came back", [[SELECT count(*) FROM log WHERE text LIKE 'all values%']])
check("the client ended well", [[SELECT status = 0 FROM task WHERE name = 'client']])
