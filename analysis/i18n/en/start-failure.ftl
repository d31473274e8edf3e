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
start-cause-unit-not-found = There is no such unit
start-cause-unit-masked = It is masked: nobody can start it
start-cause-unit-file-invalid = systemd refuses its unit file
start-cause-condition-not-met = A condition does not hold, so systemd skipped the start
start-cause-exec-not-found = Its program does not exist
start-cause-exec-not-executable = Its program cannot be executed
start-cause-setup-failed = systemd could not prepare what its program needs
start-cause-port-in-use = An address that it needs is in use
start-cause-dependency-failed = A unit that it needs did not start
start-cause-start-timeout = It was not ready in time
start-cause-never-ready = It ended, and never became ready as its Type= asks
start-cause-start-limit-hit = It was started too often: systemd refuses to start it again
start-cause-crash-at-start = A signal ended its program
start-cause-crash-while-running = A signal ended its program while it ran
start-cause-out-of-memory = It ran out of memory, and the kernel killed it
start-cause-permission-denied = Its program is denied a permission
start-cause-file-missing = Its program misses a file
start-cause-config-invalid = Its program does not accept its configuration
start-cause-application-error = Its program ended with an error
start-cause-unknown = The cause was not found
start-port-in-use = Port { $port } is in use
start-setup-user = systemd could not run it as its user { $value }
start-setup-group = systemd could not run it in its group { $value }
start-setup-workingdirectory = systemd could not enter its working directory
start-setup-rootdirectory = systemd could not enter its root directory
start-setup-environmentfile = systemd could not read its environment file
start-certainty = { " " }({ $certainty })
start-culprit-holder = Held by
start-culprit-nobody-seen = a process that cannot be seen
start-culprit-pid = { $comm } (pid { $pid })
start-culprit-unit = Unit
start-culprit-address = Address
start-culprit-command = Command
start-culprit-user = User
start-culprit-container = Container
start-culprit-since = Started
start-culprit-path = Path
start-evidence = Evidence
start-also = Also
start-file-missing = missing
start-file-directory = a folder
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
start-fix-install-package = Install what brings { $path }, then start it
start-fix-make-executable = Make { $path } executable
start-fix-repair-unit-file = Correct { $path }
start-fix-correct-file = Correct { $path }, then start it
start-fix-provide-path = Put { $path } where it is looked for
start-fix-allow-access = See who may use { $path }, and allow it
start-fix-create-user = Create the user { $user }
start-fix-meet-condition = Make { $condition } true, or take it out of the unit
start-fix-raise-start-timeout = Give it more time: [Service] TimeoutStartSec={ $seconds }
start-fix-read-core-dump = Look at the core dump
start-fix-raise-memory-limit = Give it more memory, or find out what needs so much
start-fix-reset-and-start = Start it
start-fix-read-log = Read all that it logged
start-limit-not-seen = Not seen: { $what }: { $why }
start-limit-hint-journal = hint: run it as root, or join the group systemd-journal or adm
start-limit-hint-root = hint: run it as root
start-quick-fix = Quick fix{ $risky ->
    [yes] { " " }[risky]
   *[no] { "" }
}:
start-next = Next{ $risky ->
    [yes] { " " }[risky]
   *[no] { "" }
}:
