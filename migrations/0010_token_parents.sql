-- The token that made a token: it goes with it, so that one that leaked is rid of with all it made.
-- Null: a person, or the server's machine, made it.
alter table api_token add column made_by uuid references api_token (id) on delete cascade;
create index api_token_by_maker on api_token (made_by) where made_by is not null;
