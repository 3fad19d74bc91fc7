import { Migration } from '@mikro-orm/migrations';

/**
 * No value is stored under a retired key, whatever the process that sends it believes: one that was suspended for minutes does not
 * know of the retirement when it wakes up.
 *
 * The row of the key is locked until the writer's transaction ends, so that a retirement, which locks it too, either waits and
 * counts the value or is seen here. Not part of the lock: the count of encryptions, which every process updates.
 */
export class GuardRetiredKeys extends Migration {
  override up(): void {
    this.addSql(`
      create function encrypted_cells_check_key() returns trigger language plpgsql as $$
      declare
        retired boolean;
        key_id text;
      begin
        for key_id in
          select distinct substring(cell from '^v1\\.([a-z0-9][a-z0-9_-]{0,31})\\.')
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
      end $$`);
    this.addSql(`
      create trigger external_credentials_key
      before insert or update of api_key, access_token, refresh_token on external_credentials
      for each row execute function encrypted_cells_check_key()`);
  }

  override down(): void {
    this.addSql(`drop trigger external_credentials_key on external_credentials`);
    this.addSql(`drop function encrypted_cells_check_key()`);
  }
}
