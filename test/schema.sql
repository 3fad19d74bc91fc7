-- The schema as the migrations make it, with owners and grants. Generated; do not edit.
-- Run: npm run schema:dump

-- roles and the database, as comments: made by the roles script

-- role stockroom_app: nologin, database: connect, temporary
-- role stockroom_owner: nologin, database: connect, temporary
-- role stockroom_readonly: nologin, database: connect, temporary

-- enums

create type public.user_role as enum ('USER', 'ADMIN', 'SUPER_ADMIN');

-- sequences that are not an identity

create sequence public.migrations_id_seq as integer start 1 increment 1 minvalue 1 maxvalue 2147483647;

-- functions

CREATE OR REPLACE FUNCTION public.audit_events_refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
      begin
        if not pg_has_role(current_user, 'stockroom_owner', 'member') then
          raise insufficient_privilege using
            message = 'events of the audit log are never changed or removed', table = 'audit_events';
        end if;
        return null;
      end $function$;
CREATE OR REPLACE FUNCTION public.encrypted_cells_check_key()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
      declare
        retired boolean;
        key_id text;
      begin
        for key_id in
          select distinct substring(cell from '^v1\.([a-z0-9][a-z0-9_-]{0,31})\.')
          from (values (new.api_key, case when tg_op = 'UPDATE' then old.api_key end),
              (new.access_token, case when tg_op = 'UPDATE' then old.access_token end),
              (new.refresh_token, case when tg_op = 'UPDATE' then old.refresh_token end)) c (cell, before)
          where cell is distinct from before
          order by 1
        loop
          select retired_at is not null into retired
          from public.encryption_keys where id = key_id for key share;
          if retired then
            raise check_violation using
              message = format('the encryption key "%s" was retired', key_id),
              table = tg_table_name, constraint = 'encrypted_cells_key_check';
          end if;
        end loop;
        return new;
      end $function$;
CREATE OR REPLACE FUNCTION public.message_search(language text, content text)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN to_tsvector((language)::regconfig, content);
CREATE OR REPLACE FUNCTION public.messages_citing(cited jsonb, before uuid, most integer)
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER ROWS 50
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT m.id
    FROM public.messages m
   WHERE ((m.owner_id = ANY (ARRAY[(NULLIF(current_setting('stockroom.user_id'::text, true), ''::text))::uuid, (NULLIF(current_setting('stockroom.visitor_id'::text, true), ''::text))::uuid])) AND (m.citations @> messages_citing.cited) AND ((messages_citing.before IS NULL) OR (m.id < messages_citing.before)))
   ORDER BY m.id DESC
  LIMIT messages_citing.most;
END;
CREATE OR REPLACE FUNCTION public.stock_data_check_added()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
      begin
        if exists (
          select from (select distinct series_id, branch_id, valid_from from added) a
          where not exists (select from public.stock_series s where s.id = a.series_id)
            or not exists (select from public.revisions r where r.id = a.valid_from and r.branch_id = a.branch_id)
        ) then
          raise foreign_key_violation using
            message = 'a bar needs its series and a revision of its branch',
            table = 'stock_data', constraint = 'stock_data_added_check';
        end if;
        return null;
      end $function$;
CREATE OR REPLACE FUNCTION public.stock_data_check_closed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
      begin
        if exists (select from before where valid_to <> 9223372036854775807)
          or exists (
            select from (select distinct branch_id, valid_to from after) a
            where not exists (select from public.revisions r where r.id = a.valid_to and r.branch_id = a.branch_id)
          )
        then
          raise integrity_constraint_violation using
            message = 'only an open version can be closed, at a revision of its branch',
            table = 'stock_data', constraint = 'stock_data_closed_check';
        end if;
        return null;
      end $function$;

-- tables

