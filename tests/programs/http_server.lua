-- needs: python3 curl
-- Python's http.server serves 50 curls that start at once.
scenario{about = "50 curls against python3 -m http.server", duration = "60s"}

local server = host{name = "server", cpus = 2}
local net = switch{name = "net"}
link{server:nic{ip = "10.0.0.1/24"}, net}
server:spawn{"/bin/sh", "-c", "seq 1 5000 > page; exec python3 -m http.server 8000", name = "http.server"}
for i = 1, 5 do
	local client = host{name = "client" .. i, cpus = 2}
	link{client:nic{ip = "10.0.0." .. 10 + i .. "/24"}, net, rate = "100Mbit", delay = "2ms"}
	for j = 1, 10 do
		client:spawn{"/bin/sh", "-c", "curl -sS http://server:8000/page | md5sum", name = "curl", start = "1s"}
	end
end

check("fifty pages, all the same", [[
	SELECT count(*) = 50 AND count(DISTINCT text) = 1 FROM log WHERE text LIKE '% _-%' AND length(text) = 36 AND text NOT LIKE 'd41d8cd9%']])
