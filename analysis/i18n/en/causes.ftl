# What the causes of a failed start mean, and where to look: `aiops explain CODE`.
explain-cause-healthy = The unit runs, or rests because nobody wants it to run.
explain-cause-starting = systemd is starting it, and it has not failed yet. Ask again in a moment.
explain-cause-unit-not-found = systemd knows no unit of this name. Mostly the name is spelled otherwise, or its package is not installed.
explain-cause-unit-masked = Its unit file is a link to /dev/null. Somebody did that on purpose: ask before you unmask it.
explain-cause-unit-file-invalid = systemd could not read its unit file or one of its drop-ins, and says in which line.
explain-cause-dependency-cycle = Units wait for each other in a circle (After=, Before=, Requires=). systemd breaks it by leaving one of them out.
explain-cause-dependency-missing = It requires a unit that does not exist or is masked, so systemd refuses to start it.
explain-cause-dependency-failed = A unit that it requires failed. Look at that one; this one is fine.
explain-cause-condition-not-met = A Condition…= or Assert…= of the unit does not hold. systemd skips the start, mostly without an error.
explain-cause-exec-not-found = The program that ExecStart= names is not there (203/EXEC).
explain-cause-interpreter-missing = The program is a script, and what its first line (#!) names is not there.
explain-cause-exec-format = The kernel does not know how to run the file: it is for another machine, empty, or a script without a first line #!.
explain-cause-exec-not-executable = The program is there and may not be executed: its mode, a folder above it, or a mount with noexec.
explain-cause-user-missing = The user in User=, or in the program's configuration, does not exist.
explain-cause-group-missing = The group in Group=, or in the program's configuration, does not exist.
explain-cause-environment-file-missing = A file in EnvironmentFile= is not there. With "-" before its path it would be optional.
explain-cause-mac-denied = SELinux or AppArmor denied an access while it started: the kernel's log has the line.
explain-cause-seccomp-denied = It was killed (SIGSYS) for a system call that SystemCallFilter= does not allow.
explain-cause-sandbox-denied = ProtectSystem=, ProtectHome=, ReadOnlyPaths= or InaccessiblePaths= of its unit keep it from a path that it needs.
explain-cause-shared-library-missing = The dynamic loader does not find a library that the program was built with, or only an older version.
explain-cause-port-in-use = Another socket has the address that it wants to listen on (EADDRINUSE).
explain-cause-privileged-port = Ports below 1024 take root or CAP_NET_BIND_SERVICE.
explain-cause-address-not-available = It wants to listen on an address that no interface of this host has (EADDRNOTAVAIL), or has not yet.
explain-cause-socket-path-in-use = The path of its unix socket exists: another program listens there, or one that died left it behind.
explain-cause-already-running = It says that it is running already: outside of the unit, or a pid file is left from before.
explain-cause-disk-full = A file system has no room (ENOSPC).
explain-cause-inodes-full = A file system has room, and no inodes for more files. Many small files fill it.
explain-cause-read-only-filesystem = It wanted to write where the file system is read-only (EROFS). After errors of the disk the kernel mounts it so.
explain-cause-limit-too-low = A limit of its unit, such as LimitNOFILE= or TasksMax=, or of the kernel, such as fs.inotify.max_user_watches, is lower than what it needs.
explain-cause-out-of-memory = The kernel killed it for lack of memory, or it says that it gets none.
explain-cause-certificate-invalid = It cannot use its certificate or key: expired, damaged, or not a pair.
explain-cause-data-locked = Another process holds the lock of its data, or one that died left a lock file behind.
explain-cause-data-incompatible = Its data were written by another version. Do not delete anything: upgrade the data, or go back to that version.
explain-cause-capability-missing = It does something that takes a capability, which its user or its unit does not have.
explain-cause-name-not-resolved = It needs the address of a host, and the name cannot be resolved: a typing error, or DNS.
explain-cause-remote-unreachable = Another server refuses the connection, or does not answer.
explain-cause-boot-order = It failed right after the boot for want of something that came a moment later. It has to wait for that (After=, Wants=).
explain-cause-config-syntax = It does not understand its configuration: an unknown word, or a missing bracket.
explain-cause-config-invalid-value = It understands its configuration, and a value in it is not one that it can take.
explain-cause-config-missing = Its configuration, or a file that it includes, is not there.
explain-cause-directory-missing = A directory that it needs does not exist.
explain-cause-file-missing = A file that it needs does not exist.
explain-cause-permission-denied = Its user may not do something with a file or a folder above it.
explain-cause-setup-failed = systemd failed to prepare what its unit asks for before the program ran.
explain-cause-crash-at-start = A signal ended it within moments of its start: a crash, or somebody killed it.
explain-cause-crash-while-running = A signal ended it after it had run for a while. "aiops analyze crash" tells more.
explain-cause-wrong-service-type = Type= does not fit how it starts: with "forking" the first process has to end, with "simple" it has to stay.
explain-cause-pid-file-missing = systemd waits for the file in PIDFile=, and the program does not write it there.
explain-cause-readiness-not-signalled = With Type=notify the program has to say READY=1 (sd_notify), and did not.
explain-cause-start-timeout = It was not ready within TimeoutStartSec=, so systemd ended it.
explain-cause-pre-start-failed = A command in ExecStartPre= or ExecCondition= failed, and the program itself never ran.
explain-cause-ended-on-request = Somebody stopped the unit, or sent its program a signal through systemd. The program ended for that, and systemd counts how it ended as a failure.
explain-cause-clean-exit-at-start = The program ended at once and without an error, so nothing runs. It may need another Type=, or an option to stay.
explain-cause-application-error = The program ended with an error of its own. What it logged is all there is.
explain-cause-start-limit-hit = It was started more often than StartLimitBurst= allows. That is a consequence: look for what failed before.
explain-cause-unknown = No check found a cause. The last lines that it logged are shown.
