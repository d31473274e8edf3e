report-reading-processes = reading processes
report-reading-unit = asking systemd about the unit
report-reading-journal = reading the journal
report-reading-sockets = reading sockets
report-reading-stacks = reading stacks
report-watching = watching (seconds)
report-concluding = concluding
report-progress = { $step }, { $done } of { $of }
