service-asked-as = 查询名 { $name }
service-files = { $file }{ $more ->
    [0] { "" }
   *[other] { " " }及 { $more } 个附加文件
}
service-since = ，自 { $since }（{ $length }）
service-by-script = 依据 PID 文件，本机没有 systemd
service-cause-running = 正在运行
service-cause-done = 已完成工作并退出
service-cause-waiting = 待命中，需要时启动
service-cause-starting = 正在启动
service-cause-stopping = 正在停止
service-cause-stopped = 已停止，没有发生故障
service-cause-enabled-but-down = 已停止，但设置为开机启动
service-cause-condition-not-met = 条件不成立，systemd 跳过了启动
service-cause-failed = 已失败
service-cause-stopped-after-failure = 失败后在重新启动之前被停止
service-cause-restart-loop = 看似存活，实际反复退出、反复被拉起
service-cause-killed-inside = 状态为 active，但内核因内存不足杀死过其中的进程
service-cause-nothing-left = 状态为 active，但已没有任何进程
service-cause-at-limit = 正在运行，但某项限额即将用尽
service-cause-started-unit-failed = 自身待命正常，但它启动的单元已失败
service-cause-masked = 已被屏蔽，无法启动
service-cause-unit-file-invalid = systemd 不接受其单元文件
service-cause-not-found = 没有这个单元
service-cause-unknown = 不清楚是否在运行
service-because = { $cause }：{ $why }
service-sure = （{ $certainty }）
service-evidence = 依据
service-restarts = 最近一小时被重新拉起 { $hour } 次，最近一天 { $day } 次
service-restarts-uptime = 最近一小时被重新拉起 { $hour } 次，最近一天 { $day } 次；平均只运行 { $uptime }
service-last-stop = 上次停止 { $at }：{ $stop }
service-stop = { $what }（{ $certainty }）
service-oom-kills = 启动以来，内核因内存不足杀死了其中 { $count } 个进程
service-limit-tasks = 任务数 { $used }，上限 { $limit }
service-limit-open-files = 打开文件 { $used }，上限 { $limit }
service-pid-file = { $path }：{ $state }
service-pid-alive = 进程 { $pid } 存活
service-pid-dead = 进程 { $pid } 已不存在
service-pid-none = 没有记录进程号
service-did-you-mean = 是否要查 { $units }？
service-main-process = 主进程
service-process = { $pid } { $command }
service-process-of = { $pid } { $command }，用户 { $user }
service-status-text = 自述状态
service-memory = 内存
service-cpu = CPU
service-tasks = 任务数
service-io = I/O
service-open-files = 打开文件
service-of-limit = { $used }，上限 { $limit }（{ $percent } %）
service-no-limit = { $used }，无上限
service-peak = { $text }，峰值 { $peak }
service-swap = { $text }，交换区 { $swap }
service-memory-high = { $text }，超过 { $limit } 时限速
service-memory-anonymous = { $text }，其中非缓存 { $anonymous }
service-oom-killed = { $text }，因内存不足被杀死 { $count } 个进程
service-cpu-used = { $over }内用时 { $used }：平均占单核 { $percent } %
service-cpu-used-plain = { $used }
service-cpu-quota = { $text }，配额 { $quota } %
service-io-used = 读 { $read }，写 { $written }
service-not-accounted = 未统计：systemctl set-property { $unit } { $setting }=yes
service-not-running = 没有进程在运行
service-policy = 重启策略
service-policy-no = 不重启（Restart=no）
service-policy-yes = { $restart }，间隔 { $delay }
service-policy-steps = { $restart }，间隔 { $delay } 至 { $most }
service-outlook-never = { $policy }；若一启动就失败，会无限次重启
service-outlook-gives-up = { $policy }；若一启动就失败，最多启动 { $starts } 次，{ $after }后放弃
service-restarted = { $policy }；systemd 已自动重启 { $restarts } 次
service-type = 类型
service-type-value = { $type }，KillMode={ $kill }，启动限时 { $start }，停止限时 { $stop }
service-watchdog = { $text }，看门狗 { $length }
service-for-ever = 不限
service-timer-next = 下次触发
service-timer-last = 上次触发
service-timer-when = 触发条件
service-timer-starts = 启动单元
service-never = 无
service-socket-listens = 监听
service-socket-connections = 连接
service-socket-counts = 当前 { $connections } 个，累计接受 { $accepted } 个{ $refused ->
    [0] { "" }
   *[other] ，拒绝 { $refused } 个
}
service-mount-what = 设备
service-mount-at = 挂载点
service-path-watches = 监视路径
service-script = 脚本
service-triggered-by = 由谁触发
service-triggers = 触发单元
service-events = 最近事件
service-events-none = { $since ->
    [none] 没有它的记录。
   *[other] { $since } 以来没有它的记录。
}
service-events-more = … 另有 { $events } 条更早的事件：{ $command }
service-event-starting = 正在启动
service-event-started = 已启动
service-event-start-failed = 启动失败
service-event-stopped = 已停止
service-start-automatic = systemd 自动重启，第 { $restarts } 次
service-start-requested = { $actor }
service-start-asked = 应请求启动
service-start-boot = 开机启动
service-took = { $text }，耗时 { $length }
service-took-plain = 耗时 { $length }
service-up = { $text }，运行了 { $length }
service-log = 本次运行的日志
service-log-last = 上次运行的日志
service-log-none = 没有日志。
service-log-more = … { $command }
service-needs = 依赖的单元
service-needs-fine = { $units } 个单元正常
service-needed-by = 被 { $unit } 依赖
service-audit = 配置检查
service-audit-fine = 单元文件未发现问题。
service-audit-more = … 另有 { $findings } 项：{ $command }
service-severity-error = 错误
service-severity-warning = 警告
service-severity-hint = 提示
service-audit-program-missing = 程序 { $setting } 不存在
service-audit-program-not-executable = 程序 { $setting } 无法执行
service-audit-program-writable = 任何人都能修改程序 { $setting }
service-audit-file-writable = 任何人都能修改单元文件 { $setting }，从而获得 root 权限
service-audit-file-owner = 单元文件 { $setting } 不属于 root，其所有者可借此获得 root 权限
service-audit-file-gone = 正在运行，但单元文件已不存在，停止后无法再启动
service-audit-masked-but-runs = 正在运行，但已被屏蔽，停止后无法再启动
service-audit-start-limit-ignored = { $setting } 不生效：写在了 [Service]，应写在 [Unit]
service-audit-start-limit-misplaced = { $setting } 应写在 [Unit]；写在 [Service] 只是为兼容旧版而生效
service-audit-need-reload = systemd 读取之后文件又有改动，文件内容尚未生效
service-audit-no-restart = { $setting }：进程退出后没有谁会再启动它
service-audit-gives-up-soon = 连续 { $starts } 次快速失败（{ $after }）后即放弃，来不及等到所依赖的服务恢复
service-audit-never-gives-up = 启动次数限制（{ $interval }内 { $burst } 次）永远达不到，出故障时会无限重启
service-audit-kill-mode-none = { $setting }：停止服务时不结束任何进程
service-audit-kill-mode-process = { $setting }：停止服务时只结束主进程
service-audit-forking-without-pid-file = { $setting } 而没有 PIDFile=：systemd 只能猜测主进程
service-audit-oom-stays-down = { $setting } 不包含被 OOM 杀死的情形：之后不会再启动
service-audit-oom-continues = { $setting }：部分进程被内核杀死后，状态仍为 active
service-audit-stop-timeout-infinite = { $setting }：停止服务乃至关机都可能无限期卡住
service-audit-watchdog-unfed = { $setting }，但{ $type ->
    [none] 其类型
   *[other] Type={ $type }
}看不出程序会向 systemd 报告存活
service-audit-not-at-boot = 正在运行，但重启主机后不会自动启动
service-audit-runs-as-root = 以 root 运行，且几乎没有隔离
service-audit-complaint = systemd：{ $words }
service-audit-inferred = { $text }（推断）
service-audit-at = { $file }:{ $line }
service-hardening = 安全加固
service-hardening-value = 暴露程度 { $exposure }（满分 10，{ $level }），据 systemd-analyze security
service-hardening-open = { $setting }（-{ $exposure }）{ $words }
service-limit-not-seen = 未能读取 { $what }：{ $why }
service-limit-hint-root = 提示：以 root 运行
service-limit-hint-journal = 提示：以 root 运行，或加入 systemd-journal 或 adm 组
service-limit-hint-tool = 提示：该工具在软件包 systemd（有的系统为 systemd-analyze）中
service-next = 下一步：{ $command }
