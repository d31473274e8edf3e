# Zombies and their parents.
zombies-headline = zombies of { $parents }
zombies-none = no zombies
zombies-count = { $count ->
    [one] one zombie
   *[other] { $count } zombies
} of { $parents ->
    [one] one parent
   *[other] { $parents } parents
}
zombies-normal = Within { $length }, { $reaped } were reaped and { $fresh } ended and wait: that is normal.
zombies-headless = { $count ->
    [one] One process has
   *[other] { $count } processes have
} lost the first thread while others run: tools show Z for it, and it is no zombie.
zombies-tasks = A zombie holds a process id, and no memory: { $tasks } of { $limit } are in use on this machine ({ $percent } %)
zombies-tasks-cgroup = { $tasks } of { $limit } tasks of { $cgroup } are in use ({ $percent } %), zombies included
zombies-scarce = ; soon nothing more can be started
zombies-parent = { $parent }: { $count ->
    [one] one zombie
   *[other] { $count } zombies
}
zombies-more-parents = { $count ->
    [one] One more parent has
   *[other] { $count } more parents have
} zombies: -o json
zombies-why = Not reaped: { $why } ({ $certainty })
zombies-cause-parent-stopped = the parent is stopped, and does nothing at all
zombies-cause-parent-traced = a debugger holds the parent
zombies-cause-parent-uninterruptible = the parent waits for a device or a lock
zombies-cause-zombie-traced = a tracer of the zombie has to take note first
zombies-cause-parent-busy = the parent computes all the time, and does not come to it
zombies-cause-parent-does-not-wait = the parent does other things, and does not ask how its children ended
zombies-cause-container-without-init = process 1 of the container is a program that is no init, and knows nothing of the orphans it gets
zombies-cause-init-does-not-reap = process 1 of this host does not reap
zombies-cause-just-ended = it ended just now
zombies-cause-unknown = the parent cannot be seen from here
zombies-evidence-state = state { $state } when it was looked at
zombies-evidence-state-both = state { $state } in both readings
zombies-evidence-tracer = traced by { $tracer }
zombies-evidence-sleeps-in = the parent sleeps in { $function } of the kernel
zombies-evidence-handler = the parent has a handler for SIGCHLD, which did not help
zombies-evidence-default = the parent has no handler for SIGCHLD: nothing tells it that a child ended
zombies-evidence-ignored = the parent ignores SIGCHLD, but set that only after the child had ended
zombies-evidence-blocked = the parent blocks SIGCHLD
zombies-evidence-pending = a SIGCHLD waits for the parent to take it
zombies-evidence-cpu = the parent used { $percent } % of a core
zombies-evidence-not-reaped = not reaped within { $length }
zombies-heading-pid = PID
zombies-heading-command = COMMAND
zombies-heading-ended = ENDED BY
zombies-heading-started = STARTED
zombies-heading-dead = DEAD FOR
zombies-dead-at-least = at least { $length }
zombies-advice-continue = Let the parent go on:
zombies-advice-detach = Let the debugger or tracer let go; who it is:
zombies-advice-stack = No signal reaches the parent while it waits. To see what for, as root:
zombies-advice-remind = Remind the parent; harmless, and helps if it missed a signal:
zombies-advice-restart = Restart { $unit }, which interrupts it; the zombies go with their parent:
zombies-advice-end = End the parent; process 1 takes the zombies and reaps them:
zombies-advice-init = Start the container with an init, such as tini; until then its restart removes the zombies:
zombies-advice-wait = Nothing to do yet.
zombies-no-kill = A signal to a zombie does nothing, kill -9 neither: it is dead already. In the end its parent's program is to be mended: it has to wait for its children.
