# 一个事件一行。单元、程序和主机的名字保持原样。
event-process-forked = { $comm }[{ $pid }] 由 { $parent } 创建
event-process-executed = { $comm }[{ $pid }] 执行 { $argv }
event-process-exited = { $comm }[{ $pid }] 结束：{ $status }
event-unit-starting = { $unit } 正在启动
event-unit-started = { $unit } 已启动{ $why }
event-unit-start-failed = { $unit } 启动失败：{ $stop }
event-unit-stopping = { $unit } 正在停止
event-unit-stopped = { $unit } 已停止：{ $stop }
event-unit-cause-revised = { $unit } 此前停止的原因更正：{ $stop }
event-unit-restart-scheduled = { $unit } 将由 systemd 重启（连续第 { $restarts } 次）
event-unit-requested = { $unit }：{ $actor } 请求{ $verb }
event-unit-state = { $unit } 状态 { $state }
event-oom-killed = 内核 OOM killer 终止了 { $comm }（{ $memory }），{ $constraint }
event-process-faulted = { $comm }[{ $pid }] 出错：{ $line }
event-host-booted = 主机已启动{ $before }
event-clock-jumped-forward = 时钟被拨快 { $length }
event-clock-jumped-back = 时钟被拨慢 { $length }
event-source-started = { $source } 事件通过 { $runs } 获取{ $degraded }
event-source-off = 没有 { $source } 事件{ $degraded }
event-agent-started = 代理 { $version } 在 { $host } 上启动
event-gap = { $source } 的事件缺失（{ $lost }）：{ $reason }，{ $detail }
event-unreadable = 服务端版本较旧，无法读取此记录（已保存）

event-why-automatic = ，由 systemd 自动重启，第 { $restarts } 次
event-why-requested = ，由 { $actor } 请求
event-why-boot = ，随系统启动
event-before-orderly = ，此前正常关机
event-before-power-cut = ，此前断电或崩溃：没有关机记录
event-degraded = （{ $reason }）
event-lost-number = { $n } 个事件
event-lost-unknown = 数量不明
event-status-unknown = 结束方式不明
event-oom-killer = ，由 OOM killer 终止
event-killer = ，由 { $comm }[{ $pid }]（uid { $uid }）发送

constraint-cgroup = 其 cgroup 达到内存上限
constraint-system = 整机内存耗尽

actor-user = { $user }
actor-user-login = { $user }（登录用户 { $login }）
actor-command = { $who } 执行 `{ $command }`

stop-line = { $cause }{ $detail }（{ $certainty }）

cause-manual = 手动操作
cause-exit-code = 退出码
cause-signal = 信号
cause-oom-cgroup = 内存不足（cgroup 上限）
cause-oom-system = 内存不足（整机）
cause-watchdog = 看门狗超时
cause-timeout = 超时
cause-dependency = 依赖
cause-package-upgrade = 软件包升级
cause-reboot = 主机重启
cause-clean = 正常退出
cause-unknown = 未知

certainty-measured = 实测
certainty-inferred = 推断
certainty-unknown = 不明

verb-start = 启动
verb-stop = 停止
verb-restart = 重启
verb-reload = 重新加载
verb-kill = 发送信号

gap-overflow = 缓冲区溢出
gap-spool-full = 本地队列已满
gap-spool-damaged = 本地队列损坏
gap-oversize = 记录过大
gap-journal-vacuumed = 日志已被清理
gap-out-of-order = 日志条目顺序错乱
gap-agent-down = 代理未运行
gap-malformed = 记录格式错误
