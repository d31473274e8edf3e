-- Who may speak: agents, the tokens with which hosts join, the tokens of people's programs.

create table certificate_authority (
    -- One row for each root that agents trust; exactly one of them signs.
    id uuid primary key,
    certificate_pem text not null,
    -- PKCS#8. Whoever reads this table is the authority: see docs/ARCHITECTURE.md.
    key_pem text not null,
    signs boolean not null,
    created_at timestamptz not null
);
create unique index one_authority_signs on certificate_authority (signs) where signs;

create table agent (
    agent_id uuid primary key,
    host_name text not null,
    machine_id text not null,
    labels jsonb not null default '{}',
    enrolled_at timestamptz not null,
    -- A row, not a list of revoked certificates: every replica looks here for each batch.
    revoked_at timestamptz,
    revoked_reason text,
    -- SHA-256 of the public key that the agent's certificates are for.
    key_sha256 bytea not null check (octet_length(key_sha256) = 32),
    certificate_serial text not null,
    certificate_expires_at timestamptz not null,
    -- What its last Hello and heartbeats said; null: it has never connected.
    facts jsonb,
    boot_id uuid,
    connected_at timestamptz,
    -- Null while it is connected, or never was.
    disconnected_at timestamptz,
    disconnect_reason text,
    last_heard_at timestamptz,
    -- Highest sequence number that it said to have on disk: minus `acked` it is the event lag.
    last_durable_seq bigint,
    -- Wall clock of the host minus the server's, when last heard.
    clock_offset_ms bigint
);
create index agent_by_host_name on agent (host_name);

create table join_token (
    -- Only the hash: the token itself is shown once, to the operator who made it.
    token_sha256 bytea primary key check (octet_length(token_sha256) = 32),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    uses_left integer not null check (uses_left >= 0),
    labels jsonb not null default '{}'
);

-- Makes joining idempotent: the same token with the same key is the same host asking again.
create table enrolment (
    token_sha256 bytea not null,
    key_sha256 bytea not null,
    agent_id uuid not null references agent,
    enrolled_at timestamptz not null,
    primary key (token_sha256, key_sha256)
);

create table api_token (
    id uuid primary key,
    name text not null unique,
    token_sha256 bytea not null unique check (octet_length(token_sha256) = 32),
    created_at timestamptz not null,
    -- Null: does not expire.
    expires_at timestamptz,
    last_used_at timestamptz
);
