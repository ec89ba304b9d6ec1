-- expect: 1
-- A canary: a program that ends with an error fails the run, although no check asks for it.
host"alone":spawn("broken", function() assert(false, "on purpose") end)
check("there is one host", "SELECT count(*) = 1 FROM host")
