import { Migration } from '@mikro-orm/migrations';

/** The removal of old messages asks everybody's settings how long theirs are kept; it may not change them. */
export class RetentionReadsSettings extends Migration {
  override up(): void {
    this.addSql(`
      create policy user_settings_retention on user_settings for select to stockroom_app
      using ((select current_setting('stockroom.purpose', true)) = 'retention')`);
  }

  override down(): void {
    this.addSql(`drop policy user_settings_retention on user_settings`);
  }
}
