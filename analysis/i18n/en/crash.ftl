# Crashes.
crash-none = No crash found in the last { $period }.
crash-none-seen = No crash was seen in the last { $period }, but not all places were: see below.
crash-count = { $crashes ->
    [one] One crash
   *[other] { $crashes } crashes
} in the last { $period }{ $kinds ->
    [one] { "" }
   *[other] , of { $kinds } kinds
}
crash-headline-none = no crash
crash-more = The newest in full: aiops analyze crash --last. Those of one program or unit: aiops analyze crash NAME
crash-more-kinds = … and { $count } more kinds: -o json
crash-heading-last = LAST
crash-heading-count = COUNT
crash-heading-program = PROGRAM
crash-heading-signal = SIGNAL
crash-heading-what = WHAT AND WHERE
crash-caused = { $cause } ({ $certainty })
crash-title = { $process } crashed at { $at }
crash-title-ended = { $process } was ended at { $at }
crash-somebody = a process
crash-program = Program
crash-command = Command
crash-unit = Unit
crash-uid = User id
crash-signal = Signal
crash-sender = Sent by
crash-sender-value = process { $pid } of user { $uid }
crash-access = Access
crash-access-read = it read address { $address }{ $mapped }
crash-access-write = it wrote to address { $address }{ $mapped }
crash-access-execute = it jumped to address { $address }{ $mapped }
crash-access-any = it used address { $address }{ $mapped }
crash-access-forbidden = , where that is not allowed
crash-access-unmapped = , where nothing is mapped
crash-call = System call
crash-call-value = number { $number }; its name: ausyscall { $number }
crash-where = Where
crash-where-build = { $place } (build-id { $build })
crash-instruction = Instruction
crash-core = Core
crash-core-kept = kept
crash-core-truncated = a part of it is missing
crash-core-removed = it has been removed
crash-core-not-kept = none was kept
crash-core-elsewhere = one was written, but not where aiops looks
crash-core-unknown = whether there is one is not known
crash-look = Look at it
crash-signature = Signature
crash-signature-value = { $id } ({ $basis })
crash-basis-frames = by its functions
crash-basis-place = by the place in the file
crash-basis-last-words = by its last words
crash-basis-program = by program and signal alone
crash-evidence = Evidence
crash-by-kernel = kernel
crash-by-core = core
crash-by-log = its log
crash-by-stack = stack
crash-by-instruction = instruction
crash-told-coredump = took a core dump
crash-told-stop = { $unit }: its process ended by { $status }, { $at }
crash-told-core = { $path } has the signal and its reason
crash-told-frame = { $function } was called
crash-stack = Stack of thread { $tid }, which crashed (from { $source })
crash-stack-other = Stack of thread { $tid }
crash-more-threads = { $count ->
    [one] One more thread
   *[other] { $count } more threads
}: --detail
crash-registers = Registers
crash-modules = Modules
crash-log = Logged before
crash-log-more = … { $count } lines before
crash-not = { $count ->
    [one] { $unit } was once stopped by a signal that is no crash
   *[other] { $unit } was stopped { $count } times by signals that are no crash
}: { $status } at { $at }. Who sent it: aiops analyze restarts { $unit }

crash-cause-null-dereference = a null pointer was used
crash-cause-stack-overflow = stack overflow, mostly endless recursion
crash-cause-write-to-read-only = it wrote to memory that may only be read
crash-cause-jump-to-no-code = it jumped to what is no code
crash-cause-bad-address = it used an address where nothing is
crash-cause-memory-access = invalid access to memory
crash-cause-assertion = an assertion failed
crash-cause-uncaught-exception = an exception or panic that nobody caught
crash-cause-heap-corruption = its heap is damaged
crash-cause-stack-smashing = a buffer was written beyond its end
crash-cause-abort = it gave up (abort)
crash-cause-forbidden-system-call = a seccomp filter forbids a system call
crash-cause-mapped-file-gone = a mapped file became shorter, or its disk failed
crash-cause-hardware-memory = a memory module is broken
crash-cause-misaligned = an address was not aligned
crash-cause-bus-error = bus error
crash-cause-illegal-instruction = an instruction that the processor does not know
crash-cause-deliberate-trap = a trap that was put there on purpose
crash-cause-division-by-zero = integer division by zero, or a result that is too large
crash-cause-arithmetic = error of arithmetic
crash-cause-resource-limit = it reached a resource limit
crash-cause-watchdog = systemd's watchdog ended it: it gave no sign of life
crash-cause-sent-by-process = a process sent the signal: no crash of its own
crash-cause-unknown = not known

crash-limit-journal = The journal is missing: { $why }. Without it only the kernel's log of this boot and core files are looked at.
crash-limit-journal-cut = The journal was not read to its end: { $why }.
crash-limit-kernel-log-unread = The kernel's log was not read: { $why }.
crash-limit-untrusted-entries = { $count } entries in the journal claim to be of systemd-coredump and are not: left out.
crash-limit-kernel-log = This is a container: the kernel's log is that of the whole machine, and crashes elsewhere on it may be among these.
crash-limit-core-pattern = Cores go to a program that aiops does not know: { $why }.
crash-limit-cores = { $count ->
    [one] One core file was
   *[other] { $count } core files were
} not read: { $why }.
crash-limit-core = The core was not read: { $why }.
crash-limit-core-cut = The core is very large, and was unpacked in part: the registers are there, of the stacks some may be missing.
crash-limit-stack = No stack: { $why }.
crash-limit-debugger = No debugger: { $why }. apt install gdb (or elfutils), dnf install gdb.
crash-limit-symbols = Some functions have no names: the debug symbols are missing (install the -dbgsym or -debuginfo package, or set DEBUGINFOD_URLS for gdb).
crash-limit-systemd = Units were not asked for: { $why }.
crash-limit-black-box-no-agent = What its unit and the host did in the minutes before is not known: no agent records on this host.
crash-limit-black-box-denied = What its unit and the host did in the minutes before was not read: the agent's records are for root.
crash-limit-black-box-no-recording = The black box has nothing of that run: it was too short, too long ago, or no agent ran.
crash-limit-other = Not seen: { $what }: { $why }.
crash-limit-hint-root = root sees all of it.
