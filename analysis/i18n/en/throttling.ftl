# A CPU quota.
throttling = the CPU quota of { $cgroup } ({ $quota } % of a CPU; cpu.max: { $quota_us } { $period_us }) was used up in { $throttled } of { $periods } periods, and held it back for { $percent } % of { $time }
