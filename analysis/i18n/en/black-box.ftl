# What the black box has of the minutes before an end.
before-heading = In the { $length } until { $gap } before it (black box)
before-heading-host = The host in the { $length } before it (black box)
before-row-run = Of
before-run-inferred = the run of its unit that seems to have ended then (inferred)
before-row-memory = Memory
before-row-cpu = CPU
before-row-processes = Processes
before-row-threads = Threads
before-row-open-files = Open files
before-row-trend = Memory, over time
before-row-load = Host load
before-row-wait = Host waited for
before-row-available = Host memory free
before-row-swap = Host swap used
before-rose = rose from { $from } to { $last } in { $length }
before-fell = fell from { $from } to { $last } in { $length }
before-varied = between { $least } and { $most }, { $last } at the end
before-steady = { $last }
before-limit = { $text }, limit { $limit } ({ $percent } %)
before-cpu-mean = { $text }; { $mean } in the mean (of one core)
before-cores = { $cores ->
    [one] { $text } (one core)
   *[other] { $text } ({ $cores } cores)
}
before-of = { $text }, of { $all }
before-wait-cpu = CPU: { $text }
before-wait-memory = memory: { $text }
before-wait-io = disks: { $text }
before-and = { $first }; { $then }
