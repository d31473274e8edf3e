-- What agents report, and how far each of them has been stored.

-- The watermark of an agent. Ingest locks this row, so that no event is stored twice and none is
-- left out, without a unique index on `event` (which cost 40 % of the rate).
create table agent_stream (
    agent_id uuid primary key references agent,
    -- One uninterrupted numbering of one spool; only the server raises it. 0: no Hello yet.
    epoch bigint not null default 0,
    -- Highest sequence number stored in this epoch, and the record hash there.
    acked bigint not null default 0,
    chain bigint not null default 0,
    -- Raised at every Hello: the newest stream of an identity fences the older ones.
    session bigint not null default 0,
    -- Source number -> where it goes on (base64). Moves in the transaction that stores the events.
    cursors jsonb not null default '{}',
    -- Who took the stream over from a living one lately: see delivery::clone_suspected.
    clashes jsonb not null default '[]',
    -- Set while two machines speak with this identity; nothing is accepted then.
    clone_suspected_at timestamptz,
    updated_at timestamptz not null default now()
) with (fillfactor = 50);

-- Partitioned by the server's clock: the clock of an agent may be years off. No default partition
-- (it forbids to detach concurrently); the server makes partitions a week ahead.
create table event (
    agent_id uuid not null,
    epoch bigint not null,
    seq bigint not null,
    received_at timestamptz not null,
    -- The host's clock.
    at timestamptz not null,
    boot_id uuid not null,
    kind text not null,
    unit text,
    pid bigint,
    -- The record as the agent sent it: an encoded aiops.v1.Event. Kept whole, so that what an
    -- older server did not understand can be read later.
    payload bytea not null
) partition by range (received_at);
create index event_by_agent on event (agent_id, received_at, epoch, seq);
create index event_by_unit on event (unit, received_at) where unit is not null;
-- For those who read the whole fleet on. A batch has one `received_at`, so that this index holds
-- one posting list for each batch, and it only grows at its right end.
create index event_by_time on event (received_at);
-- Everything but processes is rare, and is what people look for first.
create index event_of_units on event (received_at) where kind not like 'process-%';

-- Everything that is known to be missing, so that charts can say "no data".
create table gap (
    agent_id uuid not null references agent,
    gap_id uuid not null,
    recorded_at timestamptz not null,
    at timestamptz not null,
    source text not null,
    reason text not null,
    lost bigint,
    detail text not null,
    primary key (agent_id, gap_id)
);
create index gap_by_time on gap (agent_id, recorded_at);
