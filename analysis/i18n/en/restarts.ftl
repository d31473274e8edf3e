restarts-nothing = No unit stopped in the last { $period }.
restarts-none-of-unit = { $unit } did not stop in the last { $period }.
restarts-period = { $from } to { $until }
restarts-running = running
restarts-down = down
restarts-failed = failed, and down
restarts-since = { " " }since { $since } ({ $length })
restarts-state-unknown = state not known
restarts-stops = Stops
restarts-stops-value = { $stops }, { $failures ->
    [0] none of them a failure
    [one] one of them a failure
   *[other] { $failures } of them failures
}; started again after { $restarts } ({ $rate } a day)
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

restarts-pid = , pid { $pid }
restarts-headline = { $unit } fails: { $cause }
restarts-unknown-unit = This host knows no unit { $unit }.
restarts-asked-as = { " " }(asked for as { $name })
restarts-source-ledger = , from the server's ledger
restarts-source-journal = , from the host's own journal
restarts-completed = { $completed ->
    [one] It did its work and ended once.
   *[other] It did its work and ended { $completed } times.
}
restarts-newest = Stops, the newest first:
restarts-omitted = { $stops ->
    [one] One older stop is left out here; -o json lists it.
   *[other] { $stops } older stops are left out here; -o json lists up to 2000.
}
restarts-stop-when = { $at } ({ $passed })
restarts-stop-what = { $cause }, { $sure }
restarts-fact-how = how
restarts-fact-who = by
restarts-nobody-saw = not recorded: systemd does not say who asks, an agent sees it
restarts-fact-run = ran
restarts-fact-back = back
restarts-fact-log = last lines:
restarts-ran = { $ran }, since { $since }{ $why }
restarts-never-ready = never ready
restarts-began-automatic = , started by systemd (restart { $n } in a row)
restarts-began-asked = , started by { $who }
restarts-began-requested = , started on request
restarts-began-boot = , started at boot
restarts-back = after { $length }
restarts-back-automatic = after { $length }, started by systemd
restarts-tried-again = not yet: started again, and was not ready
restarts-heading-ended-by = WHEN IT ENDED BY
restarts-heading-count = TIMES
restarts-heading-restarted = CAME BACK
restarts-heading-would-restart = NOW IT WOULD

restarts-patterns-own = Time pattern of stops that it made itself:
restarts-patterns-requested = Time pattern of stops that somebody asked for:
restarts-patterns-too-few = { " " }none can be claimed of { $stops ->
    [one] one stop
   *[other] { $stops } stops
} (it takes { $needed } days, weeks or intervals).
restarts-patterns-note = p: how often chance does that, corrected for the number of tests; below { $level } counts.
restarts-pattern-hour-of-day = Hour of day
restarts-pattern-weekday = Weekday
restarts-pattern-minute-of-hour = Minute of hour
restarts-pattern-interval = Interval
restarts-pattern-after-high-load = After high load
restarts-pattern-none = none
restarts-pattern-too-few = too few to tell
restarts-pattern-not-recorded = not known
restarts-pattern-around = around { $at } ± { $spread }
restarts-pattern-every = every { $at } ± { $spread }
restarts-pattern-n-days = { $n ->
    [one] one day
   *[other] { $n } days
}
restarts-pattern-n-weeks = { $n ->
    [one] one week
   *[other] { $n } weeks
}
restarts-pattern-n-hours = { $n ->
    [one] one hour
   *[other] { $n } hours
}
restarts-pattern-n-intervals = { $n ->
    [one] one interval
   *[other] { $n } intervals
}
restarts-pattern-needs = { $n } of { $needed } needed
restarts-pattern-shift = shift test
restarts-pattern-waiting = tasks wait { $before }, else { $otherwise }
restarts-pattern-load = load { $before } before, else { $otherwise }
restarts-pattern-load-of-host = the host has the load: --record journal
restarts-pattern-no-load = no record of the load at those times
restarts-weekday-0 = Mon
restarts-weekday-1 = Tue
restarts-weekday-2 = Wed
restarts-weekday-3 = Thu
restarts-weekday-4 = Fri
restarts-weekday-5 = Sat
restarts-weekday-6 = Sun

restarts-policy = What its settings do to these exits:
restarts-policy-ended = { $cause }: { $exit }
restarts-policy-yes = restart
restarts-policy-no = stay down
restarts-policy-stays-dead = Now it would stay down, and with Restart=on-failure come back, after: { $cause } ({ $count ->
    [one] once
   *[other] { $count } times
})
restarts-policy-prevented = RestartPreventExitStatus= leaves it down after: { $cause } ({ $count ->
    [one] once
   *[other] { $count } times
})
restarts-policy-limit-hit = The start limit ({ $burst } starts in { $interval }), after which systemd leaves it down whatever Restart= says, was hit { $times ->
    [one] once.
   *[other] { $times } times.
}
restarts-policy-limit-would-hit = With the start limit of now ({ $burst } starts in { $interval }) the start at { $at } would be refused, and the unit stay down.
restarts-policy-for-ever = Up to { $restarts } restarts in an hour, and no end: with { $delay } between them the start limit ({ $burst } starts in { $interval }) can never be hit. It looks active, and fails again and again.
restarts-policy-no-limit = Up to { $restarts } restarts in an hour, and no end: there is no start limit. It looks active, and fails again and again.
restarts-policy-oom-stop = When memory runs out the kernel kills one process, and OOMPolicy=stop takes the whole unit down with it
restarts-policy-oom-kill = When memory runs out OOMPolicy=kill kills all processes of the unit at once
restarts-policy-oom-continue = When memory runs out the kernel kills one process; OOMPolicy=continue keeps the others, unless it was the main one
restarts-policy-watchdog = WatchdogSec={ $watchdog } killed it { $count ->
    [one] once
   *[other] { $count } times
}
restarts-policy-comes-back = ; it comes back.
restarts-policy-does-not-come-back = ; it stays down.
restarts-policy-back-off = After { $restarts ->
    [one] one restart
   *[other] { $restarts } restarts
} in a row the next waits { $next } (at most { $most }). systemd counts on until somebody starts the unit, however long it runs well.
restarts-policy-no-core = LimitCORE=0: { $crashes ->
    [one] one crash
   *[other] { $crashes } crashes
} left no core file.
restarts-policy-needs-reload = The unit's file has changed since systemd read it (systemctl daemon-reload): these are the settings that still hold.

restarts-advice-settings = Change its settings:
restarts-advice-timetable = It stops by the clock: look for what runs then.
restarts-advice-log = All that the newest failed run logged:

restarts-limit-log-ledger = No log lines: they stay on the host, which --record journal asks.
restarts-limit-restart-policy-ledger = The settings are not shown: ask the host itself with --record journal.
restarts-limit-log = No log lines: { $why }
restarts-limit-restart-policy = The settings of the unit are not known: { $why }
restarts-limit-unit-state = What the unit does now is not known: { $why }
restarts-limit-dependencies = What depends on what is not known: { $why }
restarts-limit-journal-reader = Reading the journal was slow: { $why }
restarts-limit-journal-entries = { $count ->
    [one] One journal entry
   *[other] { $count } journal entries
} could not be read.
restarts-limit-other = Not seen: { $what }: { $why }
