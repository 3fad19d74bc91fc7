import { Migration } from '@mikro-orm/migrations';

/**
 * Which version of which bar a message quotes: the way from a restated price to every message that quoted it. The version is the
 * one of `branch_id` whose `valid_from` is `revision`. An administrator who weighs a correction may count across owners: those
 * transactions say so in `stockroom.purpose`.
 */
export class CreateMessageCitations extends Migration {
  override up(): void {
    this.addSql(`
      create table message_citations (
        message_id uuid not null,
        ordinal smallint not null,
        owner_id uuid not null,
        series_id integer not null,
        branch_id smallint not null,
        ts timestamptz not null,
        revision bigint not null,
        constraint message_citations_pkey primary key (message_id, ordinal),
        constraint message_citations_message_id_fkey
          foreign key (message_id) references messages (id) on delete cascade,
        constraint message_citations_series_id_fkey foreign key (series_id) references stock_series (id),
        constraint message_citations_branch_id_fkey foreign key (branch_id) references branches (id),
        constraint message_citations_revision_fkey foreign key (revision) references revisions (id),
        constraint message_citations_ordinal_check check (ordinal >= 0 and ordinal < 50)
      )`);
    this.addSql(`
      create index message_citations_series_id_branch_id_ts_idx on message_citations (series_id, branch_id, ts)`);
    this.addSql(`
      create index message_citations_owner_id_message_id_idx on message_citations (owner_id, message_id)`);
    this.addSql(`alter table message_citations enable row level security`);
    this.addSql(`alter table message_citations force row level security`);
    const own = `
      owner_id = (select nullif(current_setting('stockroom.user_id', true), '')::uuid)
      or owner_id = (select nullif(current_setting('stockroom.visitor_id', true), '')::uuid)`;
    this.addSql(`
      create policy message_citations_own on message_citations to stockroom_app using (${own}) with check (${own})`);
    this.addSql(`
      create policy message_citations_restatement on message_citations for select to stockroom_app
      using ((select current_setting('stockroom.purpose', true)) = 'restatement')`);
    this.addSql(`
      create policy message_citations_maintenance on message_citations
      to stockroom_owner using (true) with check (true)`);
  }

  override down(): void {
    this.addSql(`drop table message_citations`);
  }
}
