time-d = { $n }d
time-h = { $n }h
time-m = { $n }m
time-s = { $n }s
time-ms = { $n }ms
time-ago = { $length } ago
time-in = in { $length }
time-just-now = just now
