-- needs: python3 ss
-- A raw ICMP socket of Python's, and a listener to a protocol of its own: what it sends and gets over a NIC.
scenario{about = "raw sockets of real programs", duration = "20s"}

local a, b = host "a", host "b"
link{a:nic{ip = {"10.0.0.1/24", "fd00::1/64"}}, b:nic{ip = {"10.0.0.2/24", "fd00::2/64"}}, rate = "1Gbit", delay = "5ms"}

a:spawn{"python3", "-c", [[
import socket, struct, time
def checksum(b):
    s = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    s = (s >> 16) + (s & 0xffff)
    return ~(s + (s >> 16)) & 0xffff
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
for seq in range(3):
    head = struct.pack("!BBHHH", 8, 0, 0, 4711, seq)
    data = b"sockloom" * 4
    begin = time.monotonic()
    s.sendto(struct.pack("!BBHHH", 8, 0, checksum(head + data), 4711, seq) + data, ("10.0.0.2", 0))
    p, who = s.recvfrom(2000)
    ms = (time.monotonic() - begin) * 1000
    assert p[0] == 0x45 and p[9] == 1 and checksum(p[:20]) == 0 and checksum(p[20:]) == 0
    print("reply", who[0], struct.unpack("!BBHHH", p[20:28])[3:], p[28:] == data, "ttl", p[8], "in", int(ms), "ms")
s6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s6.setsockopt(socket.IPPROTO_ICMPV6, 1, bytes(0xff if i != 129 // 8 else 0xff ^ 1 << 129 % 8 for i in range(32)))
s6.sendto(struct.pack("!BBHHH", 128, 0, 0, 4711, 9) + b"six", ("fd00::2", 0))
p, who = s6.recvfrom(2000)
print("reply", who[0], p[0], struct.unpack("!BBHHH", p[:8])[3:], p[8:])
]], name = "ping", start = "1s"}

a:spawn{"python3", "-c", [[
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)
s.sendto(b"x" * 4000, ("10.0.0.2", 0))
print("back", s.recvfrom(5000)[0][20:])
u = socket.socket(socket.AF_INET, socket.SOCK_RAW, 252)
u.connect(("10.0.0.2", 0))
u.send(b"nobody listens")
try:
    u.recv(100)
except OSError as e:
    print("error", e.strerror)
]], name = "sender", start = "2s"}

b:spawn{"python3", "-c", [[
import socket, subprocess
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)
s.bind(("10.0.0.2", 0))
print(subprocess.run(["ss", "-wan"], capture_output=True, text=True).stdout)
p, who = s.recvfrom(5000)
print("got", len(p), who)
s.sendto(b"thanks", who)
]], name = "other", start = "1s"}

local function says(name, text)
	check(name .. ": " .. text, "SELECT count(*) FROM log l JOIN task t ON t.host = l.host WHERE t.name LIKE '" .. name ..
		"%' AND l.text LIKE '%" .. text .. "%'")
end
for seq = 0, 2 do
	says("ping", "reply 10.0.0.2 (4711, " .. seq .. ") True ttl 64 in " .. (seq == 0 and 20 or 10) .. " ms") -- ARP first
end
says("ping", "reply fd00::2 129 (4711, 9) b''six''")
says("other", "got 4020 (''10.0.0.1'', 0)")
says("other", "UNCONN 0 % 0 % 10.0.0.2:253 % 0.0.0.0:*")
says("sender", "back b''thanks''")
says("sender", "error Protocol not available")
