# What becomes of a question on one host, and over several.
order-state-queued = waits for the host until { $until }
order-state-sent = on its way
order-state-running = runs
order-state-running-at = runs: { $progress }

order-offline = offline since { $since } ({ $why })
order-never-online = offline: { $why }
order-off-agent-stopped = agent stopped
order-off-host-shut-down = host shut down
order-off-lost = lost
order-off-server-stopped = server stopped
order-off-joined = the agent has never connected
order-expired = did not begin in time
order-cancelled = cancelled
order-lost = may have run, and nobody can tell how it ended
order-refused-server = refused by the server: { $reason }
order-refused-host = refused by the host: { $reason }
order-failed = no report: { $reason }
order-detail = { $text } ({ $detail })

order-refusal-bad-signature = the order is not signed by a key it trusts
order-refusal-not-understood = it does not understand the order
order-refusal-wrong-host = the order is for another host
order-refusal-expired = the order came too late
order-refusal-replayed = the order came twice, or from before its disk was restored
order-refusal-policy = its policy does not allow it
order-refusal-disabled = it accepts no orders
order-refusal-policy-unusable = its policy cannot be read, so nothing is allowed
order-refusal-too-many = too many questions at once
order-refusal-cannot-remember = it cannot write down that it begins, so nothing ran
order-refusal-not-supported = its agent is too old to be asked
order-refusal-not-trusted = the host is revoked, or two machines use its identity

order-failure-time-limit = it took longer than it may
order-failure-too-large = the report is too large
order-failure-no-such-target = no such target
order-failure-not-possible = the host cannot answer this
order-failure-crashed = the analysis broke
order-failure-agent-stopped = the agent stopped
order-failure-question-unknown = the server cannot read the question, which another version of it asked; ask again

inquiry-healthy = healthy
inquiry-zombies = zombies
inquiry-not-found = not found
inquiry-by = { $cause } by { $culprit }
inquiry-group = { $hosts ->
    [one] { $hosts } host
   *[other] { $hosts } hosts
}: { $verdict }
inquiry-group-more = { $hosts }: { $verdict }
inquiry-without-answer = no answer: { $hosts }
inquiry-host-why = { $host } { $why }
inquiry-separator = { "; " }
inquiry-and-more = and { $hosts } more
inquiry-nobody = No host was asked.
inquiry-none = Nobody has asked anything yet.
inquiry-heading-id = INQUIRY
inquiry-heading-when = WHEN
inquiry-heading-who = BY
inquiry-heading-question = QUESTION
inquiry-heading-answers = ANSWERS
inquiry-answers = { $answered } of { $hosts }
inquiry-answers-open = { $answered } of { $hosts }, { $open } open
