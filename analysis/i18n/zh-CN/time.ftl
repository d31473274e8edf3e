time-d = { $n } 天
time-h = { $n } 小时
time-m = { $n } 分
time-s = { $n } 秒
time-ms = { $n } 毫秒
time-ago = { $length }前
time-in = { $length }后
time-just-now = 刚刚
