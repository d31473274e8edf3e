-- The restart ledger: one row for each run of each unit, kept when the raw events are gone.

create table unit_run (
    agent_id uuid not null references agent,
    unit text not null,
    invocation_id uuid not null,
    boot_id uuid not null,
    started_at timestamptz,
    ready_at timestamptz,
    stopped_at timestamptz,
    -- Stable names of analysis::cause; null while the unit runs.
    cause text,
    certainty text,
    -- The whole analysis::run::Run: evidence, actor, exit status, reason of the start.
    run jsonb not null,
    primary key (agent_id, unit, invocation_id)
);
create index unit_run_by_stop on unit_run (agent_id, unit, stopped_at);
create index unit_run_open on unit_run (agent_id, boot_id) where stopped_at is null;
create index unit_run_by_cause on unit_run (cause, stopped_at) where stopped_at is not null;
-- One unit over all hosts.
create index unit_run_by_unit on unit_run (unit, stopped_at);
