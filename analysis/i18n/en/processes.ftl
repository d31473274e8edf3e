# The processes of an interval.
processes-heading-pid = PID
processes-heading-user = USER
processes-heading-state = S
processes-heading-cpu = CPU %
processes-heading-memory = MEM
processes-heading-read = READ/s
processes-heading-write = WRITE/s
processes-heading-life = LIFE %
processes-heading-threads = TH
processes-heading-age = AGE
processes-heading-terminal = TTY
processes-heading-unit = UNIT
processes-heading-command = COMMAND
processes-count = { $count ->
    [one] one process
   *[other] { $count } processes
}
processes-summary = { $at }: { $processes ->
    [one] one process
   *[other] { $processes } processes
} ({ $kernel } kernel threads, { $daemons } daemons), over { $length }
processes-use = CPU { $cpu } % (100 is one core), { $memory } resident, reads { $read }/s, writes { $write }/s
processes-unseen = The machine used { $all } % of CPU; { $cpu } % went to processes that ended before they were seen ({ $made } processes and threads were made).
processes-unseen-namespace = The machine used { $all } % of CPU; { $cpu } % went to processes that cannot be seen from here, or ended before they were seen.
processes-count-running = { $count } running
processes-count-sleeping = { $count } sleeping
processes-count-uninterruptible = { $count } uninterruptible (D)
processes-count-stopped = { $count } stopped (T)
processes-count-traced = { $count } traced (t)
processes-count-zombies = { $count ->
    [one] 1 zombie (Z)
   *[other] { $count } zombies (Z)
}
processes-count-began = { $count } began
processes-count-ended = { $count } ended
processes-new = new
processes-more = { $count ->
    [one] One more is
   *[other] { $count } more are
} not shown: --top { $all }, or -o json
processes-waiting = Waited for a device or a lock (state D, no signal reaches them):
processes-waits-readings = in { $count } of { $of } readings
processes-ended = Ended meanwhile:
processes-ended-one = used { $cpu } of CPU until it was last seen
processes-passed = began meanwhile, too, as a child of { $parent }; used { $cpu } of CPU
