start-changes = Changed since it last started well ({ $at }, { $ago })
start-changes-none = Nothing has changed of what was looked at, since it last started well ({ $at }, { $ago }).
start-changes-no-start-none-on-record = What changed is not known: no start that went well is on record.
start-changes-no-start-journal-not-read = What changed is not known: the journal, which has the last good start, could not be read.
start-changes-by-dates = (date): only the date of the file says so; the agent kept no copy of it.
start-changes-no-cause = A change is a hint, and no proof of the cause.
start-changes-omitted = … { $changes ->
    [one] one more change
   *[other] { $changes } more changes
}
start-change-blamed = blamed: { $change }
start-change-by-date = { $change } (date)
start-change-file = { $role } { $path }: { $how }
start-role-unit-file = unit file
start-role-drop-in = drop-in
start-role-configuration = configuration
start-role-environment-file = environment file
start-role-program = program
start-role-accounts = accounts
start-file-modified = changed
start-file-modified-date = changed, or new
start-file-created = new
start-file-deleted = deleted
start-file-replaced = moved, replaced, or given another owner or mode
start-file-permissions = owner and mode { $before } → { $after }
start-file-as-packaged = { $how }, as its package has it
start-change-package = package { $name }: { $versions }{ $part }
start-change-setting = setting { $name }: { $before } → { $after }
start-change-account = { $name }: { $before } → { $after }
start-change-mount = mount { $point }: { $before } → { $after }
start-change-nothing = nothing
start-package-upgraded = { $before } → { $after }
start-package-installed = installed, { $after }
start-package-removed = removed, { $before }
start-part-program = { " " }(has its program)
start-part-files = { " " }(has files of it)
start-part-library = { " " }(has a library of it)
start-part-other = { "" }
start-change-boot = the host restarted
start-change-kernel = the host restarted with another kernel: { $before } → { $after }
start-diff-omitted = … { $lines ->
    [one] one more line
   *[other] { $lines } more lines
}
