import { Migration } from '@mikro-orm/migrations';

/**
 * Secrets for outside services, one per person and provider, as cipher text bound to this table, its column and its row. Row-level
 * security as on `user_settings`; the owner's policy is what key rotation works through.
 */
export class CreateExternalCredentials extends Migration {
  override up(): void {
    this.addSql(`
      create table external_credentials (
        id uuid not null,
        version integer not null default 1,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        user_id uuid not null,
        provider text not null,
        kind text not null,
        api_key text,
        access_token text,
        refresh_token text,
        label text,
        last_four text,
        scopes text[] not null default '{}',
        expires_at timestamptz,
        constraint external_credentials_pkey primary key (id),
        constraint external_credentials_user_id_provider_key unique (user_id, provider),
        constraint external_credentials_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
        constraint external_credentials_provider_check check (provider ~ '^[a-z0-9][a-z0-9_.-]{0,63}$'),
        constraint external_credentials_kind_check check (
          (kind = 'api-key' and api_key is not null and access_token is null and refresh_token is null)
          or (kind = 'oauth' and api_key is null and access_token is not null)
        )
      )`);
    this.addSql(`alter table external_credentials enable row level security`);
    this.addSql(`alter table external_credentials force row level security`);
    this.addSql(`
      create policy external_credentials_own on external_credentials to stockroom_app
      using (user_id = (select nullif(current_setting('stockroom.user_id', true), '')::uuid))
      with check (user_id = (select nullif(current_setting('stockroom.user_id', true), '')::uuid))`);
    this.addSql(`
      create policy external_credentials_maintenance on external_credentials
      to stockroom_owner using (true) with check (true)`);
  }

  override down(): void {
    this.addSql(`drop table external_credentials`);
  }
}
