import { Migration } from '@mikro-orm/migrations';

/**
 * What people set for themselves, one row each. Row-level security, forced: the application sees the row of the person whom the
 * transaction names in `stockroom.user_id`, and without a name none at all. The owner sees every row, for maintenance.
 */
export class CreateUserSettings extends Migration {
  override up(): void {
    this.addSql(`
      create table user_settings (
        user_id uuid not null,
        version integer not null default 1,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        timezone text not null default 'UTC',
        locale text not null default 'en',
        message_retention_days integer,
        constraint user_settings_pkey primary key (user_id),
        constraint user_settings_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
        constraint user_settings_timezone_check check (length(timezone) >= 1 and length(timezone) <= 64),
        constraint user_settings_locale_check check (length(locale) >= 2 and length(locale) <= 35),
        constraint user_settings_message_retention_days_check
          check (message_retention_days >= 1 and message_retention_days <= 36500)
      )`);
    this.addSql(`alter table user_settings enable row level security`);
    this.addSql(`alter table user_settings force row level security`);
    this.addSql(`
      create policy user_settings_own on user_settings to stockroom_app
      using (user_id = (select nullif(current_setting('stockroom.user_id', true), '')::uuid))
      with check (user_id = (select nullif(current_setting('stockroom.user_id', true), '')::uuid))`);
    this.addSql(`
      create policy user_settings_maintenance on user_settings to stockroom_owner using (true) with check (true)`);
  }

  override down(): void {
    this.addSql(`drop table user_settings`);
  }
}
