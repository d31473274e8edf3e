# Hosts: the list, and one of them.
host-heading-name = HOST
host-heading-state = STATE
host-heading-since = SINCE
host-heading-lag = LAG
host-heading-version = AGENT
host-heading-processes = PROCESSES
host-heading-note = NOTE
host-state-joined = joined
host-state-online = online
host-state-offline = offline
host-state-revoked = revoked
host-state-clone-suspected = clone?
host-reason-joined = the agent has not connected yet
host-reason-agent-stopped = the agent was stopped
host-reason-host-shut-down = the host shut down
host-reason-lost = the connection was lost
host-reason-server-stopped = the server was stopped
host-reason-revoked = revoked: { $reason }
host-reason-clone = two machines use this identity: nothing is accepted from either
host-no-hosts = No host has joined yet.
host-hint-add = `aiops host add` prints the line with which one joins
host-degraded = { $source }: { $reason }
host-not-running = off
host-clock-off = its clock is { $length } off
host-count = { $online } of { $total } online
host-field-id = Agent id
host-field-os = System
host-field-kernel = Kernel
host-field-systemd = systemd
host-field-addresses = Addresses
host-field-labels = Labels
host-field-enrolled = Joined
host-field-heard = Last heard
host-field-certificate = Certificate
host-certificate-expires = expires { $when }
host-field-lag = Not stored yet
host-lag-events = { $events ->
    [0] nothing
    [one] { $events } event
   *[other] { $events } events
}
host-field-sources = Sources
host-never = never
host-no-systemd = none
host-revoked = { $host } is revoked: its stream is cut, and its certificate opens nothing any more.
host-join-valid = works until { $until } for { $uses ->
    [one] one host
   *[other] { $uses } hosts
}
