-- needs: flock python3
-- Waiting for a lock of a file takes virtual time, and the world goes on meanwhile (flock(2), fcntl(2) F_SETLKW).
scenario{about = "locks of files", duration = "20s"}
local a = host "a"
a:spawn{"/bin/bash", "-c", [[
(flock 9; echo first; sleep 2; echo first done) 9>file &
sleep 0.1
(flock 9; echo second) 9>file
python3 - <<'P'
import fcntl, os, time
f = open("records", "w")
if os.fork() == 0:
    g = open("records", "w")
    fcntl.lockf(g, fcntl.LOCK_EX)
    print("child has it", flush=True)
    time.sleep(1)
    print("child lets go", flush=True)
    os._exit(0)
time.sleep(0.1)
fcntl.lockf(f, fcntl.LOCK_EX)
print("parent has it", flush=True)
P
wait
]], name = "locks"}
check("in order", [[SELECT group_concat(text, '') = 'first
first done
second
child has it
child lets go
parent has it
' FROM (SELECT text FROM log WHERE stream = 'stdout' ORDER BY seq)]])
check("after the time that they were held", "SELECT max(t) > 3000000000 AND max(t) < 5000000000 FROM log")
