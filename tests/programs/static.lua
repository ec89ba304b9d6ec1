-- needs: echo_static
-- A statically linked C program: an echo over TCP, forked server and client, on loopback.
scenario{about = "a static C program", duration = "10s"}

host "box":spawn{"build/programs/echo_static", name = "echo"}

check("echoed", [[SELECT count(*) FROM log WHERE text LIKE 'echoed 100000 bytes%']])
check("it ended well", [[SELECT status = 0 FROM task WHERE name = 'echo' AND ppid = 0]])
