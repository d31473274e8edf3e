report-reading-processes = 正在读取进程
report-reading-unit = 正在向 systemd 查询单元
report-reading-journal = 正在读取日志
report-reading-sockets = 正在读取套接字
report-reading-stacks = 正在读取堆栈
report-watching = 正在观察（秒）
report-concluding = 正在得出结论
report-progress = { $step }，{ $done }/{ $of }
