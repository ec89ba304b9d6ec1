-- needs: wrk nginx
-- wrk with two threads and 16 connections against nginx with two workers.
scenario{about = "wrk against nginx with two workers", duration = "10s"}

local server = host{name = "server", cpus = 2}
local client = host{name = "client", cpus = 2}
link{server:nic{ip = "10.0.0.1/24", queues = 2}, client:nic{ip = "10.0.0.2/24", queues = 2},
     rate = "1Gbit", delay = "500us"}

server:spawn{"/bin/sh", "-c", [[
	mkdir www logs; echo hello > www/index.html
	cat > nginx.conf <<-END
		daemon off; worker_processes 2; pid nginx.pid; error_log stderr warn;
		events { worker_connections 64; }
		http { access_log off;
			client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
			uwsgi_temp_path uwsgi; scgi_temp_path scgi;
			server { listen 80 reuseport; root $PWD/www; } }
	END
	exec nginx -p $PWD -c $PWD/nginx.conf
]], name = "nginx"}
client:spawn{"wrk", "-t", "2", "-c", "16", "-d", "1s", "http://server/", start = "1s"}

check("a second's worth of requests", [[
	SELECT CAST(substr(text, instr(text, 'Requests/sec:') + 13) AS REAL) > 1000
	FROM log WHERE text LIKE '%Requests/sec:%']])
check("without errors", [[SELECT count(*) = 0 FROM log WHERE text LIKE '%errors:%' OR text LIKE '%Non-2xx%']])