create table public.audit_events (
  id uuid not null,
  created_at timestamp with time zone default now() not null,
  action text not null,
  outcome text not null,
  user_id uuid,
  session_id uuid,
  target_type text,
  target_id text,
  address text,
  user_agent text,
  request_id text,
  details jsonb
);
create table public.branch_merges (
  branch_id smallint not null,
  revision_id bigint not null,
  on_conflict text not null,
  message text,
  inserted bigint not null,
  corrected bigint not null,
  withdrawn bigint not null,
  unchanged bigint not null,
  merged_by uuid,
  created_at timestamp with time zone default now() not null
);
create table public.branches (
  id smallint generated by default as identity not null,
  name text not null,
  parent_id smallint,
  fork_revision bigint,
  status text default 'open'::text not null,
  created_by uuid,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null
);
create table public.conversations (
  id uuid not null,
  version integer default 1 not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  user_id uuid,
  visitor_id uuid,
  owner_id uuid generated always as (COALESCE(user_id, visitor_id)) stored not null,
  title text,
  metadata jsonb,
  parent_id uuid,
  fork_seq integer,
  as_of_revision bigint,
  branch_id smallint default 1 not null,
  is_pinned boolean default false not null,
  is_archived boolean default false not null,
  retain_until timestamp with time zone,
  last_seq integer default 0 not null,
  last_activity_at timestamp with time zone default now() not null,
  deleted_at timestamp with time zone,
  request_digest bytea
);
create table public.encryption_keys (
  id text not null,
  created_at timestamp with time zone default now() not null,
  check_value text not null,
  primary_at timestamp with time zone,
  retired_at timestamp with time zone,
  encrypted_values bigint default 0 not null
);
create table public.encryption_processes (
  id uuid not null,
  name text not null,
  key_ids text[] not null,
  started_at timestamp with time zone default now() not null,
  last_seen_at timestamp with time zone default now() not null
);
create table public.external_credentials (
  id uuid not null,
  version integer default 1 not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  user_id uuid not null,
  provider text not null,
  kind text not null,
  api_key text,
  access_token text,
  refresh_token text,
  label text,
  last_four text,
  scopes text[] default '{}'::text[] not null,
  expires_at timestamp with time zone
);
create unlogged table public.guess_limits (
  key bytea not null,
  failures integer not null,
  admitted boolean not null,
  not_before timestamp with time zone not null,
  forgotten_at timestamp with time zone not null,
  trusted_until timestamp with time zone
) with (fillfactor=70);
create table public.message_citations (
  message_id uuid not null,
  ordinal smallint not null,
  owner_id uuid not null,
  series_id integer not null,
  branch_id smallint not null,
  ts timestamp with time zone not null,
  revision bigint not null
);
create table public.messages (
  id uuid not null,
  conversation_id uuid not null,
  owner_id uuid not null,
  seq integer not null,
  role text not null,
  content text not null,
  citations jsonb default '[]'::jsonb not null,
  metadata jsonb,
  created_at timestamp with time zone default clock_timestamp() not null,
  redacted_at timestamp with time zone,
  language text default 'english'::text not null,
  search tsvector generated always as (public.message_search(language, content)) stored,
  request_digest bytea
);
create table public.migrations (
  id integer default nextval('public.migrations_id_seq'::regclass) not null,
  name character varying(255) not null,
  executed_at timestamp(6) with time zone default CURRENT_TIMESTAMP(6) not null
);
create unlogged table public.rate_limit_windows (
  key bytea not null,
  used integer not null,
  granted integer not null,
  ends_at timestamp with time zone not null
) with (fillfactor=70);
create table public.revision_series (
  revision_id bigint not null,
  series_id integer not null,
  first_ts timestamp with time zone not null,
  last_ts timestamp with time zone not null
);
create table public.revisions (
  id bigint not null,
  branch_id smallint not null,
  kind text not null,
  source text not null,
  message text,
  author_id uuid,
  created_at timestamp with time zone default clock_timestamp() not null,
  inserted bigint default 0 not null,
  corrected bigint default 0 not null,
  withdrawn bigint default 0 not null
);
create table public.sessions (
  id uuid not null,
  created_at timestamp with time zone default now() not null,
  user_id uuid,
  token_hash bytea not null,
  authenticated_at timestamp with time zone,
  last_seen_at timestamp with time zone default now() not null,
  idle_expires_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  claimed_by uuid,
  user_agent text,
  address text
);
create table public.stock_data (
  series_id integer not null,
  branch_id smallint not null,
  withdrawn boolean default false not null,
  ts timestamp with time zone not null,
  valid_to bigint default '9223372036854775807'::bigint not null,
  valid_from bigint not null,
  volume bigint,
  open numeric,
  high numeric,
  low numeric,
  close numeric,
  adj_close numeric
);
create table public.stock_series (
  id integer generated by default as identity not null,
  tracked_stock_id uuid not null,
  "interval" text not null,
  created_at timestamp with time zone default now() not null
);
create table public.tracked_stocks (
  id uuid not null,
  version integer default 1 not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  symbol text not null,
  name text,
  exchange text,
  currency text,
  is_active boolean default true not null,
  last_pull_date date
);
create table public.user_settings (
  user_id uuid not null,
  version integer default 1 not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  timezone text default 'UTC'::text not null,
  locale text default 'en'::text not null,
  message_retention_days integer
);
create table public.users (
  id uuid not null,
  version integer default 1 not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  email text not null,
  username text not null,
  password_hash text not null,
  role public.user_role default 'USER'::public.user_role not null,
  is_active boolean default true not null
);

