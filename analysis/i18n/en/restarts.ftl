restarts-nothing = No unit stopped in the last { $period }.
restarts-none-of-unit = { $unit } did not stop in the last { $period }.
restarts-period = { $from } to { $until }
restarts-running = running
restarts-down = down
restarts-since = { " " }since { $since } ({ $length })
restarts-state-unknown = state not known
restarts-stops = Stops
restarts-stops-value = { $stops }, { $failures ->
    [0] none of them a failure
    [one] one of them a failure
   *[other] { $failures } of them failures
}; came back after { $restarts } ({ $rate } a day)
restarts-uptime = Mean uptime
restarts-uptime-value = { $length } (over { $counted ->
    [one] one run
   *[other] { $counted } runs
})
restarts-mttr = MTTR
restarts-mttr-value = { $length } (over { $counted ->
    [one] one recovery
   *[other] { $counted } recoveries
})
restarts-not-known = not known
restarts-heading-cause = CAUSE
restarts-heading-stops = STOPS
restarts-heading-share = SHARE
restarts-heading-stopped = STOPPED
restarts-heading-sure = CERTAINTY
restarts-heading-back = BACK AFTER
restarts-heading-detail = WHAT AND WHO
restarts-heading-unit = UNIT
restarts-heading-failures = FAILURES
restarts-heading-rate = A DAY
restarts-heading-mttr = MTTR
restarts-heading-last = LAST CAUSE
restarts-heading-now = NOW
restarts-now-running = running
restarts-now-down = down
restarts-now-unknown = ?
restarts-still-down = not yet
restarts-memory = { $rss } of { $limit }
restarts-memory-machine = held { $rss }
restarts-start-failed = the start failed
restarts-result = result { $result }
restarts-dependency = { $unit } stopped
restarts-orderly = orderly shutdown
restarts-power-cut = power cut or crash: no shutdown was recorded
restarts-recorded-since = The record begins { $since }: nothing is known of before.
restarts-gap = Something is missing from { $source } at { $at }: { $detail }
restarts-advice = What to do:
restarts-advice-raise-memory-limit = It reached its memory limit: find the leak, or raise the limit.
restarts-advice-machine-memory = The machine ran out of memory, and the kernel chose this unit: give units limits, or the machine more memory.
restarts-advice-read-core-dump = A core dump was taken:
restarts-advice-enable-core-dumps = It crashed and no core dump was taken. Add LimitCORE=infinity to its [Service]:
restarts-advice-look-at-timeouts = It did not start or stop in time:
restarts-advice-fix-exec-start = Its program could not be executed: look at ExecStart=.
restarts-advice-not-restarted = It failed and nothing started it again:
