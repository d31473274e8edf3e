-- Readers of an inquiry resume behind what they have seen. Transactions commit out of order, so the
-- place is a snapshot: whatever a transaction changed that was still open then is read (again).
alter table host_order
    add column changed_in bigint not null default (pg_current_xact_id()::text::bigint);
