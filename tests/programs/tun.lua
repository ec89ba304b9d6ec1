-- needs: python3
-- A program owns an interface of its host: what other programs send there it reads, and it answers.
-- TUN with and without the four bytes before each packet, and TAP with ARP of its own.
scenario{about = "TUN and TAP devices", duration = "10s"}

local common = [[
import fcntl, socket, struct, sys
TUN, TAP, NO_PI = 1, 2, 0x1000
def attach(name, flags, addr):
    f = open("/dev/net/tun", "r+b", buffering=0)
    got = fcntl.ioctl(f, 0x400454ca, struct.pack("16sH22x", name, flags))
    dev = got[:16].rstrip(b"\0")
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sin = struct.pack("H2x4s8x", socket.AF_INET, socket.inet_aton(addr))
    fcntl.ioctl(s, 0x8916, struct.pack("16s16s8x", dev, sin))
    mask = struct.pack("H2x4s8x", socket.AF_INET, socket.inet_aton("255.255.255.0"))
    fcntl.ioctl(s, 0x891c, struct.pack("16s16s8x", dev, mask))
    flags, = struct.unpack("16xH22x", fcntl.ioctl(s, 0x8913, struct.pack("40s", dev)))
    fcntl.ioctl(s, 0x8914, struct.pack("16sH22x", dev, flags | 0x1))
    print("attached", dev.decode()); sys.stdout.flush()
    return f
def turned(ip):  # source and destination swapped: no checksum changes
    return ip[:12] + ip[16:20] + ip[12:16] + ip[22:24] + ip[20:22] + ip[24:]
]]

local box = host{name = "box", cpus = 2}
box:spawn{"python3", "-c", common .. [[
f = attach(b"", TUN, "10.9.0.1")
while True:
    p = f.read(2000)
    if p[2:4] == b"\x08\x00" and p[13] == 17:
        f.write(p[:4] + turned(p[4:]))
]], name = "tun"}
box:spawn{"python3", "-c", common .. [[
f = attach(b"wire%d", TUN | NO_PI, "10.8.0.1")
while True:
    p = f.read(2000)
    if p[0] >> 4 == 4 and p[9] == 17:
        f.write(turned(p))
]], name = "tun-no-pi"}
box:spawn{"python3", "-c", common .. [[
f = attach(b"tap7", TAP | NO_PI, "10.7.0.1")
mac = b"\x02\x00\x00\x00\x00\x07"
while True:
    p = f.read(2000)
    if p[12:14] == b"\x08\x06" and p[20:22] == b"\x00\x01":  # who has?
        f.write(p[6:12] + mac + p[12:20] + b"\x00\x02" + mac + p[38:42] + p[22:32])
    elif p[12:14] == b"\x08\x00" and p[23] == 17:
        f.write(p[6:12] + mac + p[12:14] + turned(p[14:]))
]], name = "tap"}
box:spawn{"python3", "-c", [[
import socket
for net in 9, 8, 7:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(1)
    for i in range(3):
        s.sendto(b"to %d/%d" % (net, i), ("10.%d.0.2" % net, 7))
        print(s.recvfrom(100))
]], name = "client", start = "500ms"}

check("nine echoes", [[SELECT count(*) = 1 FROM task WHERE name = 'client' AND status = 0]])
check("from all three", [[SELECT count(*) FROM log WHERE text LIKE '%to 9/2%to 8/2%to 7/2%']])
check("names as asked for", [[
	SELECT count(*) = 3 FROM log WHERE text LIKE 'attached tun0%' OR text LIKE 'attached wire0%' OR text LIKE 'attached tap7%']])
