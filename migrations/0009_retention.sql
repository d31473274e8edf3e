-- The restart ledger and its gaps are kept long, but not for ever. What goes, goes by the server's
-- clock: that of a host may be years off.

-- When the server last learnt something about the run. Rows from before this migration count from
-- now on.
alter table unit_run add column changed_at timestamptz not null default now();
create index unit_run_by_change on unit_run (changed_at) where stopped_at is not null;
create index gap_by_age on gap (recorded_at);
