# CPU 配额。
throttling = { $cgroup } 的 CPU 配额（单核的 { $quota } %；cpu.max：{ $quota_us } { $period_us }）在 { $periods } 个周期中有 { $throttled } 个用尽，在 { $time }内有 { $percent } % 的时间被限制运行
