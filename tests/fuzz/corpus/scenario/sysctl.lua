local a = host{name='a', forward=true, cost={syscall='1us', irq=5}, sysctl={['net.core.somaxconn']=5}}
param('n', 3)
check('c', 'SELECT 1')
check('d', function(q, rows) return true end)
a:neighbour('10.0.0.2','02:00:00:00:00:02',a:nic{ip='10.0.0.1/24'}.name)
