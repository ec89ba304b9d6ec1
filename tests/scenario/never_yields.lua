-- expect: 2
-- A canary: a program that never makes a call ends by the instruction limit.
host"alone":spawn("spin", function() while true do end end)
