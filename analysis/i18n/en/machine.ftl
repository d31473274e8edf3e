# The machine as a whole.
machine-headline = short of { $resources }
machine-summary = { $at }: { $cores ->
    [one] one core
   *[other] { $cores } cores
}, up { $up }, measured over { $length }
machine-all-fine = nothing is short
machine-count-critical = { $count } critical
machine-count-warning = { $count ->
    [one] one warning
   *[other] { $count } warnings
}
machine-count-notice = { $count ->
    [one] one notice
   *[other] { $count } notices
}
machine-heading-resource = RESOURCE
machine-heading-value = VALUE
machine-heading-limits = LIMITS
machine-heading-verdict = VERDICT
machine-heading-name = DETAIL
machine-used = { $used } of { $total }
machine-more-fine = { $count ->
    [one] One more is
   *[other] { $count } more are
} fine and not shown: -o json
machine-level-fine = fine
machine-level-notice = notice
machine-level-warning = warning
machine-level-critical = critical
machine-short = { $level }: { $resource } { $value } (limits { $limits }, { $source })
machine-short-named = { $level }: { $resource } of { $name } { $value } (limits { $limits }, { $source })
machine-source-specification = as usual
machine-source-own = by aiops
machine-culprits-measured = Who uses it (measured):
machine-culprits-inferred = Who probably uses it (inferred from what each does now):
machine-culprits-same = Who probably uses it: the same processes as for { $resource }.
machine-unit-processes = { $count ->
    [one] one process
   *[other] { $count } processes together
}
machine-resource-cpu = CPU
machine-resource-cpu-steal = CPU stolen
machine-resource-cpu-pressure = CPU pressure
machine-resource-load = load by core
machine-resource-memory = memory
machine-resource-cgroup-memory = memory limit
machine-resource-memory-pressure = memory pressure
machine-resource-swap = swap
machine-resource-swap-in = swapping in
machine-resource-disk-space = disk space
machine-resource-inodes = inodes
machine-resource-disk-busy = disk busy
machine-resource-io-pressure = I/O pressure
machine-resource-network-use = network use
machine-resource-network-loss = network loss
machine-resource-tcp-connections = TCP connections
machine-resource-tcp-retransmits = TCP sent again
machine-resource-processes = processes
machine-resource-tasks = tasks
machine-resource-uninterruptible = stuck in state D
machine-resource-zombies = zombies
machine-means-cpu = Share of all cores in use. Whatever else wants to run has to wait.
machine-means-cpu-steal = The hypervisor gave this much of the CPU to other machines: nothing on this host causes it.
machine-means-cpu-pressure = In this share of the last minute something waited for a CPU.
machine-means-load = Load of the last minute by core: tasks that run, wait for a CPU, or wait for a device (state D).
machine-means-memory = Memory in use; caches that can be given up do not count. When it is gone, the kernel kills.
machine-means-cgroup-memory = The control group that this runs in (a container) has this limit; above it the kernel kills.
machine-means-memory-pressure = In this share of the last minute something waited for memory.
machine-means-swap = Swap in use. It is a problem only if it is read back, too.
machine-means-swap-in = Pages a second that are read back: memory that was needed after all.
machine-means-disk-space = Who filled it is not known from this: du -xh --max-depth=1 tells by folder, and lsof +L1 files that were deleted but are still open.
machine-means-inodes = Files and folders, not bytes: many small files. du --inodes -x --max-depth=1 tells by folder.
machine-means-disk-busy = In this share of the time the disk had something to do; an SSD may still have room.
machine-means-io-pressure = In this share of the last minute something waited for a disk.
machine-means-network-use = Share of what the interface can carry, in the fuller direction.
machine-means-network-loss = Packets with errors or dropped. ip -s link show tells which.
machine-means-tcp-connections = Connections that are open. ss -s and ss -tnp tell whose; on a busy server this is ordinary.
machine-means-tcp-retransmits = Segments that had to be sent again: a lossy network, or a peer that cannot keep up.
machine-means-processes = Processes of programs, without kernel threads. On a host of today this is ordinary.
machine-means-tasks = Processes and threads of those that there may be: at the end nothing more starts.
machine-means-uninterruptible = They waited for a device or a lock in every reading, and no signal reaches them. cat /proc/PID/stack tells where, as root.
machine-means-zombies = Ended and not reaped: aiops analyze zombies
