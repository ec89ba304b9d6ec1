-- Real programs: curl fetches a page from python3 -m http.server over a link that loses packets.
-- Neither program knows: their sockets, clocks and host names are simulated, their files are not.
-- Look at: sockloom show curl_python.db --timeline --host client
scenario{about = "curl and Python's web server, unmodified, over a lossy link", duration = "20s"}

local server = host{name = "server", cpus = 2}
local client = host "client"
link{server:nic{ip = "10.0.0.1/24"}, client:nic{ip = "10.0.0.2/24"},
     rate = "10Mbit", delay = "20ms", loss = "1%"}

server:spawn{"/bin/sh", "-c", "seq 1 20000 > numbers; exec python3 -m http.server 8000", name = "server"}
client:spawn{"curl", "-sS", "-o", "numbers", "-w", "%{size_download} bytes", "http://server:8000/numbers",
             start = "1s"}

check("the page came whole", "SELECT count(*) FROM log WHERE text = '108894 bytes'")
check("curl succeeded", "SELECT status = 0 FROM task WHERE name = 'curl'")
