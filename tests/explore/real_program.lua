-- needs python3: the lost wakeup of r12 in a real program: found, shrunk and replayed like that of a Lua program.
scenario{about = "lost wakeup in a real program", duration = "20s"}
host{name = "a", cpus = 1}:spawn{"/usr/bin/python3", "-c", [[
import os, signal, select, time
flag = False
def handler(signo, frame):
    global flag
    flag = True
signal.signal(signal.SIGUSR1, handler)
me = os.getpid()
if os.fork() == 0:
    time.sleep(0.001)
    os.kill(me, signal.SIGUSR1)
    os._exit(0)
signal.pthread_sigmask(signal.SIG_BLOCK, [])
if not flag:
    os.getppid()
    signal.pause()
]], name = "main"}
