import { Migration } from '@mikro-orm/migrations';

/**
 * No bar without its series, branch and revision, and no closed version changed.
 *
 * Foreign keys would say the first half, but they are checked row by row and double the time of a bulk load. These triggers
 * check once per statement, over the few distinct keys that a statement adds. They name the schema, because a temporary table
 * of the same name, which the service may make, would be looked into first.
 */
export class GuardStockData extends Migration {
  override up(): void {
    this.addSql(`
      create function stock_data_check_added() returns trigger language plpgsql as $$
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
      end $$`);
    this.addSql(`
      create function stock_data_check_closed() returns trigger language plpgsql as $$
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
      end $$`);
    this.addSql(`
      create trigger stock_data_added after insert on stock_data
      referencing new table as added for each statement execute function stock_data_check_added()`);
    this.addSql(`
      create trigger stock_data_closed after update on stock_data
      referencing old table as before new table as after
      for each statement execute function stock_data_check_closed()`);
  }

  override down(): void {
    this.addSql(`drop trigger stock_data_closed on stock_data`);
    this.addSql(`drop trigger stock_data_added on stock_data`);
    this.addSql(`drop function stock_data_check_closed()`);
    this.addSql(`drop function stock_data_check_added()`);
  }
}
