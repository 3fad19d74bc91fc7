import { Migration } from '@mikro-orm/migrations';

/**
 * Sessions of people and of visitors who have not signed in (`user_id` null). The secret never stands here, only its SHA-256.
 *
 * The id of a visitor whom an account took over stays dead when the account is erased: the row stays, and names nobody.
 *
 * A row past `idle_expires_at` is dead, because that is never later than `expires_at`: one index serves the purge.
 */
export class CreateSessions extends Migration {
  override up(): void {
    this.addSql(`
      create table sessions (
        id uuid not null,
        created_at timestamptz not null default now(),
        user_id uuid,
        token_hash bytea not null,
        authenticated_at timestamptz,
        last_seen_at timestamptz not null default now(),
        idle_expires_at timestamptz not null,
        expires_at timestamptz not null,
        revoked_at timestamptz,
        claimed_by uuid,
        user_agent text,
        address text,
        constraint sessions_pkey primary key (id),
        constraint sessions_token_hash_key unique (token_hash),
        constraint sessions_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
        constraint sessions_claimed_by_fkey foreign key (claimed_by) references users (id) on delete set null,
        constraint sessions_token_hash_check check (length(token_hash) = 32),
        constraint sessions_authenticated_at_check check ((user_id is null) = (authenticated_at is null)),
        constraint sessions_claimed_by_check check (claimed_by is null or user_id is null),
        constraint sessions_expires_at_check check (idle_expires_at <= expires_at),
        constraint sessions_user_agent_check check (length(user_agent) <= 512),
        constraint sessions_address_check check (length(address) <= 45)
      )`);
    this.addSql(`create index sessions_user_id_idx on sessions (user_id, id) where user_id is not null`);
    this.addSql(`create index sessions_claimed_by_idx on sessions (claimed_by) where claimed_by is not null`);
    this.addSql(`create index sessions_idle_expires_at_idx on sessions (idle_expires_at)`);
    // Reports count sessions; what proves one is none of their business.
    this.addSql(`revoke select on sessions from stockroom_readonly`);
    this.addSql(`
      grant select (id, created_at, user_id, authenticated_at, last_seen_at, idle_expires_at, expires_at, revoked_at, claimed_by)
      on sessions to stockroom_readonly`);
  }

  override down(): void {
    this.addSql(`drop table sessions`);
  }
}
