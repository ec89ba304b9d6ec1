-- needs: haproxy nginx curl
-- haproxy balances twenty requests over two nginx, round robin.
scenario{about = "haproxy in front of two nginx", duration = "60s"}

local net = switch{name = "net"}
local function machine(name, ip)
	local h = host{name = name, cpus = 2}
	link{h:nic{ip = ip .. "/24"}, net, rate = "1Gbit", delay = "200us"}
	return h
end

for i = 1, 2 do
	machine("web" .. i, "10.0.0." .. 10 + i):spawn{"/bin/sh", "-c", [[
		mkdir www logs; hostname > www/name
		cat > nginx.conf <<-END
			daemon off; master_process off; pid nginx.pid; error_log stderr warn;
			events { worker_connections 64; }
			http { access_log off;
				client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
				uwsgi_temp_path uwsgi; scgi_temp_path scgi;
				server { listen 80; root $PWD/www; } }
		END
		exec nginx -p $PWD -c $PWD/nginx.conf
	]], name = "nginx"}
end
machine("proxy", "10.0.0.20"):spawn{"/bin/sh", "-c", [[
	cat > haproxy.cfg <<-END
		global
		    nbthread 2
		defaults
		    mode http
		    timeout connect 1s
		    timeout client 5s
		    timeout server 5s
		frontend all
		    bind :80
		    default_backend webs
		backend webs
		    balance roundrobin
		    server web1 10.0.0.11:80 check
		    server web2 10.0.0.12:80 check
	END
	exec haproxy -db -f haproxy.cfg
]], name = "haproxy", start = "100ms"}
machine("client", "10.0.0.30"):spawn{"/bin/sh", "-c",
	"for i in 1 2 3 4 5 6 7 8 9 10; do curl -sS http://proxy/name http://proxy/name; done | sort | uniq -c",
	name = "client", start = "5s"}

check("each served ten", [[SELECT count(*) FROM log WHERE text LIKE '%10 web1%10 web2%']])
