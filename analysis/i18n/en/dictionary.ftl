# Signals, exit codes and results of units: what they mean.
explain-exit = exit code { $code }
explain-exit-unknown = No convention that aiops knows gives exit code { $code } a meaning: the program chose it, so look into its manual or its log.
explain-signal = signal { $number }, { $name }
explain-code = { $name } (si_code { $number })
explain-code-of = { $name } (si_code { $number } of { $signal })
explain-result = unit result { $name }
explain-default = Unless the program handles it: { $action }.
explain-shell-code = Shells report it as exit code { $code }.
explain-reasons = Why the kernel sends it:
explain-nothing = `{ $code }` is no exit code, no signal, no result of a unit and no cause
explain-nothing-hint = such as 137, SIGSEGV, 203/EXEC, 11/SEGV, SEGV_MAPERR, core-dump, oom-cgroup, port-in-use

origin-libc = everywhere
origin-shell = shell
origin-systemd = systemd
origin-sysexits = sysexits.h
origin-lsb = init script
origin-go = Go
origin-java = Java
origin-python = Python
origin-rust = Rust
origin-timeout = timeout(1)

action-terminate = the process ends
action-core-dump = the process ends and leaves a core dump, where that is allowed
action-ignore = nothing happens
action-stop = the process is stopped until SIGCONT
action-continue = a stopped process goes on

