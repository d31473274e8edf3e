-- Who logged in with a link may set a password without knowing the old one: it may be forgotten.
alter table login_session add column by_link boolean not null default false;
