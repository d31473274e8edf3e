# What a process did while it was watched.
behavior-summary = { $pid } { $comm }, watched for { $time }
behavior-summary-by = { $pid } { $comm }, watched for { $time } by { $tool }
behavior-has-ended = It ended meanwhile.
behavior-nothing-odd = Nothing unusual: no fork storm, error loop, busy polling or surge against its own life.
behavior-nothing-odd-of-rules = Nothing unusual: no fork storm, error loop or busy polling. It is too young to be compared with its own life.
behavior-nothing-odd-of-life = No surge against its own life. Its system calls were not seen.
behavior-nothing-to-compare = Nothing to tell usual from unusual by: its system calls were not seen, and it is too young to be compared with its own life.
behavior-odd = What is unusual
behavior-odd-fork-storm = fork storm
behavior-odd-fork-storm-why = { $found } processes or threads a second; rule: fewer than { $baseline }
behavior-odd-error-loop = error loop
behavior-odd-error-loop-why = { $evidence } failed { $found } times a second; rule: fewer than { $baseline }, or half of the calls
behavior-odd-busy-polling = busy polling
behavior-odd-busy-polling-why = { $evidence } was called { $found } times a second and hardly waited; rule: fewer than { $baseline }
behavior-odd-unusual-write = unusual change
behavior-odd-unusual-write-why = { $evidence } was changed; rule: only package managers and administrators do that
behavior-odd-file-growth = open files grow
behavior-odd-file-growth-why = { $evidence } more files open at the end, { $found } a second; rule: fewer than { $baseline }
behavior-odd-cpu-surge = CPU surge
behavior-odd-cpu-surge-why = { $found } % of a core; in its life before { $baseline } %
behavior-odd-write-surge = write surge
behavior-odd-write-surge-why = { $found } a second; in its life before { $baseline }
behavior-rates = Rates (a second)
behavior-heading-rate = RATE
behavior-heading-now = NOW
behavior-heading-life = LIFE
behavior-rate-cpu = CPU, % of a core
behavior-rate-waits = went to wait
behavior-rate-preemptions = was preempted
behavior-rate-minor-faults = minor page faults
behavior-rate-major-faults = major page faults
behavior-rate-read = read
behavior-rate-written = written
behavior-rate-read-disk = read from disk
behavior-rate-written-disk = written to disk
behavior-seen-files = { $opened } files more and { $closed } fewer open at the end.
behavior-seen-children = { " " }{ $children ->
    [one] One child was
   *[other] { $children } children were
} seen, looking every half second.
behavior-forks = { " " }{ $forks ->
    [one] One process or thread was made.
   *[other] { $forks } processes and threads were made.
}
behavior-syscalls = System calls
behavior-heading-calls = CALLS
behavior-heading-per-second = A SECOND
behavior-heading-errors = ERRORS
behavior-heading-time = MS IN IT
behavior-heading-call = CALL
behavior-errors = Errors
behavior-files = Files
behavior-heading-opens = OPENS
behavior-heading-read = READ
behavior-heading-written = WRITTEN
behavior-heading-file = FILE
behavior-peers = Network peers
behavior-heading-connects = CONNECTS
behavior-heading-sent = SENT
behavior-heading-received = RECEIVED
behavior-heading-peer = PEER
behavior-execs = Programs that it started
behavior-cost = What it cost
behavior-pace = strace stops it at each system call: { $before } read and write calls a second before, { $during } under it.
behavior-pace-unknown = strace stops it at each system call. How much slower it was is not known.
inspect-limit-syscalls-no-perf = System calls by count and time: perf is not installed (apt-get install linux-perf, or dnf install perf). --strace asks strace, which slows the process down.
inspect-limit-syscalls-no-tracefs = System calls by count and time: tracefs is not mounted (mount -t tracefs tracefs /sys/kernel/tracing). --strace asks strace, which slows the process down.
inspect-limit-syscalls-no-strace = System calls: strace is not installed (apt-get install strace, or dnf install strace).
inspect-limit-syscalls-stopped = System calls: it is stopped or has a debugger, and strace could wake it.
inspect-limit-syscalls-none = System calls: it made none that ended.
inspect-limit-syscalls-cut = System calls: it made more than are kept; what is listed is the beginning.
inspect-limit-syscalls = System calls: { $why }.
inspect-limit-call-details = Which files and which errors: perf counts calls, and only strace tells (--strace; it slows the process down).
inspect-limit-io = What it reads and writes: { $why }.
