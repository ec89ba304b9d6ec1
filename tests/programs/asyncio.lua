-- needs: python3
-- Python's asyncio: an echo server and 20 coroutines that talk to it.
scenario{about = "asyncio echo server and clients", duration = "30s"}

local server = host "server"
local client = host "client"
link{server:nic{ip = "10.0.0.1/24"}, client:nic{ip = "10.0.0.2/24"}, rate = "1Gbit", delay = "3ms"}

server:spawn{"python3", "-c", [[
import asyncio
async def echo(r, w):
    while data := await r.read(1000):
        w.write(data); await w.drain()
    w.close()
async def main():
    await (await asyncio.start_server(echo, "0.0.0.0", 9000)).serve_forever()
asyncio.run(main())
]], name = "server"}
client:spawn{"python3", "-c", [[
import asyncio
async def talk(i):
    r, w = await asyncio.open_connection("server", 9000)
    for j in range(10):
        await asyncio.sleep(0.01 * (i % 3))
        m = b"%d/%d" % (i, j)
        w.write(m)
        assert await r.readexactly(len(m)) == m
    w.close()
async def main():
    await asyncio.gather(*(talk(i) for i in range(20)))
    print("20 talked")
asyncio.run(main())
]], name = "client", start = "500ms"}

check("all talked", [[SELECT count(*) FROM log WHERE text LIKE '20 talked%']])
check("the client ended well", [[SELECT status = 0 FROM task WHERE name = 'client']])
