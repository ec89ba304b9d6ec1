local a = host{name='a'}
a:spawn('srv', function() local s = socket(AF_INET, SOCK_STREAM) setsockopt(s, SOL_SOCKET, SO_REUSEADDR, 1) bind(s, {addr='127.0.0.1', port=80}) listen(s) local c = accept(s) send(c, recv(c, 10)) shutdown(c, SHUT_WR) close(c) end)
a:spawn('cli', {start='1us'}, function() local c = socket(AF_INET, SOCK_STREAM) connect(c, {addr='127.0.0.1', port=80}) write(c, 'hi') print(recv(c, 10)) poll({[c]={events={IN=true}}}, 1) end)
