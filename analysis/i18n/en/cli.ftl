# What `aiops` says beside the reports: errors, hints, warnings.
cli-error = error: { $text }
cli-because = { $text }: { $why }
cli-hint = hint: { $text }
cli-warning = warning: { $text }

cli-no-language = `{ $tag }` is none of our languages
cli-no-home = cannot tell where the configuration is: HOME is not set
cli-no-server = no server is configured: cannot read { $path }
cli-no-server-hint = `aiops login https://HOST:8443` makes a context; one that is elsewhere is named with --config or AIOPS_CONFIG
cli-config-unreadable = cannot read the configuration
cli-config-not-written = cannot write { $path }
cli-no-contexts = { $path } has no context
cli-no-current-context = { $path } says of no context that it is the current one
cli-no-such-context = { $path }: there is no context `{ $name }`
cli-contexts-are = choose one with `aiops context use NAME`: { $names }
cli-context-heading-current = CURRENT
cli-context-heading-name = NAME
cli-context-heading-server = SERVER
cli-context-heading-user = USER
cli-context-none = No context. `aiops login https://HOST:8443` makes one.
cli-context-used = `{ $name }` is asked from now on: { $server }
cli-context-removed = `{ $name }` is forgotten.
cli-context-token-stays = its token stays valid on the server until it ends or is removed there

cli-no-address = `{ $server }` is no server: write https://HOST:PORT
cli-no-http = cannot set up the HTTP client
cli-no-tls = cannot set up TLS
cli-no-authority = cannot read the server's authority from { $path }
cli-in-context = the context
cli-no-answer = the server at { $server } does not answer
cli-no-answer-hint = on the host itself `aiops analyze` and `aiops diagnose` need no server: leave --host out there
cli-odd-answer = { $server } answered something else
cli-odd-answer-hint = `aiops` and the server may be of different versions
cli-status = the server answered { $status }
cli-stream-silent = the server is silent
cli-stream-closed = the server closed the stream
cli-cannot-write-file = cannot write { $file }
cli-cannot-write = cannot write the report
cli-runtime = cannot start the runtime

# The server's own words are English; other languages say before them what they mean.
cli-problem-unauthorized = { $server } does not know this login, or it has ended
cli-login-again = `aiops login { $server }` begins a new one
cli-problem-account-not-found = { $detail }
cli-problem-bad-request = { $detail }
cli-problem-busy = { $detail }
cli-problem-conflict = { $detail }
cli-problem-database-unavailable = { $detail }
cli-problem-host-ambiguous = { $detail }
cli-problem-host-not-found = { $detail }
cli-problem-inquiry-not-found = { $detail }
cli-problem-internal = { $detail }
cli-problem-no-hosts = { $detail }
cli-problem-not-allowed = { $detail }
cli-problem-orders-unavailable = { $detail }
cli-problem-too-many-attempts = { $detail }
cli-problem-wrong-login = { $detail }

cli-one-host-only = `aiops events` takes one host at a time, and no label
cli-earlier-events = there are earlier events: --since, or a larger --limit (1000 at most), shows them
cli-more-events = there are later events: a shorter --since, or a larger --limit (1000 at most), shows them
cli-empty-host = the name of a host is empty
cli-no-hosts-here = this command asks no hosts: leave --host and -l out
cli-patience-without-host = --when-online and --timeout are for hosts that are asked through the server
cli-patience-without-host-hint = name them with --host or -l; here Ctrl-C ends it
cli-no-label = `{ $label }` is no label: write KEY=VALUE
cli-no-unit = `{ $name }` is not the name of a systemd unit
cli-unknown-unit = { $host } knows no unit `{ $unit }`
cli-unknown-unit-here = this machine knows no unit `{ $unit }`
cli-unknown-unit-hint = `aiops analyze restarts --all` lists the units that stopped
cli-journal-here-only = --journal reads files of this machine: leave --host and -l out
cli-ledger-of-hosts-only = --record ledger is about hosts: name one with --host
cli-journal-may-go-back = the host's own journal may go further back: --record journal
cli-no-journal = cannot read this machine's journal
cli-journal-groups = run it as root, or join one of the groups { $groups }
cli-journal-elsewhere = a host that reports to a server can be asked with --host NAME

cli-host-says = { $host }: { $what }
cli-host-offline-hint = --when-online lets the question wait for it
cli-host-refused-hint = `aiops audit list` tells what was refused; on the host, /etc/aiops/policy.toml decides
cli-host-lost-hint = it is never run twice by itself: ask again
cli-no-target-hint = `aiops collect processes` lists what runs; of what has ended `aiops analyze crash` and `aiops analyze restarts --all` tell
cli-not-possible-hint = without systemd, or as another user than root, `aiops collect processes`, `aiops analyze ptree` and `aiops analyze system` still tell what they can see
cli-no-local-answer = this machine: { $reason }
cli-queued = { $hosts ->
    [one] the question waits for one host
   *[other] the question waits for { $hosts } hosts
} as inquiry { $inquiry }
cli-look-again = `aiops inquiry show { $inquiry }` tells what came of it
cli-still-open = { $hosts ->
    [one] one host has not answered in time
   *[other] { $hosts } hosts have not answered in time
}
cli-interrupted = interrupted: the question is cancelled on the hosts that have not answered
cli-not-cancelled = interrupted, and the question could not be cancelled
cli-asking = { $host }: { $what }
cli-asked-hosts = { $done } of { $hosts } hosts
cli-nobody-asked = no host has these labels
cli-no-such-host-in-inquiry = nobody asked `{ $host }` in inquiry { $inquiry }
cli-inquiry-cancelled = inquiry { $inquiry } is cancelled on the hosts that had not answered.

