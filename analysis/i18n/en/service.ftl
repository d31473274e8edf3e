service-asked-as = asked for as { $name }
service-files = { $file }{ $more ->
    [0] { "" }
    [one] { " " }and a drop-in
   *[other] { " " }and { $more } drop-ins
}
service-since = { " " }since { $since } ({ $length })
service-by-script = by its pid file, without systemd
service-cause-running = It runs
service-cause-done = It did its work and ended
service-cause-waiting = It waits until it is needed
service-cause-starting = It is starting right now
service-cause-stopping = It is stopping right now
service-cause-stopped = It is down, and nothing went wrong
service-cause-enabled-but-down = It is down, though it is to start at boot
service-cause-condition-not-met = A condition did not hold, so systemd skipped its start
service-cause-failed = It failed
service-cause-stopped-after-failure = It failed, and was stopped before it was started again
service-cause-restart-loop = It looks alive, but ends by itself and is started again and again
service-cause-killed-inside = It is active, but the kernel killed processes of it for want of memory
service-cause-nothing-left = It is called active, but no process of it is left
service-cause-at-limit = It runs, and has nearly used up a limit
service-cause-memory-grows = It runs, but its memory grows and will reach its limit
service-cause-started-unit-failed = It waits as it should, but what it starts failed
service-cause-masked = It is masked: nobody can start it
service-cause-unit-file-invalid = systemd refuses its unit file
service-cause-not-found = There is no such unit
service-cause-unknown = Whether it runs is not known
service-because = { $cause }: { $why }
service-sure = { " " }({ $certainty })
service-evidence = Evidence
service-restarts = started again { $hour } times in the last hour, { $day } times in the last day
service-restarts-uptime = started again { $hour } times in the last hour, { $day } times in the last day; up for { $uptime } on average
service-last-stop = last stop { $at }: { $stop }
service-stop = { $what } ({ $certainty })
service-oom-kills = the kernel killed { $count ->
    [one] one process
   *[other] { $count } processes
} of it for want of memory since it started
service-limit-tasks = { $used } of { $limit } tasks
service-limit-open-files = { $used } of { $limit } open files
service-pid-file = { $path }: { $state }
service-pid-alive = process { $pid } is alive
service-pid-dead = process { $pid } is gone
service-pid-none = it holds no process id
service-did-you-mean = Did you mean { $units }?
service-main-process = Main process
service-process = { $pid } { $command }
service-process-of = { $pid } { $command }, as { $user }
service-status-text = It says
service-memory = Memory
service-cpu = CPU
service-memory-trend = Over time
service-pressure = Pressure
service-tasks = Tasks
service-io = I/O
service-open-files = Open files
service-of-limit = { $used } of { $limit } ({ $percent } %)
service-no-limit = { $used }, no limit
service-peak = { $text }, peak { $peak }
service-swap = { $text }, { $swap } in swap
service-memory-high = { $text }, slowed down from { $limit }
service-memory-anonymous = { $text }, { $anonymous } of it not cache
service-oom-killed = { $text }, { $count ->
    [one] one process
   *[other] { $count } processes
} killed for want of it
service-cpu-used = { $used } in { $over }: { $percent } % of a CPU on average
service-cpu-used-plain = { $used }
service-cpu-quota = { $text }, quota { $quota } %
service-io-used = { $read } read, { $written } written
service-not-accounted = not accounted: systemctl set-property { $unit } { $setting }=yes
service-not-running = nothing of it runs
service-throttling = CPU quota
service-policy = Restart
service-policy-no = never (Restart=no)
service-policy-yes = { $restart }, after { $delay }
service-policy-steps = { $restart }, after { $delay } to { $most }
service-outlook-never = { $policy }; if it fails at once, it is started again for ever
service-outlook-gives-up = { $policy }; if it fails at once, { $starts } starts are allowed and it stays down after { $after }
service-restarted = { $policy }; { $restarts ->
    [one] one restart
   *[other] { $restarts } restarts
} by systemd so far
service-type = Type
service-type-value = { $type }, KillMode={ $kill }, start within { $start }, stop within { $stop }
service-watchdog = { $text }, watchdog { $length }
service-for-ever = for ever
service-timer-next = Next
service-timer-last = Last
service-timer-when = When
service-timer-starts = Starts
service-never = never
service-socket-listens = Listens
service-socket-connections = Connections
service-socket-counts = { $connections } now, { $accepted } accepted{ $refused ->
    [0] { "" }
   *[other] , { $refused } refused
}
service-mount-what = What
service-mount-at = At
service-path-watches = Watches
service-script = Script
service-triggered-by = Started by
service-triggers = Starts
service-events = Last events
service-events-none = Nothing of it is on record{ $since ->
    [none] { "" }
   *[other] { " " }since { $since }
}.
service-events-more = … { $events ->
    [one] an older one
   *[other] { $events } older ones
}: { $command }
service-event-starting = starting
service-event-started = started
service-event-start-failed = start failed
service-event-stopped = stopped
service-start-automatic = by systemd, restart { $restarts }
service-start-requested = { $actor }
service-start-asked = by request
service-start-boot = at boot
service-took = { $text }, after { $length }
service-took-plain = after { $length }
service-up = { $text }, up for { $length }
service-log = Log of this run
service-log-last = Log of its last run
service-log-none = Nothing was logged.
service-log-more = … { $command }
service-needs = What it needs
service-needs-fine = { $units ->
    [one] one unit is up
   *[other] { $units } units are up
}
service-needed-by = for { $unit }
service-audit = How it is set up
service-audit-fine = Nothing was found wrong with its files.
service-audit-more = … { $findings ->
    [one] one more
   *[other] { $findings } more
}: { $command }
service-severity-error = error
service-severity-warning = warning
service-severity-hint = hint
service-audit-program-missing = Its program { $setting } does not exist
service-audit-program-not-executable = Its program { $setting } cannot be executed
service-audit-program-writable = Anybody may change its program { $setting }
service-audit-file-writable = Anybody may change its file { $setting }, and so become root
service-audit-file-owner = Its file { $setting } does not belong to root: its owner can become root
service-audit-file-gone = It runs, but its unit file is gone: it cannot be started again
service-audit-masked-but-runs = It runs, but is masked: it cannot be started again
service-audit-start-limit-ignored = { $setting } is ignored: it stands in [Service], and belongs to [Unit]
service-audit-start-limit-misplaced = { $setting } belongs to [Unit]; in [Service] it is heeded for old times' sake
service-audit-need-reload = Its files changed after systemd read them: what they say is not in force
service-audit-no-restart = { $setting }: nobody starts it again when it dies
service-audit-gives-up-soon = It stays down after { $starts } quick failures, that is { $after }: too soon for what it waits for to come back
service-audit-never-gives-up = Its start limit ({ $burst } in { $interval }) is never reached: a broken one is started for ever
service-audit-kill-mode-none = { $setting }: a stop ends nothing, and its processes run on
service-audit-kill-mode-process = { $setting }: a stop ends the main process only
service-audit-forking-without-pid-file = { $setting } without PIDFile=: systemd guesses which process is the main one
service-audit-oom-stays-down = { $setting } leaves out the out-of-memory killer: it stays down after that
service-audit-oom-continues = { $setting }: it is called active after the kernel killed a part of it
service-audit-stop-timeout-infinite = { $setting }: a stop, and so a shutdown, may hang for ever
service-audit-watchdog-unfed = { $setting }, but { $type ->
    [none] its type
   *[other] Type={ $type }
} does not show that the program tells systemd it is alive
service-audit-not-at-boot = It runs now, and will not after a boot
service-audit-runs-as-root = It runs as root, and little shuts it in
service-audit-complaint = systemd: { $words }
service-audit-inferred = { $text } (inferred)
service-audit-at = { $file }:{ $line }
service-hardening = Hardening
service-hardening-value = exposure { $exposure } of 10 ({ $level }), by systemd-analyze security
service-hardening-open = { $setting } (-{ $exposure }) { $words }
service-limit-not-seen = Not seen: { $what }: { $why }
service-limit-hint-root = hint: run it as root
service-limit-hint-journal = hint: run it as root, or join the group systemd-journal or adm
service-limit-hint-tool = hint: the package systemd (on some systems systemd-analyze) has it
service-next = Next: { $command }
