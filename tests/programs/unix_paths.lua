-- needs: python3
-- A Lua program and real ones meet at an AF_UNIX pathname, relative or absolute; another host has names of its own.
scenario{about = "pathnames of AF_UNIX sockets", duration = "10s"}

local a, b = host "a", host "b"

a:spawn("lua", function()
  local l = assert(socket(AF_UNIX, SOCK_STREAM))
  assert(bind(l, {family = AF_UNIX, path = "/run/lua.sock"}))
  assert(listen(l, 4))
  local c = assert(accept(l))
  assert(recv(c, 100) == "from python")
  assert(send(c, "from lua"))
  close(c)
  sleep(2)
  c = assert(socket(AF_UNIX, SOCK_STREAM))
  assert(connect(c, {family = AF_UNIX, path = "/tmp/python.sock"}))
  assert(recv(c, 100) == "python's own")
end)

local python = [[
import os, socket, stat, sys
c = socket.socket(socket.AF_UNIX)
c.connect("/run/lua.sock")
c.send(b"from python")
print(c.recv(100).decode())
assert stat.S_ISSOCK(os.stat("/run/lua.sock").st_mode)
os.chdir("/tmp")
s = socket.socket(socket.AF_UNIX)
s.bind("python.sock")
s.listen(4)
assert stat.S_ISSOCK(os.stat("/tmp/python.sock").st_mode) and os.path.exists("../tmp/python.sock")
s.accept()[0].send(b"python's own")
os.unlink("/tmp/python.sock")
print("gone" if not os.path.exists("python.sock") else "there")
]]
a:spawn{"/usr/bin/python3", "-c", python, name = "python", start = "1s"}
b:spawn{"/usr/bin/python3", "-c", [[
import socket
s = socket.socket(socket.AF_UNIX)
try: s.connect("/run/lua.sock")
except OSError as e: print(e)
s.bind("/tmp/python.sock")
print("other host")
]], name = "other", start = "1500ms"}

for _, text in ipairs{"from lua", "gone", "[Errno 2] No such file or directory", "other host"} do
  check(text, string.format("SELECT count(*) = 1 FROM log WHERE text LIKE '%%%s%%'", text))
end
check("all ended well", "SELECT count(*) = 3 AND max(status) = 0 FROM task")
