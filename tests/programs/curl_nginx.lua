-- needs: nginx curl
-- curl fetches a page from nginx over a link of 20 ms that loses one packet in fifty.
scenario{about = "curl and nginx over a lossy link", duration = "60s"}

local server = host{name = "server", cpus = 2}
local client = host "client"
link{server:nic{ip = "10.0.0.1/24"}, client:nic{ip = "10.0.0.2/24"},
     rate = "100Mbit", delay = "20ms", loss = "2%"}

server:spawn{"/bin/sh", "-c", [[
	mkdir www logs
	seq 1 40000 > www/numbers
	cat > nginx.conf <<-END
		daemon off; master_process on; worker_processes 2; pid nginx.pid;
		error_log stderr notice;
		events { worker_connections 64; }
		http { access_log /dev/stdout; sendfile on;
			client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
			uwsgi_temp_path uwsgi; scgi_temp_path scgi;
			server { listen 80 reuseport; root $PWD/www; } }
	END
	exec nginx -p $PWD -c $PWD/nginx.conf
]]}
client:spawn{"/bin/sh", "-c", "curl -sS -o got http://server/numbers && seq 1 40000 | cmp - got && echo same",
             name = "client", start = "1s"}

check("the page came whole", [[SELECT count(*) FROM log WHERE text LIKE 'same%']])
check("curl succeeded", [[SELECT status = 0 FROM task WHERE name = 'client']])
check("packets were lost on the way", [[SELECT count(*) FROM dropped]])
