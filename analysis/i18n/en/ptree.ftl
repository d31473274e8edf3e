# The process tree.
ptree-heading-pid = PID
ptree-heading-cpu = CPU %
ptree-heading-memory = MEM
ptree-heading-sum-cpu = SUM %
ptree-heading-sum-memory = SUM MEM
ptree-heading-unit = UNIT
ptree-heading-command = COMMAND
ptree-summary = { $at }: { $processes ->
    [one] one process
   *[other] { $processes } processes
}, { $memory } resident
ptree-separator = { ", " }
ptree-count-running = { $count } running
ptree-count-stopped = { $count } stopped
ptree-count-uninterruptible = { $count } uninterruptible
ptree-count-orphans = { $count ->
    [one] 1 orphan
   *[other] { $count } orphans
}
ptree-count-zombies = { $count ->
    [one] 1 zombie
   *[other] { $count } zombies
}
ptree-kernel-threads = { $count ->
    [one] One kernel thread is
   *[other] { $count } kernel threads are
} not shown: aiops analyze ptree 2
ptree-omitted-below = { $count ->
    [one] One more process is
   *[other] { $count } more processes are
} below: --recursive
ptree-omitted = { $count ->
    [one] One process was
   *[other] { $count } processes were
} left out: the report would be too large.
ptree-container = container { $id }
ptree-odd-zombie = zombie
ptree-odd-orphan = orphan
ptree-odd-outside-unit = moved
ptree-odd-deleted-program = deleted program
ptree-odd-deleted-libraries = deleted library
ptree-odd-uninterruptible = uninterruptible
ptree-odd = What is odd:
ptree-odd-more = { $count ->
    [one] and one more
   *[other] and { $count } more
}
ptree-why-zombie = has ended; its parent { $parent } does not ask how
ptree-why-orphan = its parent died, and { $parent } took it
ptree-why-moved = belongs to { $unit }, its parent { $parent } to { $parent_unit }
ptree-why-deleted-program = { $path } was deleted or replaced while it runs
ptree-why-deleted-libraries = { $names }{ $omitted ->
    [0] {""}
   *[other] {" "}and { $omitted } more
}: deleted or replaced while it runs
ptree-why-uninterruptible = waited for a device or a lock when it was looked at
ptree-no-unit = no unit
ptree-advice = What to do:
ptree-advice-zombie = A zombie goes when its parent asks how it ended, or ends; a signal to the zombie does nothing. End or restart the parent:
ptree-advice-orphan = An orphan may be meant (nohup, a daemon started by hand). What else is known of it:
ptree-advice-deleted-program = Mostly an update replaced the program. To run the new one:
ptree-advice-uninterruptible = No signal reaches it, not even SIGKILL. To see where it waits, as root:
ptree-advice-deleted-libraries = Mostly an update replaced the library, and the process goes on with the old one. To run the new one:
ptree-ipc = How they talk (pipes, sockets, shared memory):
ptree-ipc-none = No pipe, socket or shared memory between processes was found.
ptree-ipc-none-seen = As far as can be seen (see below), no process talks with another.
ptree-ipc-pipe = pipe
ptree-ipc-named-pipe = fifo
ptree-ipc-unix = unix
ptree-ipc-tcp = tcp
ptree-ipc-memory = shm
ptree-ipc-pair = socket pair
ptree-ipc-anonymous = anonymous
ptree-ipc-and-more = { $first } +{ $count }
ptree-ipc-more = and { $count ->
    [one] one more connection
   *[other] { $count } more connections
}: ask for one process, or for -o json
ptree-limit-argv = The command { $count ->
    [one] line of one process is
   *[other] lines of { $count } processes are
} not known: { $why }.
ptree-limit-argv-shortened = The command { $count ->
    [one] line of one process is
   *[other] lines of { $count } processes are
} cut: the report would be too large.
ptree-limit-unit = The { $count ->
    [one] unit of one process is
   *[other] units of { $count } processes are
} not known: { $why }.
ptree-limit-program = Whether the { $count ->
    [one] program of one process was
   *[other] programs of { $count } processes were
} deleted is not known: { $why }.
ptree-limit-libraries = Whether { $count ->
    [one] one process runs
   *[other] { $count } processes run
} deleted libraries is not known: { $why }.
ptree-limit-ipc = How { $count ->
    [one] one process talks
   *[other] { $count } processes talk
} with others is not known: { $why }.
ptree-limit-ipc-unix = The two ends of unix sockets are not known: { $why }.
ptree-limit-ipc-unix-namespaces = Unix sockets within { $count ->
    [one] one other network namespace are
   *[other] { $count } other network namespaces are
} not known: from outside, the kernel does not tell their ends.
ptree-limit-ipc-tcp = The TCP connections of { $count ->
    [one] one network namespace are
   *[other] { $count } network namespaces are
} not known: { $why }.
ptree-limit-io = How much { $count ->
    [one] one process reads and writes is
   *[other] { $count } processes read and write is
} not known: { $why }.
ptree-limit-machine = How much the machine used in all is not known: { $why }.
ptree-limit-processes = Processes of other users are not shown: { $why }.
ptree-limit-mounts-remote = { $count ->
    [one] One file system is
   *[other] { $count } file systems are
} not looked at: on another machine or served by a program, where a look may hang.
ptree-limit-mounts = { $count ->
    [one] One file system does
   *[other] { $count } file systems do
} not answer: { $why }.
ptree-limit-pressure = Pressure is not known: this kernel does not watch it (PSI; kernel option psi=1).
ptree-limit-other = Not known ({ $count } times): { $what }: { $why }.
ptree-because-uninterruptible = to read it may hang, as the process waits for a device or a lock
ptree-because-too-many-processes = there are too many to look at; ask for one process and what is below it, or for --ipc
ptree-because-too-much = it is too much to look at
ptree-because-deadline = to read it took too long, and was given up
ptree-because-too-many-stuck = not tried, since other reads hang
ptree-because-no-thread = not tried, since the kernel gives no more threads
ptree-because-hidepid = /proc is mounted with hidepid
ptree-as-root = As root it can be seen, unless a container denies that to root, too.
