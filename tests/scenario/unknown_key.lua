-- expect: 2
-- A canary: a misspelt key is found before anything runs.
host{ name = "alone", cpu = 2 }
