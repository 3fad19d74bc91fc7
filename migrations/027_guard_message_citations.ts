import { Migration } from '@mikro-orm/migrations';

/**
 * No quotation without the version that it quotes.
 *
 * Foreign keys to series, branch and revision said less than that, and each of them locks a row that nearly all quotations share: ten
 * writers at a time spent 300 of 850 µs per message on sharing those locks. This trigger looks the version itself up, and locks
 * nothing, because nothing is ever taken away: the service may not delete a version, nor what it belongs to.
 */
export class GuardMessageCitations extends Migration {
  override up(): void {
    this.addSql(`
      create function message_citations_check_added() returns trigger language plpgsql as $$
      begin
        if exists (
          select from added a
          where not exists (
            select from public.stock_data v
            where v.series_id = a.series_id
              and v.branch_id = a.branch_id
              and v.ts = a.ts
              and v.valid_from = a.revision
          )
        ) then
          raise foreign_key_violation using
            message = 'a quotation needs the version that it quotes',
            table = 'message_citations', constraint = 'message_citations_added_check';
        end if;
        return null;
      end $$`);
    this.addSql(`
      create trigger message_citations_added after insert on message_citations
      referencing new table as added for each statement execute function message_citations_check_added()`);
    // Signing in makes a visitor's quotations an account's. Nothing else of one ever changes.
    this.addSql(`
      -- lint-ignore ban-revoke: no release ever changed more than the owner.
      revoke update on message_citations from stockroom_app`);
    this.addSql(`grant update (owner_id) on message_citations to stockroom_app`);
    this.addSql(`
      -- lint-ignore ban-drop-used-object: whoever relied on them has the trigger now, which asks for more.
      alter table message_citations
      drop constraint message_citations_series_id_fkey,
      drop constraint message_citations_branch_id_fkey,
      drop constraint message_citations_revision_fkey`);
  }

  override down(): void {
    this.addSql(`
      alter table message_citations
      add constraint message_citations_series_id_fkey foreign key (series_id) references stock_series (id),
      add constraint message_citations_branch_id_fkey foreign key (branch_id) references branches (id),
      add constraint message_citations_revision_fkey foreign key (revision) references revisions (id)`);
    this.addSql(`revoke update (owner_id) on message_citations from stockroom_app`);
    this.addSql(`grant update on message_citations to stockroom_app`);
    this.addSql(`drop trigger message_citations_added on message_citations`);
    this.addSql(`drop function message_citations_check_added()`);
  }
}