cli-no-pin = `{ $pin }` is no pin: it is `sha256:` and 64 hexadecimal digits
cli-login-https = logging in needs https: `{ $server }` would send the password in the clear
cli-no-ca = { $server } gives no certificate of an authority at /ca.pem
cli-no-ca-hint = is it an aiops server?
cli-wrong-pin = { $server } has another authority than the one with the pin { $pin }: its pin is { $found }
cli-wrong-pin-hint = nothing was sent to it; compare with `aiops-server ca show` on the server
cli-unpinned = the authority of { $server } is not known yet: say --ca-pin { $found } if that is the right one
cli-unpinned-hint = `aiops-server ca show` on the server prints the right pin
cli-trust-shown = The authority of { $server } has the key
cli-trust-question = Is that what `aiops-server ca show` prints on the server? [y/N]
cli-not-trusted = the authority of { $server } was not trusted: nothing was sent
cli-yes = y
cli-password-for = Password of { $user } on { $server }:
cli-no-password = there is no terminal to ask for the password
cli-no-password-hint = --password-stdin reads it from standard input
cli-password-unread = cannot read the password
cli-set-password-link-only = --set-password goes with a login link, which proves who you are
cli-new-password-for = New password on { $server }:
cli-new-password-again = The same again:
cli-new-passwords-differ = the two passwords differ: nothing was sent
cli-new-password-length = a password has 12 to 1024 bytes: nothing was sent
cli-password-not-set = you are logged in, but the password could not be set: { $why }
cli-no-user = cannot tell who logs in
cli-no-user-hint = name yourself with --user
cli-no-session = { $server } accepted the login and gave no session
cli-logged-in = Logged in to { $server } as { $user } ({ $role }); context `{ $name }` is asked from now on, until { $until }.
cli-logged-out = Logged out: the token is removed on { $server }, and `{ $name }` is forgotten.
cli-logged-out-hand-made = `{ $name }` is forgotten. Its token was not made by `aiops login`, and stays valid.
cli-token-not-removed = the token could not be removed on the server, and works until it ends: { $why }

cli-no-method = `{ $method }` is no method: GET, POST, PATCH, PUT or DELETE
cli-no-path = `{ $path }` is no path: it begins with /, as in /hosts
cli-no-data = cannot read { $path }
cli-data-stdin = standard input

cli-audit-whole = The audit is whole: { $entries ->
    [one] one entry
   *[other] { $entries } entries
}, head { $hash }
cli-audit-broken = the audit is broken
cli-audit-broken-missing = entry { $expected } is missing: { $found } follows
cli-audit-broken-not-continued = entry { $entry } does not continue the one before it
cli-audit-broken-changed = entry { $entry } was changed
cli-audit-broken-hint = somebody changed the database by hand: compare with a backup, and with heads that were written down before
cli-audit-remember = write the head down somewhere else: who has it can prove later that nothing before it was changed

cli-account-heading-name = ACCOUNT
cli-account-heading-role = ROLE
cli-account-heading-login = LOGIN
cli-account-heading-since = SINCE
cli-account-password = password
cli-account-link = link
cli-account-disabled = disabled { $when }
cli-account-changed = { $name }: { $role }
cli-account-changed-disabled = { $name } is disabled: its logins and tokens are refused.
cli-link-valid = { $name } logs in with it once, until { $until }
cli-token-heading-name = TOKEN
cli-token-heading-role = ROLE
cli-token-heading-account = ACCOUNT
cli-token-heading-expires = EXPIRES
cli-token-heading-used = LAST USED
cli-token-no-end = never
cli-token-unused = never
cli-token-none = No token.
cli-token-shown-once = it is shown this once; it may do what { $role } may, until { $until }
cli-token-shown-once-endless = it is shown this once; it may do what { $role } may, until it is removed
cli-token-removed = Token `{ $name }` is removed.

cli-no-topic = there is no command `{ $words }`
cli-no-topic-hint = `aiops help` lists them
cli-man-not-written = cannot write man pages to { $path }
cli-man-written = { $pages } man pages are in { $path }; `man -l { $path }/aiops.1` shows the first

cli-exit-title = Exit codes of aiops:
cli-exit-fine = The command worked, and what it looked at is well. A question that waits for a host (--when-online) counts as worked.
cli-exit-problem = The command worked, and found a problem: a start that failed, a zombie, a broken audit.
cli-exit-usage = Wrong usage: an option, a name or a configuration that cannot be meant.
cli-exit-target = There is no such host, unit, process, inquiry or account.
cli-exit-allowed = Not allowed: by the server (role, token) or by the policy of the host.
cli-exit-unreachable = The server does not answer, or the host is off.
cli-exit-partly = Of several hosts, some answered and some did not; or they failed for different reasons.
cli-exit-broken = aiops itself failed, or the analysis on the host did. The error says what.
cli-exit-interrupted = Interrupted with Ctrl-C; a question that was asked is cancelled.
cli-no-such-report = there is no report { $name }
cli-no-such-report-hint = `aiops schema` lists the reports
cli-watch-of-orders = --watch asks again and again, --when-online does not wait for an answer
cli-nothing-to-watch = only a question can be asked again and again with --watch
