import { Migration } from '@mikro-orm/migrations';

/**
 * People who may sign in. Email and username are unique whatever their case, by the database: two requests that register
 * the same name at once cannot both win.
 */
export class CreateUsers extends Migration {
  override up(): void {
    this.addSql(`create type user_role as enum ('USER', 'ADMIN', 'SUPER_ADMIN')`);
    this.addSql(`
      create table users (
        id uuid not null,
        version integer not null default 1,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        email text not null,
        username text not null,
        password_hash text not null,
        role user_role not null default 'USER',
        is_active boolean not null default true,
        constraint users_pkey primary key (id),
        constraint users_email_check check (length(email) <= 254 and email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
        constraint users_username_check check (username ~ '^[a-zA-Z0-9_.-]{3,32}$')
      )`);
    this.addSql(`create unique index users_email_key on users (lower(email))`);
    this.addSql(`create unique index users_username_key on users (lower(username))`);
    // Reports never need the hashes; people are erased by a use case of the service, never by a bare delete in a report.
    this.addSql(`revoke select on users from stockroom_readonly`);
    this.addSql(`
      grant select (id, version, created_at, updated_at, email, username, role, is_active)
      on users to stockroom_readonly`);
    // The list of applied migrations is the owner's: the service only reads it, to know whether it may serve.
    this.addSql(`
      -- lint-ignore ban-revoke: there is no release before the first migration.
      revoke insert, update, delete on migrations from stockroom_app`);
  }

  override down(): void {
    this.addSql(`drop table users`);
    this.addSql(`drop type user_role`);
    this.addSql(`grant insert, update, delete on migrations to stockroom_app`);
  }
}
