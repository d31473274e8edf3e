-- Work that one replica at a time does (partitions, retention). A row instead of a session
-- advisory lock, which pools and PgBouncer break; every write checks the generation.

create table lease (
    name text primary key,
    holder uuid not null,
    generation bigint not null,
    expires_at timestamptz not null
);
