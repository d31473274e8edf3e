-- People: accounts, their sessions in the page, and what their API tokens may do.

create table account (
    account_id uuid primary key,
    name text not null unique,
    -- argon2id, PHC string. Null: it has no password, and logs in with a link.
    password_hash text,
    role text not null check (role in ('viewer', 'operator', 'admin')),
    created_at timestamptz not null,
    disabled_at timestamptz
);

create table login_session (
    -- Only the hash: the cookie holds the secret.
    session_sha256 bytea primary key check (octet_length(session_sha256) = 32),
    account_id uuid not null references account on delete cascade,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    -- Absolute end, however much it is used.
    expires_at timestamptz not null,
    user_agent text not null
);
create index login_session_by_account on login_session (account_id);

-- A link that logs in once: for the first administrator, and for those who forgot.
create table login_link (
    token_sha256 bytea primary key check (octet_length(token_sha256) = 32),
    account_id uuid not null references account on delete cascade,
    expires_at timestamptz not null
);

-- Tokens that were made before there were roles could do everything.
alter table api_token
    add column role text not null default 'admin' check (role in ('viewer', 'operator', 'admin')),
    -- Null: made on the server's machine.
    add column account_id uuid references account on delete cascade;
