# The page: what it says beside the events and reports.
web-skip = Skip to the content
web-navigation = Pages
web-fleet = Fleet
web-diagnose = Diagnose
web-audit = Audit
web-settings = Settings
web-language = Language
web-theme = Colours
web-theme-system = As the system
web-theme-light = Light
web-theme-dark = Dark
web-login = Log in
web-logging-in = Logging in …
web-logout = Log out
web-login-intro = Ask any host why a service stopped or does not start.
web-login-forgotten = No password, or forgotten? An administrator makes you a login link; on the server's machine `aiops-server account login-link NAME` does.
web-name = Name
web-password = Password
web-role = Role
web-role-viewer = viewer
web-role-operator = operator
web-role-admin = admin
web-loading = Loading …
web-hint = Hint:
web-no-such-page = There is no such page.
web-nothing-found = Nothing found.
web-copy = Copy
web-copied = Copied
web-copy-failed = Not copied: select the text
web-refresh = Refresh
web-older = Show older ones
web-needs-operator = Asking a host needs the role operator. You can read what others asked.
web-needs-admin = This needs the role admin.

web-problem-unreachable = The server cannot be reached
web-problem-unauthorized = You are not logged in any more
web-problem-wrong-login = The name or the password is wrong
web-problem-too-many-attempts = Too many attempts
web-problem-not-allowed = Your role does not allow this
web-problem-host-not-found = There is no such host
web-problem-host-ambiguous = More than one host has this name
web-problem-not-found = There is no such thing
web-problem-database-unavailable = The database does not answer

web-state-for = { $state } for { $length }
web-search-key = (/)
web-fleet-search = Name, address or label=value
web-shown = { $n ->
    [one] { $n } shown
   *[other] { $n } shown
}
web-heading-labels = LABELS
web-filter-all = All
web-filter-online = Online
web-filter-away = Not online
web-filter-noted = With notes

web-tab-units = Units
web-tab-events = Events
web-tab-processes = Processes
web-tab-about = Host
web-units-search = Name of a unit
web-units-cut = Units may be missing: only the newest { $runs } runs were looked at.
web-no-units = No unit of this host has been seen to start or stop yet.
web-heading-stops-24h = STOPS 24H
web-heading-failures-24h = FAILURES 24H
web-no-sources = The host has not said yet how it watches.
web-certificate-late = — it should have been renewed by now
web-event-filter = Which events
web-event-filter-units = Units
web-event-filter-trouble = Only trouble
web-event-filter-all = All, processes too
web-no-events = Nothing happened in the last { $period }. New events appear here.
web-events-kept = The newest { $n } events are shown.
web-no-data = no data
web-stream-connecting = connecting …
web-stream-open = live
web-stream-broken = interrupted, trying again

web-asking = Asking …
web-processes-at = as of { $time }, asked again every 10 seconds while this tab is open
web-tree-of = Processes of { $host }
web-tree-search = Name, argument, unit, user or pid
web-tree-odd-only = Only what is odd
web-tree-process = PROCESS
web-tree-pid = PID
web-tree-cpu = CPU %
web-tree-memory = MEMORY
web-tree-below = WITH CHILDREN
web-tree-unit = UNIT
web-tree-user = USER
web-tree-odd = ODD
web-tree-cpu-title = Share of one core over its life, like ps
web-tree-sums = { $cpu } %, { $memory }
web-tree-folded = +{ $n }
web-tree-totals = { $n ->
    [one] { $n } process
   *[other] { $n } processes
} and { $kernel } kernel threads, { $running } running, { $memory } resident
web-tree-zombies = { $n ->
    [one] { $n } zombie
   *[other] { $n } zombies
}
web-tree-orphans = { $n ->
    [one] { $n } orphan
   *[other] { $n } orphans
}
web-tree-uninterruptible = { $n } in uninterruptible sleep
web-tree-stopped = { $n } stopped
web-tree-omitted = { $n ->
    [one] One process is not in this list: there are too many.
   *[other] { $n } processes are not in this list: there are too many.
}
web-oddity-zombie = zombie: its parent does not ask how it ended
web-oddity-orphan = orphan: its parent died
web-oddity-outside-unit = its parent is in { $unit }
web-oddity-deleted-program = its program { $path } was deleted or replaced
web-oddity-uninterruptible = uninterruptible sleep
web-limit = { $count ->
    [one] Not readable: { $what } ({ $why })
   *[other] Not readable, { $count } times: { $what } ({ $why })
}

web-period = Period
web-period-24h = 24 hours
web-period-7d = 7 days
web-period-30d = 30 days
web-states = States over time
web-lane-running = running
web-lane-starting = starting
web-lane-down = stopped
web-lane-failed = failed
web-lane-no-data = no data
web-causes = Why it stopped
web-cause-share = { $cause }: { $count } ({ $percent } %)
web-ledger = Stops
web-no-stops = It did not stop in this period.
web-diagnose-start = Diagnose its start

