local s = switch{name='s', ports=4}
for i = 1, 3 do local h = host{name='h'..i}
 local n = h:nic{ip='10.0.0.'..i..'/24'} link{n, s}
 h:route('default', {via='10.0.0.1', metric=5})
 h:spawn('p', {start='1us'}, function() local f = socket(AF_INET, SOCK_DGRAM) bind(f, {addr='0.0.0.0', port=9}) sendto(f, 'x', {addr='10.0.0.2', port=9}) recvfrom(f, 9) end) end
