-- expect: 2
-- A canary: a check that names no table is found at load time.
host"alone"
check("a typo", "SELECT count(*) = 0 FROM droped")
