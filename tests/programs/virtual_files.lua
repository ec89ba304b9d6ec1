-- needs: cat ls find getent stat od
-- The files that tell of a host tell of the simulated one: shell and coreutils read /proc, /sys, /etc/hosts
-- and /dev/urandom of two hosts, set a sysctl and an MTU, and cannot change what is not theirs.
scenario{about = "virtual files of a host", duration = "20s", epoch = "2026-01-01 00:00:00"}

local a = host{name = "alpha", cpus = 4, nameserver = "10.0.0.53"}
local b = host{name = "beta", cpus = 1}
link{a:nic{ip = {"10.0.0.1/24", "2001:db8::1/64"}, queues = 2}, b:nic{ip = "10.0.0.2/24"}, rate = "10Gbit", delay = "1ms"}
a:route("default", {via = "10.0.0.2"})

local function sh(host, name, text, start)
  host:spawn{"/bin/sh", "-c", text, name = name, start = start or "1s"}
end

sh(a, "names", [[
cat /etc/hostname /proc/sys/kernel/hostname /etc/resolv.conf
getent hosts beta
getent ahostsv6 alpha | head -n 1
]])
sh(b, "others", "cat /etc/hostname; nproc; getent hosts alpha")
sh(a, "cpus", [[
nproc
cat /sys/devices/system/cpu/online
grep -c processor /proc/cpuinfo
ls -d /sys/devices/system/cpu/cpu[0-9]* | wc -l
]])
sh(a, "net", [[
cat /proc/net/route | while read -r line; do set -- $line; echo "route $1 $2 $3 $4"; done
ls /sys/class/net
ls /sys/class/net/eth0/queues
cat /sys/class/net/eth0/speed /sys/class/net/eth0/address /sys/class/net/eth0/operstate
]])
sh(a, "write", [[
cat /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv4/ip_forward && cat /proc/sys/net/ipv4/ip_forward
echo 300 > /proc/sys/net/ipv4/ip_default_ttl || echo "ttl refused"
echo 9000 > /sys/class/net/eth0/mtu && cat /sys/class/net/eth0/mtu
echo 3 > /sys/class/net/eth0/queues/rx-1/rps_cpus && cat /sys/class/net/eth0/queues/rx-1/rps_cpus
echo x > /etc/hosts || echo "hosts refused"
chmod 777 /etc/resolv.conf || echo "chmod refused"
]])
sh(a, "self", [[
cat /proc/self/comm
cat /proc/thread-self/cgroup
stat -c "%F %s %h" /proc/self/stat
readlink /proc/self/exe
cat /proc/uptime
ls /proc | grep -c '^[0-9]'
[ "$(cat /proc/$$/stat | cut -d' ' -f1)" = $$ ] && echo "pid agrees"
]], "3s")
-- Virtual directories are places to be, for children too; a real one is left and found again.
sh(a, "cd", [[
cd /sys/class/net/eth0/queues && /bin/pwd && ls -d rx-1
cd ../statistics && (cat rx_bytes > /dev/null && echo "there")
rm rx_bytes || echo "rm refused"
cd /usr/bin && /bin/pwd && ls sh
]])
sh(a, "random", "od -A n -t x1 -N 16 /dev/urandom; cat /proc/sys/kernel/random/uuid /proc/sys/kernel/random/boot_id")
sh(b, "random_b", "od -A n -t x1 -N 16 /dev/urandom")
-- Every file of /proc and /sys can be read, or says why not as Linux does.
sh(a, "walk", [[
find /proc/sys /proc/self/net/ /sys/devices -type f | while read -r f; do cat "$f" > /dev/null || echo "cannot read $f"; done
find /proc/sys /sys | wc -l
]])

local function says(name, text)
  check(name .. " says " .. text, string.format(
    "SELECT count(*) FROM log WHERE char(10) || text || char(10) LIKE '%%' || char(10) || '%s' || char(10) || '%%'", text))
end

for _, line in ipairs{"alpha", "nameserver 10.0.0.53", "10.0.0.2        beta", "beta", "4", "0-3", "1",
                      "route eth0 00000000 0200000A 0003", "route eth0 0000000A 00000000 0001",
                      "eth0", "rx-1", "10000", "up", "ttl refused", "9000", "3", "hosts refused", "chmod refused",
                      "cat", "0::/", "regular empty file 0 1", "pid agrees",
                      "/sys/class/net/eth0/queues", "there", "rm refused", "/usr/bin", "sh"} do
  says("a program", line)
end
check("addresses of both families", [[SELECT count(*) FROM log WHERE text LIKE '%2001:db8::1%']])
check("uptime is virtual", [[SELECT count(*) FROM log WHERE text LIKE '3.0%']])
check("nothing of /sys is beyond reach but what a loopback device lacks", [[
  SELECT count(*) = 3 FROM log WHERE text LIKE '%cannot read%'
    AND (text LIKE '%/lo/%')]])
