import { Migration } from '@mikro-orm/migrations';

/**
 * What the database knows of encryption keys, never the keys: a value derived from each, so that another key under the same id
 * is found out, and which running process can read and writes with which. The application cannot take back that a key was
 * retired.
 */
export class CreateKeyRing extends Migration {
  override up(): void {
    this.addSql(`
      create table encryption_keys (
        id text not null,
        created_at timestamptz not null default now(),
        check_value text not null,
        primary_at timestamptz,
        retired_at timestamptz,
        encrypted_values bigint not null default 0,
        constraint encryption_keys_pkey primary key (id),
        constraint encryption_keys_id_check check (id ~ '^[a-z0-9][a-z0-9_-]{0,31}$'),
        constraint encryption_keys_check_value_check check (check_value ~ '^[A-Za-z0-9_-]{22}$'),
        constraint encryption_keys_encrypted_values_check check (encrypted_values >= 0)
      )`);
    this.addSql(`
      create table encryption_processes (
        id uuid not null,
        name text not null,
        key_ids text[] not null,
        started_at timestamptz not null default now(),
        last_seen_at timestamptz not null default now(),
        constraint encryption_processes_pkey primary key (id),
        constraint encryption_processes_name_check check (length(name) >= 1 and length(name) <= 300),
        constraint encryption_processes_key_ids_check check (cardinality(key_ids) >= 1)
      )`);
    this.addSql(`revoke update, delete on encryption_keys from stockroom_app`);
    this.addSql(`grant update (primary_at, encrypted_values) on encryption_keys to stockroom_app`);
    this.addSql(`revoke select on encryption_keys, encryption_processes from stockroom_readonly`);
  }

  override down(): void {
    this.addSql(`drop table encryption_processes`);
    this.addSql(`drop table encryption_keys`);
  }
}
