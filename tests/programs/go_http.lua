-- needs: hello_go
-- A Go program: net/http server, and forty goroutines that ask it at once.
scenario{about = "Go: net/http and goroutines", duration = "20s"}

local server = host{name = "server", cpus = 4}
local client = host{name = "client", cpus = 2}
link{server:nic{ip = "10.0.0.1/24"}, client:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "1ms"}

server:spawn{"build/programs/hello_go", "server", "8080", name = "server"}
client:spawn{"build/programs/hello_go", "client", "http://server:8080", "40", name = "client", start = "100ms"}

check("forty answers", [[SELECT count(*) FROM log WHERE text LIKE '40 of 40%']])
