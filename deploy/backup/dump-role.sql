-- The login of the daily dump: reads every table and row, and writes nothing. Run by a superuser, once:
--
--   psql -v ON_ERROR_STOP=1 -v password="$(openssl rand -hex 24)" -d stockroom -f dump-role.sql
--
-- Row-level security shows rows to their owners, so that a dump needs a role that it does not hold for: without BYPASSRLS pg_dump stops
-- at the first such table ("query would be affected by row-level security policy"), and told to go on it leaves the rows out.
select 'create role stockroom_dump' where not exists (select from pg_roles where rolname = 'stockroom_dump')
\gexec
alter role stockroom_dump with login bypassrls nosuperuser nocreaterole nocreatedb connection limit 3 password :'password';
alter role stockroom_dump set default_transaction_read_only = on;
-- A dump may wait for a migration, but not hold up whoever waits behind it for long.
alter role stockroom_dump set lock_timeout = '60s';
alter role stockroom_dump set statement_timeout = 0;
grant pg_read_all_data to stockroom_dump;
