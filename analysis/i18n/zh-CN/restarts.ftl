restarts-nothing = 最近 { $period }内没有单元停止。
restarts-none-of-unit = { $unit } 在最近 { $period }内没有停止过。
restarts-period = { $from } 至 { $until }
restarts-running = 运行中
restarts-down = 已停止
restarts-failed = 失败，已停止
restarts-since = ，自 { $since }（{ $length }）
restarts-state-unknown = 状态不明
restarts-stops = 停止次数
restarts-stops-value = { $stops } 次，其中故障 { $failures } 次；再次启动 { $restarts } 次（{ $rate } 次/天）
restarts-uptime = 平均运行时长
restarts-uptime-value = { $length }（{ $counted } 次运行）
restarts-mttr = MTTR（平均恢复时间）
restarts-mttr-value = { $length }（{ $counted } 次恢复）
restarts-not-known = 不明
restarts-heading-cause = 原因
restarts-heading-stops = 次数
restarts-heading-share = 占比
restarts-heading-stopped = 停止时间
restarts-heading-sure = 确定性
restarts-heading-back = 恢复用时
restarts-heading-detail = 详情与操作者
restarts-heading-unit = 单元
restarts-heading-failures = 故障
restarts-heading-rate = 次/天
restarts-heading-mttr = MTTR
restarts-heading-last = 最近原因
restarts-heading-now = 当前
restarts-now-running = 运行中
restarts-now-down = 已停止
restarts-now-unknown = ?
restarts-still-down = 尚未恢复
restarts-memory = { $rss }，上限 { $limit }
restarts-memory-machine = 占用 { $rss }
restarts-start-failed = 启动失败
restarts-result = 结果 { $result }
restarts-dependency = { $unit } 停止
restarts-orderly = 正常关机
restarts-power-cut = 断电或崩溃：没有关机记录
restarts-recorded-since = 记录始于 { $since }，此前情况不明。
restarts-gap = { $source } 在 { $at } 有缺失：{ $detail }
restarts-advice = 建议：
restarts-advice-raise-memory-limit = 达到内存上限：请查找泄漏，或提高上限。
restarts-advice-machine-memory = 整机内存耗尽，内核选择了此单元：请为单元设置上限，或增加内存。
restarts-advice-read-core-dump = 已保存核心转储：
restarts-advice-enable-core-dumps = 崩溃时没有保存核心转储。在 [Service] 中加入 LimitCORE=infinity：
restarts-advice-look-at-timeouts = 没有在限定时间内启动或停止：
restarts-advice-fix-exec-start = 程序无法执行：请检查 ExecStart=。
restarts-advice-not-restarted = 故障后没有再启动：

restarts-pid = ，PID { $pid }
restarts-headline = { $unit } 故障：{ $cause }
restarts-unknown-unit = 此主机上没有单元 { $unit }。
restarts-asked-as = （查询时使用的别名：{ $name }）
restarts-source-ledger = ，来自服务端台账
restarts-source-journal = ，来自主机自身的日志
restarts-completed = 已正常完成并结束 { $completed } 次。
restarts-newest = 停止记录（由近及远）：
restarts-omitted = 另有 { $stops } 次较早的停止未列出；-o json 最多列出 2000 次。
restarts-stop-when = { $at }（{ $passed }）
restarts-stop-what = { $cause }，{ $sure }
restarts-fact-how = 详情
restarts-fact-who = 操作者
restarts-nobody-saw = 没有记录：systemd 不记录由谁发起，安装 agent 后可知
restarts-fact-run = 运行
restarts-fact-back = 恢复
restarts-fact-log = 日志尾段：
restarts-ran = { $ran }，始于 { $since }{ $why }
restarts-never-ready = 从未就绪
restarts-began-automatic = ，由 systemd 启动（连续第 { $n } 次重启）
restarts-began-asked = ，由 { $who } 启动
restarts-began-requested = ，应请求启动
restarts-began-boot = ，随系统启动
restarts-back = { $length }后
restarts-back-automatic = { $length }后，由 systemd 启动
restarts-tried-again = 尚未恢复：已再次启动，但未就绪
restarts-heading-ended-by = 终止方式
restarts-heading-count = 次数
restarts-heading-restarted = 已拉起
restarts-heading-would-restart = 按现有配置

