-- expect: 1
-- A canary: its check is false, so the harness must see it fail.
host"alone"
check("there are two hosts", "SELECT count(*) = 2 FROM host")
