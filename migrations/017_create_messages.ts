import { Migration } from '@mikro-orm/migrations';

/**
 * Messages: added, and redacted, never changed otherwise. `seq` counts 1, 2, 3 … within a conversation; a fork goes on after the
 * last one it inherited. The search vector follows the language that the message was stored under, so that another default later
 * leaves it right.
 *
 * A generated column takes immutable functions only, and a cast from text to a text-search configuration is not one, because names
 * may change their meaning. Ours wraps it: the configurations are PostgreSQL's own. A column of type regconfig would do as well, but
 * `pg_upgrade` refuses tables that have one.
 */
export class CreateMessages extends Migration {
  override up(): void {
    this.addSql(`
      create function message_search(language text, content text) returns tsvector
      language sql immutable parallel safe
      return pg_catalog.to_tsvector(language::pg_catalog.regconfig, content)`);
    this.addSql(`
      create table messages (
        id uuid not null,
        conversation_id uuid not null,
        owner_id uuid not null,
        seq integer not null,
        role text not null,
        content text not null,
        citations jsonb not null default '[]',
        metadata jsonb,
        created_at timestamptz not null default clock_timestamp(),
        redacted_at timestamptz,
        language text not null default 'english',
        search tsvector generated always as (message_search(language, content)) stored,
        request_digest bytea,
        constraint messages_pkey primary key (id),
        constraint messages_conversation_id_seq_key unique (conversation_id, seq),
        constraint messages_conversation_id_fkey
          foreign key (conversation_id) references conversations (id) on delete cascade,
        constraint messages_seq_check check (seq >= 1),
        constraint messages_role_check check (role in ('user', 'assistant', 'system', 'tool')),
        constraint messages_content_check check (octet_length(content) <= 65536),
        constraint messages_citations_check
          check (jsonb_typeof(citations) = 'array' and jsonb_array_length(citations) <= 50),
        constraint messages_metadata_check check (octet_length(metadata::text) <= 32768),
        constraint messages_request_digest_check check (length(request_digest) = 32),
        constraint messages_redacted_at_check
          check (redacted_at is null or (content = '' and citations = '[]'::jsonb and metadata is null))
      )`);
    this.addSql(`create index messages_owner_id_id_idx on messages (owner_id, id)`);
    this.addSql(`create index messages_created_at_idx on messages (created_at)`);
    this.addSql(`create index messages_citations_idx on messages using gin (citations jsonb_path_ops)`);
    this.addSql(`alter table messages enable row level security`);
    this.addSql(`alter table messages force row level security`);
    const own = `
      owner_id = (select nullif(current_setting('stockroom.user_id', true), '')::uuid)
      or owner_id = (select nullif(current_setting('stockroom.visitor_id', true), '')::uuid)`;
    this.addSql(`create policy messages_own on messages to stockroom_app using (${own}) with check (${own})`);
    this.addSql(`
      create policy messages_retention on messages to stockroom_app
      using ((select current_setting('stockroom.purpose', true)) = 'retention')`);
    this.addSql(
      `create policy messages_maintenance on messages to stockroom_owner using (true) with check (true)`,
    );
  }

  override down(): void {
    this.addSql(`drop table messages`);
    this.addSql(`drop function message_search(text, text)`);
  }
}