signal-hup = The terminal was closed; many daemons take it as the order to read their configuration again.
signal-int = Somebody pressed Ctrl-C, or a program asked it to stop.
signal-quit = Somebody pressed Ctrl-\ or asked for a core dump; Java prints its threads instead and goes on.
signal-ill = The processor does not know an instruction: built for another CPU, damaged code, or a deliberate trap of the compiler.
signal-trap = A breakpoint or a deliberate trap (a debugger, an assertion of Chromium, Rust or Swift).
signal-abrt = The program gave up by itself: abort(), a failed assertion, damaged heap, an uncaught C++ exception; systemd sends it when a watchdog expires.
signal-bus = Memory that is there but cannot be read: a mapped file became shorter, its disk failed, or an address is not aligned.
signal-fpe = Arithmetic without a result, nearly always an integer division by zero.
signal-kill = Killed without a chance to react: by the kernel's out-of-memory killer, by systemd after a stop timeout, or by somebody.
signal-usr1 = Means what the program says it means; one that does not handle it dies of it.
signal-segv = An address was used that the program may not use: a null pointer, freed memory, a stack overflow.
signal-usr2 = Means what the program says it means; one that does not handle it dies of it.
signal-pipe = The program wrote to a pipe or a connection that nobody reads any more.
signal-alrm = A timer that the program set with alarm() has run out.
signal-term = Somebody asked it to end in order: systemctl stop, kill, a container engine.
signal-stkflt = Not used by Linux.
signal-chld = A child ended or was stopped.
signal-cont = Go on after a stop.
signal-stop = Stopped by somebody; this cannot be refused.
signal-tstp = Stopped with Ctrl-Z.
signal-ttin = Stopped: it wanted to read from the terminal while in the background.
signal-ttou = Stopped: it wanted to write to the terminal while in the background.
signal-urg = Urgent data on a connection; Go's runtime uses it to switch goroutines.
signal-xcpu = It used more CPU time than its limit allows (ulimit -t, LimitCPU=).
signal-xfsz = It wrote a file larger than its limit allows (ulimit -f, LimitFSIZE=).
signal-vtalrm = A timer of CPU time that the program set has run out.
signal-prof = A profiler's timer; one that does not handle it dies of it.
signal-winch = The terminal has another size.
signal-io = A file or connection is ready.
signal-pwr = The power is about to fail.
signal-sys = A system call that is not there or not allowed: mostly a seccomp filter (SystemCallFilter=, a container's profile).
signal-realtime = A real-time signal: means what the program says it means; one that does not handle it dies of it.

si-code-ill_illopc = unknown instruction
si-code-ill_illopn = an instruction with operands that are not allowed
si-code-ill_illadr = an instruction with an address that is not allowed
si-code-ill_illtrp = a trap that is not allowed
si-code-ill_prvopc = an instruction that only the kernel may use
si-code-ill_prvreg = a register that only the kernel may use
si-code-ill_coproc = an error of the coprocessor
si-code-ill_badstk = an error of the internal stack
si-code-trap_brkpt = a breakpoint, or a trap that the compiler put there
si-code-trap_trace = a single step of a debugger
si-code-trap_branch = a branch while branches are traced
si-code-trap_hwbkpt = a breakpoint or watchpoint of the hardware
si-code-bus_adraln = the address is not aligned as it must be
si-code-bus_adrerr = no memory stands behind the address: the mapped file is shorter, or its disk cannot be read
si-code-bus_objerr = an error of the hardware behind the address
si-code-bus_mceerr_ar = the memory module has an error that the program ran into
si-code-bus_mceerr_ao = the memory module has an error that was found elsewhere
si-code-fpe_intdiv = integer division by zero
si-code-fpe_intovf = integer overflow
si-code-fpe_fltdiv = floating-point division by zero
si-code-fpe_fltovf = floating-point overflow
si-code-fpe_fltund = floating-point underflow
si-code-fpe_fltres = an inexact floating-point result
si-code-fpe_fltinv = an invalid floating-point operation
si-code-fpe_fltsub = a subscript out of range
si-code-segv_maperr = nothing is mapped at the address
si-code-segv_accerr = the memory is there, but such an access is not allowed (writing to constants, executing data)
si-code-segv_bnderr = a failed check of bounds
si-code-segv_pkuerr = a memory protection key forbids the access
si-code-segv_mteserr = the tag of the address does not match (freed memory, overflow)
si-code-sys_seccomp = a seccomp filter forbids the system call
si-code-si_user = a process sent it (kill)
si-code-si_kernel = the kernel sent it and gives no address
si-code-si_queue = a process sent it (sigqueue)
si-code-si_timer = a timer of the process has run out
si-code-si_tkill = a thread sent it, mostly the process itself (abort, raise)

exit-libc-success = Success.
exit-libc-failure = Failure; no more than that: look into the log.
exit-shell-signal = A program that a shell ran was ended by { $signal } (128 + { $number }).
exit-shell-not_executable = The command was found but cannot be executed: no permission, a folder, or a file for another CPU.
exit-shell-not_found = The command was not found: misspelt, not installed, or not in PATH.
exit-lsb-invalidargument = Invalid or too many arguments.
exit-lsb-notimplemented = Not implemented.
exit-lsb-nopermission = Not permitted.
exit-lsb-notinstalled = The program is not installed.
exit-lsb-notconfigured = The program is not configured.
exit-lsb-notrunning = The program is not running.
exit-sysexits-usage = The command line is wrong.
exit-sysexits-dataerr = The input data is wrong.
exit-sysexits-noinput = An input file is missing or cannot be read.
exit-sysexits-nouser = There is no such user.
exit-sysexits-nohost = There is no such host.
exit-sysexits-unavailable = A service that is needed is not available.
exit-sysexits-software = An error inside the program.
exit-sysexits-oserr = The system refused something (fork, pipe).
exit-sysexits-osfile = A file of the system is missing or wrong.
exit-sysexits-cantcreat = An output file cannot be created.
exit-sysexits-ioerr = An error while reading or writing a file.
exit-sysexits-tempfail = It failed this time; trying again later may help.
exit-sysexits-protocol = The other side did not keep to the protocol.
exit-sysexits-noperm = Not permitted.
exit-sysexits-config = The configuration is wrong.
exit-systemd-chdir = systemd could not change to WorkingDirectory=.
exit-systemd-nice = systemd could not set Nice=.
exit-systemd-fds = systemd could not close or pass on file descriptors.
exit-systemd-exec = systemd could not execute the program of ExecStart=: it is missing, not executable, or its interpreter is missing.
exit-systemd-memory = systemd had too little memory to start the program.
exit-systemd-limits = systemd could not set a limit (Limit*=).
exit-systemd-oom_adjust = systemd could not set OOMScoreAdjust=.
exit-systemd-signal_mask = systemd could not set the signal mask.
exit-systemd-stdin = systemd could not set up StandardInput=.
exit-systemd-stdout = systemd could not set up StandardOutput=.
exit-systemd-chroot = systemd could not change the root (RootDirectory=).
exit-systemd-ioprio = systemd could not set the I/O priority (IOScheduling*=).
exit-systemd-timerslack = systemd could not set TimerSlackNSec=.
exit-systemd-securebits = systemd could not set SecureBits=.
exit-systemd-setscheduler = systemd could not set CPUScheduling*=.
exit-systemd-cpuaffinity = systemd could not set CPUAffinity=.
exit-systemd-group = systemd does not know the group, or could not become it (Group=).
exit-systemd-user = systemd does not know the user, or could not become it (User=).
exit-systemd-capabilities = systemd could not set capabilities (AmbientCapabilities=, CapabilityBoundingSet=).
exit-systemd-cgroup = systemd could not set up the control group.
exit-systemd-setsid = systemd could not create a session.
exit-systemd-confirm = The start was not confirmed (systemd.confirm_spawn=).
exit-systemd-stderr = systemd could not set up StandardError=.
exit-systemd-pam = systemd could not open a PAM session (PAMName=).
exit-systemd-network = systemd could not set up a network namespace (PrivateNetwork=).
exit-systemd-namespace = systemd could not set up the sandbox of files (ReadWritePaths=, PrivateTmp=, BindPaths=): often a path that is not there.
exit-systemd-no_new_privileges = systemd could not set NoNewPrivileges=.
exit-systemd-seccomp = systemd could not set up SystemCallFilter= or another seccomp filter.
exit-systemd-selinux_context = systemd could not set SELinuxContext=.
exit-systemd-personality = systemd could not set Personality=.
exit-systemd-apparmor = systemd could not set AppArmorProfile=.
exit-systemd-address_families = systemd could not set RestrictAddressFamilies=.
exit-systemd-runtime_directory = systemd could not set up RuntimeDirectory=.
exit-systemd-chown = systemd could not give a socket its owner.
exit-systemd-smack_process_label = systemd could not set SmackProcessLabel=.
exit-systemd-keyring = systemd could not set up the kernel keyring.
exit-systemd-state_directory = systemd could not set up StateDirectory=.
exit-systemd-cache_directory = systemd could not set up CacheDirectory=.
exit-systemd-logs_directory = systemd could not set up LogsDirectory=.
exit-systemd-configuration_directory = systemd could not set up ConfigurationDirectory=.
exit-systemd-numa_policy = systemd could not set NUMAPolicy=.
exit-systemd-credentials = systemd could not set up LoadCredential= or SetCredential=.
exit-systemd-bpf = systemd could not apply a BPF restriction (RestrictFileSystems=).
exit-systemd-exception = By convention: something outside of the rules; also what exit(-1) becomes.
exit-go-panic = A panic that nothing recovered from, or a fatal error of the runtime.
exit-java-exception = An exception that nothing caught, or a JVM that could not start.
exit-java-out_of_memory = Out of memory, with -XX:+ExitOnOutOfMemoryError.
exit-python-exception = An exception that nothing caught.
exit-python-usage = The command line is wrong (the interpreter, argparse).
exit-python-flush = Output could not be written at the end.
exit-rust-panic = The main thread panicked.
exit-timeout-timed_out = The command took too long and was ended.
exit-timeout-failed = timeout itself failed.
exit-timeout-killed = The command took too long and was killed (--signal=KILL).

unit-result-core-dump = A signal ended the main process, which left (or would have left) a core dump.
unit-result-exec-condition = A command of ExecCondition= said that the unit need not run.
unit-result-exit-code = The main process ended with an exit code that is no success.
unit-result-oom-kill = The kernel's out-of-memory killer, or systemd-oomd, killed a process of the unit.
unit-result-protocol = The unit did not do what its Type= promises: no readiness message, no PID file.
unit-result-resources = systemd could not get or prepare something that the unit needs.
unit-result-signal = A signal ended the main process, without a core dump.
unit-result-start-limit-hit = It was started too often in too short a time, so systemd tries no more (StartLimitBurst=).
unit-result-timeout = It did not start, reload or stop in time.
unit-result-watchdog = It did not tell systemd in time that it is alive (WatchdogSec=).

# Why a run ended.
explain-stop-manual = Somebody asked systemd to stop or restart it. `aiops analyze restarts NAME` says who, with which command.
explain-stop-exit-code = Its main process, or a command of its start, ended with an exit code that is no success.
explain-stop-signal = A signal ended its main process, and neither the kernel's OOM killer nor systemd sent it.
explain-stop-oom-cgroup = The kernel killed it because its own cgroup, or one above it, reached its memory limit (MemoryMax=). The machine may have had memory left.
explain-stop-oom-system = The kernel killed it because the machine had no memory left.
explain-stop-watchdog = It did not tell systemd in time that it was alive (WatchdogSec=), and systemd killed it.
explain-stop-timeout = It did not start, reload or stop in time (TimeoutStartSec=, TimeoutStopSec=), and systemd killed it.
explain-stop-dependency = A unit that it needs stopped or failed, and systemd stopped it along.
explain-stop-package-upgrade = A package manager stopped or restarted it.
explain-stop-reboot = The host shut down, rebooted or lost power.
explain-stop-clean = Its main process ended by itself and reported success.
explain-stop-unknown = It stopped, and nothing that was recorded says why.
