# Where a process spends its CPU time.
profile-summary = { $pid } { $comm }: { $samples } samples by { $tool } in { $time }, while it used { $cpu } % of a core
profile-no-samples = { $pid } { $comm }: no sample in { $time }: it hardly ran ({ $cpu } % of a core)
profile-none = { $pid } { $comm }: no profile
profile-functions = Functions
profile-heading-self = SELF %
profile-heading-total = TOTAL %
profile-heading-function = FUNCTION
profile-stacks = Hottest stacks, the innermost function first
profile-more-frames = { $count ->
    [one] and one more
   *[other] and { $count } more
}
profile-hint-picture = As a flame graph, to be opened in a browser:
profile-hint-waits = A process that does not run waits for something:
inspect-limit-profile-no-tool = The profile: perf is not installed (apt-get install linux-perf, or dnf install perf).
inspect-limit-profile-denied = The profile: the kernel does not allow it. As root, or after: sysctl kernel.perf_event_paranoid=1
inspect-limit-profile-cut = The profile: there were more samples than are kept; it is of the beginning.
inspect-limit-profile = The profile: { $why }.
inspect-limit-kernel-frames = Functions of the kernel: the kernel does not name them (sysctl kernel.kptr_restrict=0, or as root).
inspect-limit-python-profile = Python functions: py-spy is not installed (pip install py-spy), so that the functions are those of the interpreter.
inspect-limit-frame-pointers = { $why } % of the samples have only one or two frames: its programs keep no frame pointers. --dwarf unwinds by debug information.
