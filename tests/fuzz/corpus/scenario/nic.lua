local a = host{name='a', cpus=4}
local n = a:nic{ip={'10.0.0.1/24','fd00::1/64'}, queues=4, rx_usecs='50us', irq_affinity={0,1}, rps={1,2}, rules={{proto='udp', dport=5, queue=1}}, indir={0,1}, qdisc={'netem', delay='1ms', loss='1%'}}
local b = host{name='b'}
local m = b:nic{}
link{n, m, rate='1Gbit', delay='1us', loss='1%', drop_nth={3}, a_to_b={loss='2%'}}:at('5us',{loss='0%'}):down('7us','9us'):partition('10us')