-- columns that sequences belong to

alter sequence public.migrations_id_seq owned by public.migrations.id;

-- constraints

alter table public.audit_events add constraint audit_events_pkey PRIMARY KEY (id);
alter table public.audit_events add constraint audit_events_action_check CHECK (((length(action) >= 1) AND (length(action) <= 64)));
alter table public.audit_events add constraint audit_events_address_check CHECK ((length(address) <= 64));
alter table public.audit_events add constraint audit_events_details_check CHECK ((length((details)::text) <= 4096));
alter table public.audit_events add constraint audit_events_outcome_check CHECK ((outcome = ANY (ARRAY['success'::text, 'failure'::text, 'refused'::text])));
alter table public.audit_events add constraint audit_events_request_id_check CHECK ((length(request_id) <= 128));
alter table public.audit_events add constraint audit_events_target_check CHECK ((((target_type IS NULL) = (target_id IS NULL)) AND (length(target_type) <= 32) AND (length(target_id) <= 256)));
alter table public.audit_events add constraint audit_events_user_agent_check CHECK ((length(user_agent) <= 512));
alter table public.branch_merges add constraint branch_merges_pkey PRIMARY KEY (branch_id);
alter table public.branch_merges add constraint branch_merges_counts_check CHECK (((inserted >= 0) AND (corrected >= 0) AND (withdrawn >= 0) AND (unchanged >= 0)));
alter table public.branch_merges add constraint branch_merges_message_check CHECK ((length(message) <= 1000));
alter table public.branch_merges add constraint branch_merges_on_conflict_check CHECK ((on_conflict = ANY (ARRAY['fail'::text, 'ours'::text, 'theirs'::text])));
alter table public.branch_merges add constraint branch_merges_revision_id_check CHECK ((revision_id >= 0));
alter table public.branches add constraint branches_pkey PRIMARY KEY (id);
alter table public.branches add constraint branches_name_key UNIQUE (name);
alter table public.branches add constraint branches_fork_revision_check CHECK ((fork_revision >= 0));
alter table public.branches add constraint branches_name_check CHECK ((name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'::text));
alter table public.branches add constraint branches_root_check CHECK ((((id = 1) = (parent_id IS NULL)) AND ((parent_id IS NULL) = (fork_revision IS NULL))));
alter table public.branches add constraint branches_status_check CHECK ((status = ANY (ARRAY['open'::text, 'merged'::text, 'discarded'::text])));
alter table public.conversations add constraint conversations_pkey PRIMARY KEY (id);
alter table public.conversations add constraint conversations_fork_seq_check CHECK ((((parent_id IS NULL) = (fork_seq IS NULL)) AND (fork_seq >= 0)));
alter table public.conversations add constraint conversations_last_seq_check CHECK ((last_seq >= COALESCE(fork_seq, 0)));
alter table public.conversations add constraint conversations_metadata_check CHECK ((octet_length((metadata)::text) <= 32768));
alter table public.conversations add constraint conversations_owner_check CHECK (((user_id IS NULL) <> (visitor_id IS NULL)));
alter table public.conversations add constraint conversations_request_digest_check CHECK ((length(request_digest) = 32));
alter table public.conversations add constraint conversations_title_check CHECK ((length(title) <= 200));
alter table public.encryption_keys add constraint encryption_keys_pkey PRIMARY KEY (id);
alter table public.encryption_keys add constraint encryption_keys_check_value_check CHECK ((check_value ~ '^[A-Za-z0-9_-]{22}$'::text));
alter table public.encryption_keys add constraint encryption_keys_encrypted_values_check CHECK ((encrypted_values >= 0));
alter table public.encryption_keys add constraint encryption_keys_id_check CHECK ((id ~ '^[a-z0-9][a-z0-9_-]{0,31}$'::text));
alter table public.encryption_processes add constraint encryption_processes_pkey PRIMARY KEY (id);
alter table public.encryption_processes add constraint encryption_processes_key_ids_check CHECK ((cardinality(key_ids) >= 1));
alter table public.encryption_processes add constraint encryption_processes_name_check CHECK (((length(name) >= 1) AND (length(name) <= 300)));
alter table public.external_credentials add constraint external_credentials_pkey PRIMARY KEY (id);
alter table public.external_credentials add constraint external_credentials_user_id_provider_key UNIQUE (user_id, provider);
alter table public.external_credentials add constraint external_credentials_kind_check CHECK ((((kind = 'api-key'::text) AND (api_key IS NOT NULL) AND (access_token IS NULL) AND (refresh_token IS NULL)) OR ((kind = 'oauth'::text) AND (api_key IS NULL) AND (access_token IS NOT NULL))));
alter table public.external_credentials add constraint external_credentials_provider_check CHECK ((provider ~ '^[a-z0-9][a-z0-9_.-]{0,63}$'::text));
alter table public.guess_limits add constraint guess_limits_pkey PRIMARY KEY (key);
alter table public.guess_limits add constraint guess_limits_failures_check CHECK ((failures >= 0));
alter table public.message_citations add constraint message_citations_pkey PRIMARY KEY (message_id, ordinal);
alter table public.message_citations add constraint message_citations_ordinal_check CHECK (((ordinal >= 0) AND (ordinal < 50)));
alter table public.messages add constraint messages_pkey PRIMARY KEY (id);
alter table public.messages add constraint messages_conversation_id_seq_key UNIQUE (conversation_id, seq);
alter table public.messages add constraint messages_citations_check CHECK (((jsonb_typeof(citations) = 'array'::text) AND (jsonb_array_length(citations) <= 50)));
alter table public.messages add constraint messages_content_check CHECK ((octet_length(content) <= 65536));
alter table public.messages add constraint messages_metadata_check CHECK ((octet_length((metadata)::text) <= 32768));
alter table public.messages add constraint messages_redacted_at_check CHECK (((redacted_at IS NULL) OR ((content = ''::text) AND (citations = '[]'::jsonb) AND (metadata IS NULL))));
alter table public.messages add constraint messages_request_digest_check CHECK ((length(request_digest) = 32));
alter table public.messages add constraint messages_role_check CHECK ((role = ANY (ARRAY['user'::text, 'assistant'::text, 'system'::text, 'tool'::text])));
alter table public.messages add constraint messages_seq_check CHECK ((seq >= 1));
alter table public.migrations add constraint migrations_pkey PRIMARY KEY (id);
alter table public.rate_limit_windows add constraint rate_limit_windows_pkey PRIMARY KEY (key);
alter table public.rate_limit_windows add constraint rate_limit_windows_counts_check CHECK (((used >= 0) AND (granted >= 0)));
alter table public.revision_series add constraint revision_series_pkey PRIMARY KEY (revision_id, series_id);
alter table public.revision_series add constraint revision_series_span_check CHECK ((first_ts <= last_ts));
alter table public.revisions add constraint revisions_pkey PRIMARY KEY (id);
alter table public.revisions add constraint revisions_counts_check CHECK (((inserted >= 0) AND (corrected >= 0) AND (withdrawn >= 0)));
alter table public.revisions add constraint revisions_id_check CHECK ((id > 0));
alter table public.revisions add constraint revisions_kind_check CHECK ((kind = ANY (ARRAY['import'::text, 'correction'::text, 'withdrawal'::text, 'merge'::text, 'revert'::text])));
alter table public.revisions add constraint revisions_message_check CHECK ((length(message) <= 1000));
alter table public.revisions add constraint revisions_source_check CHECK ((length(source) <= 300));
alter table public.sessions add constraint sessions_pkey PRIMARY KEY (id);
alter table public.sessions add constraint sessions_token_hash_key UNIQUE (token_hash);
alter table public.sessions add constraint sessions_address_check CHECK ((length(address) <= 45));
alter table public.sessions add constraint sessions_authenticated_at_check CHECK (((user_id IS NULL) = (authenticated_at IS NULL)));
alter table public.sessions add constraint sessions_claimed_by_check CHECK (((claimed_by IS NULL) OR (user_id IS NULL)));
alter table public.sessions add constraint sessions_expires_at_check CHECK ((idle_expires_at <= expires_at));
alter table public.sessions add constraint sessions_token_hash_check CHECK ((length(token_hash) = 32));
alter table public.sessions add constraint sessions_user_agent_check CHECK ((length(user_agent) <= 512));
alter table public.stock_data add constraint stock_data_pkey PRIMARY KEY (series_id, branch_id, ts, valid_to);
alter table public.stock_data add constraint stock_data_close_check CHECK ((withdrawn OR (close IS NOT NULL)));
alter table public.stock_data add constraint stock_data_prices_check CHECK (((open >= (0)::numeric) AND (open < ('1000000000000'::bigint)::numeric) AND (high >= (0)::numeric) AND (high < ('1000000000000'::bigint)::numeric) AND (low >= (0)::numeric) AND (low < ('1000000000000'::bigint)::numeric) AND (close >= (0)::numeric) AND (close < ('1000000000000'::bigint)::numeric) AND (adj_close >= (0)::numeric) AND (adj_close < ('1000000000000'::bigint)::numeric)));
alter table public.stock_data add constraint stock_data_range_check CHECK (((low <= high) AND (low <= open) AND (low <= close) AND (open <= high) AND (close <= high)));
alter table public.stock_data add constraint stock_data_ts_check CHECK (((ts >= '1800-01-01 00:00:00+00'::timestamp with time zone) AND (ts < '10000-01-01 00:00:00+00'::timestamp with time zone)));
alter table public.stock_data add constraint stock_data_validity_check CHECK ((valid_from < valid_to));
alter table public.stock_data add constraint stock_data_volume_check CHECK ((volume >= 0));
alter table public.stock_series add constraint stock_series_pkey PRIMARY KEY (id);
alter table public.stock_series add constraint stock_series_tracked_stock_id_interval_key UNIQUE (tracked_stock_id, "interval");
alter table public.stock_series add constraint stock_series_interval_check CHECK (("interval" = ANY (ARRAY['1d'::text, '1m'::text, '5m'::text, '15m'::text, '1h'::text])));
alter table public.tracked_stocks add constraint tracked_stocks_pkey PRIMARY KEY (id);
alter table public.tracked_stocks add constraint tracked_stocks_symbol_key UNIQUE (symbol);
alter table public.tracked_stocks add constraint tracked_stocks_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text));
alter table public.tracked_stocks add constraint tracked_stocks_symbol_check CHECK ((symbol ~ '^[A-Z0-9.^=-]{1,10}$'::text));
alter table public.user_settings add constraint user_settings_pkey PRIMARY KEY (user_id);
alter table public.user_settings add constraint user_settings_locale_check CHECK (((length(locale) >= 2) AND (length(locale) <= 35)));
alter table public.user_settings add constraint user_settings_message_retention_days_check CHECK (((message_retention_days >= 1) AND (message_retention_days <= 36500)));
alter table public.user_settings add constraint user_settings_timezone_check CHECK (((length(timezone) >= 1) AND (length(timezone) <= 64)));
alter table public.users add constraint users_pkey PRIMARY KEY (id);
alter table public.users add constraint users_email_check CHECK (((length(email) <= 254) AND (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'::text)));
alter table public.users add constraint users_username_check CHECK ((username ~ '^[a-zA-Z0-9_.-]{3,32}$'::text));
alter table public.branch_merges add constraint branch_merges_branch_id_fkey FOREIGN KEY (branch_id) REFERENCES public.branches(id);
alter table public.branches add constraint branches_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.branches(id);
alter table public.conversations add constraint conversations_as_of_revision_fkey FOREIGN KEY (as_of_revision) REFERENCES public.revisions(id);
alter table public.conversations add constraint conversations_branch_id_fkey FOREIGN KEY (branch_id) REFERENCES public.branches(id);
alter table public.conversations add constraint conversations_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.conversations(id);
alter table public.conversations add constraint conversations_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table public.conversations add constraint conversations_visitor_id_fkey FOREIGN KEY (visitor_id) REFERENCES public.sessions(id) ON DELETE CASCADE;
alter table public.external_credentials add constraint external_credentials_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table public.message_citations add constraint message_citations_branch_id_fkey FOREIGN KEY (branch_id) REFERENCES public.branches(id);
alter table public.message_citations add constraint message_citations_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;
alter table public.message_citations add constraint message_citations_revision_fkey FOREIGN KEY (revision) REFERENCES public.revisions(id);
alter table public.message_citations add constraint message_citations_series_id_fkey FOREIGN KEY (series_id) REFERENCES public.stock_series(id);
alter table public.messages add constraint messages_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
alter table public.revision_series add constraint revision_series_revision_id_fkey FOREIGN KEY (revision_id) REFERENCES public.revisions(id);
alter table public.revision_series add constraint revision_series_series_id_fkey FOREIGN KEY (series_id) REFERENCES public.stock_series(id);
alter table public.revisions add constraint revisions_branch_id_fkey FOREIGN KEY (branch_id) REFERENCES public.branches(id);
alter table public.sessions add constraint sessions_claimed_by_fkey FOREIGN KEY (claimed_by) REFERENCES public.users(id) ON DELETE SET NULL;
alter table public.sessions add constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
alter table public.stock_series add constraint stock_series_tracked_stock_id_fkey FOREIGN KEY (tracked_stock_id) REFERENCES public.tracked_stocks(id);
alter table public.user_settings add constraint user_settings_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- indexes

CREATE INDEX audit_events_action_idx ON public.audit_events USING btree (action, created_at, id);
CREATE INDEX audit_events_created_at_idx ON public.audit_events USING btree (created_at, id);
CREATE INDEX audit_events_user_id_idx ON public.audit_events USING btree (user_id, created_at, id);
CREATE INDEX conversations_owner_id_last_activity_at_id_idx ON public.conversations USING btree (owner_id, last_activity_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX conversations_parent_id_idx ON public.conversations USING btree (parent_id) WHERE (parent_id IS NOT NULL);
CREATE INDEX conversations_user_id_idx ON public.conversations USING btree (user_id) WHERE (user_id IS NOT NULL);
CREATE INDEX conversations_visitor_id_idx ON public.conversations USING btree (visitor_id) WHERE (visitor_id IS NOT NULL);
CREATE INDEX message_citations_owner_id_message_id_idx ON public.message_citations USING btree (owner_id, message_id);
CREATE INDEX message_citations_series_id_branch_id_ts_idx ON public.message_citations USING btree (series_id, branch_id, ts);
CREATE INDEX messages_citations_idx ON public.messages USING gin (citations jsonb_path_ops);
CREATE INDEX messages_created_at_idx ON public.messages USING btree (created_at);
CREATE INDEX messages_owner_id_id_idx ON public.messages USING btree (owner_id, id);
CREATE INDEX revision_series_series_id_index ON public.revision_series USING btree (series_id, revision_id);
CREATE INDEX revisions_branch_id_index ON public.revisions USING btree (branch_id, id);
CREATE INDEX revisions_created_at_index ON public.revisions USING btree (created_at);
CREATE INDEX sessions_claimed_by_idx ON public.sessions USING btree (claimed_by) WHERE (claimed_by IS NOT NULL);
CREATE INDEX sessions_idle_expires_at_idx ON public.sessions USING btree (idle_expires_at);
CREATE INDEX sessions_user_id_idx ON public.sessions USING btree (user_id, id) WHERE (user_id IS NOT NULL);
CREATE UNIQUE INDEX users_email_key ON public.users USING btree (lower(email));
CREATE UNIQUE INDEX users_username_key ON public.users USING btree (lower(username));

-- triggers

CREATE TRIGGER audit_events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION public.audit_events_refuse_change();
CREATE TRIGGER external_credentials_key BEFORE INSERT OR UPDATE OF api_key, access_token, refresh_token ON public.external_credentials FOR EACH ROW EXECUTE FUNCTION public.encrypted_cells_check_key();
CREATE TRIGGER stock_data_added AFTER INSERT ON public.stock_data REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.stock_data_check_added();
CREATE TRIGGER stock_data_closed AFTER UPDATE ON public.stock_data REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.stock_data_check_closed();

-- row-level security

alter table public.conversations enable row level security;
alter table public.conversations force row level security;
alter table public.external_credentials enable row level security;
alter table public.external_credentials force row level security;
alter table public.message_citations enable row level security;
alter table public.message_citations force row level security;
alter table public.messages enable row level security;
alter table public.messages force row level security;
alter table public.user_settings enable row level security;
alter table public.user_settings force row level security;

-- policies

create policy conversations_maintenance on public.conversations as permissive for all to stockroom_owner using (true) with check (true);
create policy conversations_own on public.conversations as permissive for all to stockroom_app using (((owner_id = ( SELECT (NULLIF(current_setting('stockroom.user_id'::text, true), ''::text))::uuid AS "nullif")) OR (owner_id = ( SELECT (NULLIF(current_setting('stockroom.visitor_id'::text, true), ''::text))::uuid AS "nullif")))) with check (((owner_id = ( SELECT (NULLIF(current_setting('stockroom.user_id'::text, true), ''::text))::uuid AS "nullif")) OR (owner_id = ( SELECT (NULLIF(current_setting('stockroom.visitor_id'::text, true), ''::text))::uuid AS "nullif"))));
create policy conversations_retention on public.conversations as permissive for all to stockroom_app using ((( SELECT current_setting('stockroom.purpose'::text, true) AS current_setting) = 'retention'::text));
create policy external_credentials_maintenance on public.external_credentials as permissive for all to stockroom_owner using (true) with check (true);
create policy external_credentials_own on public.external_credentials as permissive for all to stockroom_app using ((user_id = ( SELECT (NULLIF(current_setting('stockroom.user_id'::text, true), ''::text))::uuid AS "nullif"))) with check ((user_id = ( SELECT (NULLIF(current_setting('stockroom.user_id'::text, true), ''::text))::uuid AS "nullif")));
create policy message_citations_maintenance on public.message_citations as permissive for all to stockroom_owner using (true) with check (true);
create policy message_citations_own on public.message_citations as permissive for all to stockroom_app using (((owner_id = ( SELECT (NULLIF(current_setting('stockroom.user_id'::text, true), ''::text))::uuid AS "nullif")) OR (owner_id = ( SELECT (NULLIF(current_setting('stockroom.visitor_id'::text, true), ''::text))::uuid AS "nullif")))) with check (((owner_id = ( SELECT (NULLIF(current_setting('stockroom.user_id'::text, true), ''::text))::uuid AS "nullif")) OR (owner_id = ( SELECT (NULLIF(current_setting('stockroom.visitor_id'::text, true), ''::text))::uuid AS "nullif"))));
create policy message_citations_restatement on public.message_citations as permissive for select to stockroom_app using ((( SELECT current_setting('stockroom.purpose'::text, true) AS current_setting) = 'restatement'::text));
create policy messages_maintenance on public.messages as permissive for all to stockroom_owner using (true) with check (true);
create policy messages_own on public.messages as permissive for all to stockroom_app using (((owner_id = ( SELECT (NULLIF(current_setting('stockroom.user_id'::text, true), ''::text))::uuid AS "nullif")) OR (owner_id = ( SELECT (NULLIF(current_setting('stockroom.visitor_id'::text, true), ''::text))::uuid AS "nullif")))) with check (((owner_id = ( SELECT (NULLIF(current_setting('stockroom.user_id'::text, true), ''::text))::uuid AS "nullif")) OR (owner_id = ( SELECT (NULLIF(current_setting('stockroom.visitor_id'::text, true), ''::text))::uuid AS "nullif"))));
create policy messages_retention on public.messages as permissive for all to stockroom_app using ((( SELECT current_setting('stockroom.purpose'::text, true) AS current_setting) = 'retention'::text));
create policy user_settings_maintenance on public.user_settings as permissive for all to stockroom_owner using (true) with check (true);
create policy user_settings_own on public.user_settings as permissive for all to stockroom_app using ((user_id = ( SELECT (NULLIF(current_setting('stockroom.user_id'::text, true), ''::text))::uuid AS "nullif"))) with check ((user_id = ( SELECT (NULLIF(current_setting('stockroom.user_id'::text, true), ''::text))::uuid AS "nullif")));
create policy user_settings_retention on public.user_settings as permissive for select to stockroom_app using ((( SELECT current_setting('stockroom.purpose'::text, true) AS current_setting) = 'retention'::text));

-- owners

alter function public.audit_events_refuse_change() owner to stockroom_owner;
alter function public.encrypted_cells_check_key() owner to stockroom_owner;
alter function public.message_search(text,text) owner to stockroom_owner;
alter function public.messages_citing(jsonb,uuid,integer) owner to stockroom_owner;
alter function public.stock_data_check_added() owner to stockroom_owner;
alter function public.stock_data_check_closed() owner to stockroom_owner;
alter table public.audit_events owner to stockroom_owner;
alter table public.branch_merges owner to stockroom_owner;
alter table public.branches owner to stockroom_owner;
alter table public.conversations owner to stockroom_owner;
alter table public.encryption_keys owner to stockroom_owner;
alter table public.encryption_processes owner to stockroom_owner;
alter table public.external_credentials owner to stockroom_owner;
alter table public.guess_limits owner to stockroom_owner;
alter table public.message_citations owner to stockroom_owner;
alter table public.messages owner to stockroom_owner;
alter table public.migrations owner to stockroom_owner;
alter table public.rate_limit_windows owner to stockroom_owner;
alter table public.revision_series owner to stockroom_owner;
alter table public.revisions owner to stockroom_owner;
alter table public.sessions owner to stockroom_owner;
alter table public.stock_data owner to stockroom_owner;
alter table public.stock_series owner to stockroom_owner;
alter table public.tracked_stocks owner to stockroom_owner;
alter table public.user_settings owner to stockroom_owner;
alter table public.users owner to stockroom_owner;
alter type public.user_role owner to stockroom_owner;

-- grants on the schema

grant usage on schema public to public;
grant usage on schema public to stockroom_app;
grant create, usage on schema public to stockroom_owner;
grant usage on schema public to stockroom_readonly;

-- grants on types

grant usage on type public.user_role to public;

-- grants on tables

grant select on table public.audit_events to stockroom_app;
grant insert, select on table public.branch_merges to stockroom_app;
grant select on table public.branch_merges to stockroom_readonly;
grant insert, select on table public.branches to stockroom_app;
grant select on table public.branches to stockroom_readonly;
grant delete, insert, select, update on table public.conversations to stockroom_app;
grant select on table public.conversations to stockroom_readonly;
grant insert, select on table public.encryption_keys to stockroom_app;
grant delete, insert, select, update on table public.encryption_processes to stockroom_app;
grant delete, insert, select, update on table public.external_credentials to stockroom_app;
grant select on table public.external_credentials to stockroom_readonly;
grant delete, insert, select, update on table public.guess_limits to stockroom_app;
grant delete, insert, select, update on table public.message_citations to stockroom_app;
grant select on table public.message_citations to stockroom_readonly;
grant delete, insert, select, update on table public.messages to stockroom_app;
grant select on table public.messages to stockroom_readonly;
grant select on table public.migrations to stockroom_app;
grant select on table public.migrations to stockroom_readonly;
grant delete, insert, select, update on table public.rate_limit_windows to stockroom_app;
grant insert, select on table public.revision_series to stockroom_app;
grant select on table public.revision_series to stockroom_readonly;
grant insert, select on table public.revisions to stockroom_app;
grant select on table public.revisions to stockroom_readonly;
grant delete, insert, select, update on table public.sessions to stockroom_app;
grant insert, select on table public.stock_data to stockroom_app;
grant select on table public.stock_data to stockroom_readonly;
grant insert, select on table public.stock_series to stockroom_app;
grant select on table public.stock_series to stockroom_readonly;
grant delete, insert, select, update on table public.tracked_stocks to stockroom_app;
grant select on table public.tracked_stocks to stockroom_readonly;
grant delete, insert, select, update on table public.user_settings to stockroom_app;
grant select on table public.user_settings to stockroom_readonly;
grant delete, insert, select, update on table public.users to stockroom_app;

-- grants on columns

grant insert (id, action, outcome, user_id, session_id, target_type, target_id, address, user_agent, request_id, details) on table public.audit_events to stockroom_app;
grant select (id, created_at, action, outcome, user_id, session_id, target_type, target_id, request_id, details) on table public.audit_events to stockroom_readonly;
grant update (status, updated_at) on table public.branches to stockroom_app;
grant update (primary_at, encrypted_values) on table public.encryption_keys to stockroom_app;
grant update (created_at, inserted, corrected, withdrawn) on table public.revisions to stockroom_app;
grant select (id, created_at, user_id, authenticated_at, last_seen_at, idle_expires_at, expires_at, revoked_at, claimed_by) on table public.sessions to stockroom_readonly;
grant update (valid_to) on table public.stock_data to stockroom_app;
grant select (id, version, created_at, updated_at, email, username, role, is_active) on table public.users to stockroom_readonly;

-- grants on sequences

grant select, usage on sequence public.branches_id_seq to stockroom_app;
grant select, usage on sequence public.migrations_id_seq to stockroom_app;
grant select, usage on sequence public.stock_series_id_seq to stockroom_app;

-- grants on functions

grant execute on function public.audit_events_refuse_change() to public;
grant execute on function public.encrypted_cells_check_key() to public;
grant execute on function public.message_search(text,text) to public;
revoke all on function public.messages_citing(jsonb,uuid,integer) from public;
grant execute on function public.messages_citing(jsonb,uuid,integer) to stockroom_app;
grant execute on function public.stock_data_check_added() to public;
grant execute on function public.stock_data_check_closed() to public;

-- default privileges

alter default privileges for role stockroom_owner in schema public grant select, usage on sequences to stockroom_app;
alter default privileges for role stockroom_owner in schema public grant delete, insert, select, update on tables to stockroom_app;
alter default privileges for role stockroom_owner in schema public grant select on tables to stockroom_readonly;
