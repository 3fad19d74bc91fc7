import { Migration } from '@mikro-orm/migrations';

/**
 * Conversations, each of one person or one visitor. A fork points at its parent and shows the parent's messages up to `fork_seq`.
 *
 * `request_digest` is what a client asked for when it made one, here and on the messages: the same request under the same id is
 * answered alike, also when the title was changed since, and another one under that id is refused.
 *
 * A deleted one stays as a row without content: its id cannot be made again by a late write, and forks still show what they
 * inherited. `owner_id` is what row-level security compares, here and on the messages; who signs in takes the rows over, so a
 * transaction may name a person and the visitor that person was.
 */
export class CreateConversations extends Migration {
  override up(): void {
    this.addSql(`
      create table conversations (
        id uuid not null,
        version integer not null default 1,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        user_id uuid,
        visitor_id uuid,
        owner_id uuid not null generated always as (coalesce(user_id, visitor_id)) stored,
        title text,
        metadata jsonb,
        parent_id uuid,
        fork_seq integer,
        as_of_revision bigint,
        branch_id smallint not null default 1,
        is_pinned boolean not null default false,
        is_archived boolean not null default false,
        retain_until timestamptz,
        last_seq integer not null default 0,
        last_activity_at timestamptz not null default now(),
        deleted_at timestamptz,
        request_digest bytea,
        constraint conversations_pkey primary key (id),
        constraint conversations_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
        constraint conversations_visitor_id_fkey foreign key (visitor_id) references sessions (id) on delete cascade,
        constraint conversations_parent_id_fkey foreign key (parent_id) references conversations (id),
        constraint conversations_as_of_revision_fkey foreign key (as_of_revision) references revisions (id),
        constraint conversations_branch_id_fkey foreign key (branch_id) references branches (id),
        constraint conversations_owner_check check ((user_id is null) <> (visitor_id is null)),
        constraint conversations_fork_seq_check check ((parent_id is null) = (fork_seq is null) and fork_seq >= 0),
        constraint conversations_last_seq_check check (last_seq >= coalesce(fork_seq, 0)),
        constraint conversations_title_check check (length(title) <= 200),
        constraint conversations_metadata_check check (octet_length(metadata::text) <= 32768),
        constraint conversations_request_digest_check check (length(request_digest) = 32)
      )`);
    this.addSql(`
      create index conversations_owner_id_last_activity_at_id_idx on conversations (owner_id, last_activity_at, id)
      where deleted_at is null`);
    this.addSql(
      `create index conversations_user_id_idx on conversations (user_id) where user_id is not null`,
    );
    this.addSql(
      `create index conversations_visitor_id_idx on conversations (visitor_id) where visitor_id is not null`,
    );
    this.addSql(
      `create index conversations_parent_id_idx on conversations (parent_id) where parent_id is not null`,
    );
    this.addSql(`alter table conversations enable row level security`);
    this.addSql(`alter table conversations force row level security`);
    const own = `
      owner_id = (select nullif(current_setting('stockroom.user_id', true), '')::uuid)
      or owner_id = (select nullif(current_setting('stockroom.visitor_id', true), '')::uuid)`;
    this.addSql(`
      create policy conversations_own on conversations to stockroom_app using (${own}) with check (${own})`);
    this.addSql(`
      create policy conversations_retention on conversations to stockroom_app
      using ((select current_setting('stockroom.purpose', true)) = 'retention')`);
    this.addSql(`
      create policy conversations_maintenance on conversations to stockroom_owner using (true) with check (true)`);
  }

  override down(): void {
    this.addSql(`drop table conversations`);
  }
}
