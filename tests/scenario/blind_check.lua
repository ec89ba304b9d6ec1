-- expect: 1
-- A canary: checks may only read tables that exist; a typo is no success.
host"alone"
check("a typo", "SELECT count(*) = 0 FROM droped")