restarts-patterns-own = 自身停止的时间模式：
restarts-patterns-requested = 人为停止的时间模式：
restarts-patterns-too-few = 仅 { $stops } 次停止，不足以断定规律（至少需要 { $needed } 天、周或间隔）。
restarts-patterns-note = p：纯属偶然的概率，已按检验次数校正；低于 { $level } 才算规律。
restarts-pattern-hour-of-day = 一天中的时刻
restarts-pattern-weekday = 星期
restarts-pattern-minute-of-hour = 每小时的分钟
restarts-pattern-interval = 间隔
restarts-pattern-after-high-load = 高负载之后
restarts-pattern-none = 无规律
restarts-pattern-too-few = 样本太少
restarts-pattern-not-recorded = 不明
restarts-pattern-around = { $at } 前后（± { $spread }）
restarts-pattern-every = 每 { $at }（± { $spread }）
restarts-pattern-n-days = { $n } 天
restarts-pattern-n-weeks = { $n } 周
restarts-pattern-n-hours = { $n } 小时
restarts-pattern-n-intervals = { $n } 个间隔
restarts-pattern-needs = { $n }，需要 { $needed }
restarts-pattern-shift = 平移检验
restarts-pattern-waiting = 任务等待 { $before }，平时 { $otherwise }
restarts-pattern-load = 之前负载 { $before }，平时 { $otherwise }
restarts-pattern-load-of-host = 负载记录在主机上：--record journal
restarts-pattern-no-load = 没有当时的负载记录
restarts-weekday-0 = 周一
restarts-weekday-1 = 周二
restarts-weekday-2 = 周三
restarts-weekday-3 = 周四
restarts-weekday-4 = 周五
restarts-weekday-5 = 周六
restarts-weekday-6 = 周日

restarts-policy = 现有配置如何对待这些终止：
restarts-policy-ended = { $cause }：{ $exit }
restarts-policy-yes = 会重启
restarts-policy-no = 不会重启
restarts-policy-stays-dead = 此后不会重启：{ $cause }（本期 { $count } 次）。设为 Restart=on-failure 即可自动恢复。
restarts-policy-prevented = 此后不会重启：{ $cause }（本期 { $count } 次），由 RestartPreventExitStatus= 决定。
restarts-policy-limit-hit = 触发启动限制（{ $interval }内 { $burst } 次）{ $times } 次：此后无论 Restart= 如何设置，systemd 都不再启动它。
restarts-policy-limit-would-hit = 按现有启动限制（{ $interval }内 { $burst } 次），{ $at } 的启动会被拒绝，单元将不再启动。
restarts-policy-for-ever = 一小时内重启多达 { $restarts } 次且不会停止：每次间隔 { $delay }，启动限制（{ $interval }内 { $burst } 次）永远不会触发。看似运行，实则反复失败。
restarts-policy-no-limit = 一小时内重启多达 { $restarts } 次且不会停止：没有启动限制。看似运行，实则反复失败。
restarts-policy-oom-stop = 内存不足时内核杀死一个进程，OOMPolicy=stop 随即停止整个单元
restarts-policy-oom-kill = 内存不足时 OOMPolicy=kill 一次杀死单元的所有进程
restarts-policy-oom-continue = 内存不足时内核杀死一个进程；OOMPolicy=continue 保留其余进程，除非被杀的是主进程
restarts-policy-watchdog = WatchdogSec={ $watchdog } 杀死它 { $count } 次
restarts-policy-comes-back = ；会自动恢复。
restarts-policy-does-not-come-back = ；不会自动恢复。
restarts-policy-back-off = 连续重启 { $restarts } 次后，下一次等待 { $next }（最长 { $most }）。在有人启动该单元之前，无论期间正常运行多久，systemd 都会继续累计。
restarts-policy-no-core = LimitCORE=0：{ $crashes } 次崩溃没有留下核心转储。
restarts-policy-needs-reload = 单元文件在 systemd 读取之后有改动（systemctl daemon-reload）：以上是仍在生效的配置。

restarts-advice-settings = 修改配置：
restarts-advice-timetable = 按固定时刻停止：请查找当时运行的定时任务。
restarts-advice-log = 最近一次故障运行的全部日志：

restarts-limit-log-ledger = 没有日志内容：日志留在主机上，可用 --record journal 查询。
restarts-limit-restart-policy-ledger = 没有单元配置：由主机掌握，可用 --record journal 查询。
restarts-limit-log = 没有日志内容：{ $why }
restarts-limit-restart-policy = 单元配置不明：{ $why }
restarts-limit-unit-state = 单元当前状态不明：{ $why }
restarts-limit-dependencies = 依赖关系不明：{ $why }
restarts-limit-journal-reader = 读取日志较慢：{ $why }
restarts-limit-journal-entries = 有 { $count } 条日志无法读取。
restarts-limit-other = 未能查看：{ $what }：{ $why }
