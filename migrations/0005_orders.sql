-- Questions to hosts, and the audit of who did what.

-- Public halves of the keys that sign orders: what agents trust. The private halves are in files of
-- the servers, so that whoever reads the database cannot give orders.
create table order_key (
    public_key bytea primary key check (octet_length(public_key) = 32),
    created_at timestamptz not null
);

create table inquiry (
    inquiry_id uuid primary key,
    -- analysis::question::Question.
    question jsonb not null,
    -- The account's name: it stays when the account is gone.
    requested_by text not null,
    requested_at timestamptz not null
);
create index inquiry_by_time on inquiry (requested_at desc, inquiry_id desc);

-- One host's part of an inquiry. States only go on: queued, sent, running, ended.
create table host_order (
    order_id uuid primary key,
    inquiry_id uuid not null references inquiry on delete cascade,
    agent_id uuid not null references agent,
    state text not null check (state in ('queued', 'sent', 'running', 'ended')),
    -- The signed bytes, and the signature over them. Null: it was never to be sent.
    content bytea,
    signature bytea,
    -- It does not begin after this.
    not_after timestamptz not null,
    -- How long it may run on the host.
    time_limit_ms bigint not null,
    cancel_requested_at timestamptz,
    -- The stream it was sent on last.
    session bigint,
    -- The server's clock.
    begun_at timestamptz,
    ended_at timestamptz,
    progress jsonb,
    -- analysis::order::Outcome without the report; null until it has ended.
    outcome jsonb,
    -- analysis::report::Report as JSON, deflated (RFC 1951).
    report bytea,
    check ((state = 'ended') = (outcome is not null))
);
create index host_order_by_inquiry on host_order (inquiry_id);
-- What servers have to look after: few, however many orders there were.
create index host_order_open on host_order (agent_id) where state <> 'ended';

-- Append only; `n` has no holes. Whoever appends locks the head.
create table audit (
    n bigint primary key,
    at timestamptz not null,
    actor text not null,
    action text not null,
    target text not null,
    detail jsonb not null,
    previous text not null,
    hash text not null
);
create index audit_by_time on audit (at);

create table audit_head (
    one boolean primary key default true check (one),
    n bigint not null,
    hash text not null
);
insert into audit_head (n, hash)
values (0, '0000000000000000000000000000000000000000000000000000000000000000');
