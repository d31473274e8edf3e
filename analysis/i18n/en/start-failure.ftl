start-since = { " " }since { $since } ({ $length })
start-just-now = just now
start-asked-as = asked for as { $name }
start-files = { $file }{ $more ->
    [0] { "" }
    [one] { " " }and a drop-in
   *[other] { " " }and { $more } drop-ins
}
start-cause-healthy = Nothing is wrong with it
start-cause-starting = It is starting right now
start-assertion = An assertion of its unit did not hold, so systemd refuses to start it
start-waits = It waits to be started: { $unit } comes first, and is not up yet
start-cause-unit-not-found = There is no such unit
start-cause-unit-masked = It is masked: nobody can start it
start-cause-unit-file-invalid = systemd refuses its unit file
start-cause-dependency-cycle = It and a unit that it needs wait for each other
start-cause-dependency-missing = A unit that it needs does not exist
start-cause-dependency-failed = A unit that it needs did not start
start-cause-condition-not-met = A condition does not hold, so systemd skipped the start
start-cause-exec-not-found = Its program does not exist
start-cause-interpreter-missing = The interpreter of its program does not exist
start-cause-exec-format = Its program is none that this machine can run
start-cause-exec-not-executable = Its program cannot be executed
start-cause-user-missing = The user that it runs as does not exist
start-cause-group-missing = The group that it runs as does not exist
start-cause-environment-file-missing = Its environment file does not exist
start-cause-mac-denied = A security module denied it (SELinux, AppArmor)
start-cause-seccomp-denied = It made a system call that its unit forbids
start-cause-sandbox-denied = A setting of its unit keeps it from what it wants to use
start-cause-shared-library-missing = A shared library is missing
start-cause-port-in-use = An address that it needs is in use
start-cause-privileged-port = Its user may not listen on a port below 1024
start-cause-address-not-available = No interface of this host has the address
start-cause-socket-path-in-use = The path of its socket is in use
start-cause-already-running = It is running already
start-stale-file = It does not run: a file that was left behind says that it does
start-cause-disk-full = The disk is full
start-cause-inodes-full = The disk has no room for more files (inodes)
start-cause-read-only-filesystem = It cannot write: the file system is read-only
start-cause-limit-too-low = A limit of its unit or of the kernel is too low
start-cause-out-of-memory = It ran out of memory
start-cause-certificate-invalid = It does not accept its certificate or key
start-cause-data-locked = Its data are locked
start-cause-data-incompatible = Its data are those of another version
start-cause-capability-missing = It lacks a capability
start-cause-name-not-resolved = A host name cannot be resolved
start-cause-remote-unreachable = It cannot reach a server
start-cause-boot-order = It was started before something that it needs
start-cause-config-syntax = It does not understand its configuration
start-cause-config-invalid-value = A value in its configuration is not valid
start-cause-config-missing = Its configuration is missing
start-cause-directory-missing = A directory is missing
start-cause-file-missing = Its program misses a file
start-cause-permission-denied = Its program is denied a permission
start-cause-setup-failed = systemd could not prepare what its program needs
start-cause-crash-at-start = A signal ended its program
start-cause-crash-while-running = A signal ended its program while it ran
start-cause-wrong-service-type = It does not start as its Type= says
start-cause-pid-file-missing = Its pid file did not appear
start-cause-readiness-not-signalled = It did not say that it is ready, as its Type= asks
start-cause-start-timeout = It was not ready in time
start-cause-pre-start-failed = A command before the program failed
start-cause-ended-on-request = It was told to end
start-cause-clean-exit-at-start = It ended at once, without an error
start-cause-application-error = Its program ended with an error
start-cause-start-limit-hit = It was started too often: systemd refuses to start it again
start-cause-unknown = The cause was not found
start-port-in-use = Port { $port } is in use
start-certainty = { " " }({ $certainty })
start-culprit-holder = Held by
start-culprit-nobody-now = nobody now: the next start may go well
start-culprit-nobody-seen = a process that cannot be seen
start-culprit-pid = { $comm } (pid { $pid })
start-culprit-unit = Unit
start-culprit-address = Address
start-culprit-command = Command
start-culprit-user = User
start-culprit-container = Container
start-culprit-since = Started
start-culprit-path = Path
start-culprit-group = Group
start-culprit-library = Library
start-culprit-capability = Capability
start-culprit-limit = Limit
start-culprit-system-call = System call
start-evidence = Evidence
start-also = Also
start-also-path = { $title }: { $path }
start-file-there-now = is there now
start-file-missing = missing
start-file-directory = a folder
start-claimed-gone = process { $pid } does not exist
start-claimed = process { $pid } is { $comm }
start-claimed-of-unit = process { $pid } is { $comm } of { $unit }
start-filesystem = { $path }: { $free } of { $size } free, { $inodes } of { $of } inodes
start-filesystem-read-only = { $path }: its file system is mounted read-only
start-attempt = Failed start, { $at }{ $lasted }{ $how }
start-attempt-past = Earlier failed start, { $at }{ $lasted }{ $how }
start-attempt-running = Failed while it ran, { $at }{ $lasted }{ $how }
start-attempt-running-past = Earlier failure while it ran, { $at }{ $lasted }{ $how }
start-attempt-lasted = { " " }(after { $length })
start-attempt-how = : { $how }
start-log-none = Nothing was logged.
start-log-times = { " " }({ $times } times)
start-log-omitted = … { $lines ->
    [one] one line
   *[other] { $lines } lines
} left out
start-needs = What it needs
start-needs-fine = { $units ->
    [one] one unit is up
   *[other] { $units } units are up
}
start-needed-by = for { $unit }
start-fixes = What to do
start-fix-recommended = { " " }(recommended)
start-fix-risky = { " " }[risky]
start-fix-stop-holder = Stop { $unit }, which holds the port
start-fix-stop-container = A container publishes the port: find it, and stop it
start-fix-end-process = End process { $pid }, which holds the port
start-fix-change-port = Let it listen elsewhere than on port { $port }: change its configuration
start-fix-start-dependency = Find out why { $unit } does not start
start-fix-ask-about = Did you mean { $unit }?
start-fix-unmask = Lift the mask, if nobody needs it any more
start-fix-install-package = Install what brings { $path }: find the package, then start it
start-fix-make-executable = Make { $path } executable
start-fix-remove-stale-file = Remove { $path }: the process that it names is not this program
start-fix-remount-exec = Let programs on { $path } be executed: it is mounted with noexec
start-fix-move-program = Put { $path } on a file system that is not mounted with noexec, and name it so in the unit
start-fix-open-folder = Let others pass the folder { $path }
start-fix-repair-unit-file = Correct { $path }
start-fix-correct-file = Correct { $path }, then start it
start-fix-correct-line-ends = Give { $path } the line ends of Linux: it has those of Windows (CRLF)
start-fix-reload-unit-files = Have systemd read the unit's files: they have changed since it did
start-fix-allow-missing = Let it start without { $path }: a - before it
start-fix-provide-path = Put { $path } where it is looked for
start-fix-allow-access = See who may use { $path }, and allow it
start-fix-allow-path = Let it use { $path }, which its unit forbids
start-fix-make-directory = Make the directory { $path }
start-fix-install-library = Install what brings { $name }
start-fix-create-group = Create the group { $group }
start-fix-allow-capability = Give it { $name }, and nothing more
start-fix-raise-limit = Raise { $name }
start-fix-free-space = Find out what fills the disk of { $path }, and make room
start-fix-find-read-only = Find out why { $path } cannot be written
start-fix-find-user = See who uses { $path }; remove it only if nobody does
start-fix-find-other = See whether it runs outside of the unit
start-fix-check-address = Check { $address }
start-fix-inspect-certificate = Look at the certificate { $path }
start-fix-set-type = Tell systemd how it starts: Type={ $to }
start-fix-create-user = Create the user { $user }
start-fix-meet-condition = Make { $condition } true, or take it out of the unit
start-fix-raise-start-timeout = Give it more time: [Service] TimeoutStartSec={ $seconds }
start-fix-read-core-dump = Look at the core dump
start-fix-raise-memory-limit = Give it more memory, or find out what needs so much
start-fix-find-sender = Who sent { $signal } this host does not record: aiops events tells it, where an agent watched
start-fix-reset-and-start = Start it
start-fix-read-log = Read all that it logged
start-limit-not-seen = Not seen: { $what }: { $why }
start-limit-changed-files-cut = Not all of its files were compared with the last good start: they are too many, or reading them took too long.
start-limit-package-log-cut = Package changes since the last good start may be missing: their log is longer than what is read of it (/var/log/dpkg.log*, dnf.rpm.log*, pacman.log*).
start-limit-hint-journal = hint: run it as root, or join the group systemd-journal or adm
start-limit-hint-root = hint: run it as root
start-quick-fix = Quick fix{ $risky ->
    [yes] { " " }[risky]
   *[no] { "" }
}:{ " " }
start-next = Next{ $risky ->
    [yes] { " " }[risky]
   *[no] { "" }
}:{ " " }
start-config-test-passed = Config test passed
start-config-test-failed = Config test failed
start-config-test-inconclusive = Config test says nothing of the configuration
start-config-test-cut-off = it took too long
