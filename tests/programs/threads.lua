-- needs: threads
-- Mutexes, condition variables, a barrier and a semaphore that sixteen threads fight over, on four CPUs.
scenario{about = "a multi-threaded C program", duration = "10s"}

host{name = "box", cpus = 4}:spawn{"build/programs/threads", name = "threads"}

check("all counted", [[SELECT count(*) FROM log WHERE text LIKE '%counter 16000%queue 8000%barriers 10%']])
check("it ended well", [[SELECT status = 0 FROM task WHERE name = 'threads' AND tid = pid]])