web-what = What to ask
web-where = Which hosts
web-analysis-analyze-restarts = How often a unit stopped, and why
web-analysis-analyze-crash = Which processes crashed, why and where
web-analysis-analyze-process = What a process uses
web-analysis-analyze-ptree = Process tree
web-analysis-analyze-service = How a unit is, and how it is set up
web-analysis-analyze-behavior = What a process does for a while
web-analysis-analyze-behavior-traced = What a process does, call by call
web-analysis-inspect-process = What a process waits for
web-analysis-inspect-process-stack = What a process waits for, with stacks
web-analysis-analyze-system = What the machine is short of
web-analysis-analyze-zombies = Zombies, and why they stay
web-analysis-collect-processes = The processes of an interval
web-analysis-profile-process = Where a process spends CPU time
web-analysis-diagnose-start-failure = Why a unit does not start
web-tier-D0 = only reads
web-tier-D1 = samples: the target runs a little slower
web-tier-D2 = stops the target while it looks
web-at-most = { $length } at most
web-flame-of = Flame graph of { $host }
web-flame-help = A box stands below its caller and is as wide as its share of the samples. A click or Enter shows it large, the arrows lead from box to box, Escape shows all.
web-flame-search = Search for a function
web-flame-whole = Show all
web-flame-box = { $name }: { $n ->
    [one] one sample
   *[other] { $n } samples
}, { $share }
web-flame-found = { $n ->
    [0] No such function
    [one] One sample, { $share }
   *[other] { $n } samples, { $share }
}
web-flame-cut = The deepest calls are not drawn: there are too many. Click a box to see what is below it.
web-flame-omitted = { $n ->
    [one] One sample of a rare stack is not in the picture.
   *[other] { $n } samples of rare stacks are not in the picture.
}
web-parameter-unit = Unit
web-parameter-unit-help = nginx means nginx.service
web-parameter-pid = Pid
web-parameter-pid-help = Number of the process; empty, where that is allowed: all
web-parameter-name = Program
web-parameter-detail = In full
web-parameter-last = The newest in full
web-parameter-since_s = Look back (seconds)
web-parameter-period_s = Look back (seconds)
web-parameter-duration_s = Watch (seconds)
web-parameter-pss = Proportional share of memory (the process may stand still)
web-parameter-dwarf = Unwind by debug information
web-parameter-top = At most so many
web-parameter-recursive = Grandchildren too
web-parameter-ipc = What they talk through
web-parameter-sort = Order
web-parameter-sort-help = cpu, memory, io, threads, age or pid
web-chosen = Chosen hosts
web-choose-hosts = Choose a host or a label.
web-remove = Remove { $what }
web-all-with-label = { $n ->
    [one] All with { $label } ({ $n } host now)
   *[other] All with { $label } ({ $n } hosts now)
}
web-more-hosts = … and { $n } more: search for them
web-when-off = If a host is off
web-wait-0 = say so at once
web-wait-3600 = wait an hour for it
web-wait-86400 = wait a day for it
web-wait-604800 = wait a week for it
web-ask = Ask
web-ask-again = Ask again
web-cancel = Cancel
web-inquiries = Asked of late
web-in-a-shell = In a shell
web-report = Report
web-report-of = Report of { $host }
web-progress-of = Progress on { $host }

web-holder = { $where } is held by { $comm } [{ $pid }] ({ $details }): { $command }
web-holder-hidden = { $where } is held, and the holder cannot be seen
web-holder-since = since { $since }
web-evidence = What this rests on
web-fixes = What to do
web-quick-fix = recommended
web-risky = may interrupt something else
web-other-findings = Also found
web-dependencies = What it needs
web-relation = RELATION
web-state = State
web-since = Since
web-automatic-restarts = Automatic restarts
web-unit-files = Unit files
web-failed-at = Failed
web-failed-step = Failed step
web-log = Its log
web-log-omitted = { $n ->
    [one] One line in the middle is left out.
   *[other] { $n } lines in the middle are left out.
}

web-audit-intro = Each entry carries the hash of the one before. Whoever remembers a hash can check everything before it.
web-audit-head = Head of the chain, entry { $n }
web-audit-n = NO.
web-audit-at = WHEN
web-audit-actor = WHO
web-audit-action = WHAT
web-audit-target = TO WHAT
web-audit-detail = DETAIL

web-own-password = Your password
web-old-password = Old password
web-old-password-help = Empty if you have none yet
web-new-password = New password
web-change = Change
web-password-changed = The password is changed.
web-own-sessions = Where you are logged in
web-browser = BROWSER
web-last-seen = LAST SEEN
web-last-used = LAST USED
web-ends = Ends
web-never-ends = never
web-actions = ACTIONS
web-this-session = this one
web-end-session = End
web-delete = Delete
web-api-tokens = API tokens
web-make-token = Make a token
web-shown-once = The token is shown this once:
web-life-86400 = in a day
web-life-2592000 = in 30 days
web-life-31536000 = in a year
web-add-hosts = Add hosts
web-how-many-hosts = How many
web-make-line = Make the line to run
web-join-valid = Run this on the host, as root, before { $until }:
web-accounts = Accounts
web-make-account = Make an account
web-login-link = Login link
web-login-link-valid = { $name } logs in with this once, before { $until }:
web-enabled = enabled
web-disabled = disabled
web-enable = Enable
web-disable = Disable
