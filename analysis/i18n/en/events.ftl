# One event, one line. Names of units, programs and hosts stand as they are.
event-process-forked = { $comm }[{ $pid }] forked by { $parent }
event-process-executed = { $comm }[{ $pid }] runs { $argv }
event-process-exited = { $comm }[{ $pid }] ended: { $status }
event-unit-starting = { $unit } is starting
event-unit-started = { $unit } started{ $why }
event-unit-start-failed = { $unit } failed to start: { $stop }
event-unit-stopping = { $unit } is stopping
event-unit-stopped = { $unit } stopped: { $stop }
event-unit-cause-revised = { $unit } stopped before, cause corrected: { $stop }
event-unit-restart-scheduled = { $unit } will be restarted by systemd ({ $restarts ->
    [one] first time
   *[other] time { $restarts } in a row
})
event-unit-requested = { $unit }: { $verb } requested by { $actor }
event-unit-state = { $unit } is { $state }
event-oom-killed = the kernel's OOM killer ended { $comm } ({ $memory }), { $constraint }
event-process-faulted = { $comm }[{ $pid }] faulted: { $line }
event-host-booted = the host booted{ $before }
event-clock-jumped-forward = the clock was set forward by { $length }
event-clock-jumped-back = the clock was set back by { $length }
event-source-started = { $source } events come from { $runs }{ $degraded }
event-source-off = no { $source } events{ $degraded }
event-agent-started = agent { $version } started on { $host }
event-gap = events are missing from { $source } ({ $lost }): { $reason }, { $detail }
event-unreadable = a record that this server is too old to read (it is stored)

event-why-automatic = { " " }by systemd, restart { $restarts }
event-why-requested = { " " }by request of { $actor }
event-why-boot = { " " }at boot
event-before-orderly = { " " }after an orderly shutdown
event-before-power-cut = { " " }after a power cut or a crash: no shutdown was recorded
event-degraded = { " " }({ $reason })
event-lost-number = { $n ->
    [one] one event
   *[other] { $n } events
}
event-lost-unknown = nobody knows how many
event-status-unknown = how is not known
event-oom-killer = { " " }by the OOM killer
event-killer = { " " }sent by { $comm }[{ $pid }] of uid { $uid }

constraint-cgroup = its cgroup was at its memory limit
constraint-system = the machine was out of memory

actor-user = { $user }
actor-user-login = { $user } (logged in as { $login })
actor-command = { $who } with `{ $command }`

stop-line = { $cause }{ $detail } ({ $certainty })

cause-manual = manual
cause-exit-code = exit code
cause-signal = signal
cause-oom-cgroup = out of memory (limit of its cgroup)
cause-oom-system = out of memory (machine)
cause-watchdog = watchdog timeout
cause-timeout = timeout
cause-dependency = dependency
cause-package-upgrade = package upgrade
cause-reboot = host reboot
cause-clean = clean exit
cause-unknown = unknown

certainty-measured = measured
certainty-inferred = inferred
certainty-unknown = not known

verb-start = start
verb-stop = stop
verb-restart = restart
verb-reload = reload
verb-kill = kill

gap-overflow = buffer overflow
gap-spool-full = spool full
gap-spool-damaged = spool damaged
gap-oversize = record too large
gap-journal-vacuumed = journal vacuumed
gap-out-of-order = entries out of order
gap-agent-down = agent was not running
gap-malformed = malformed record
