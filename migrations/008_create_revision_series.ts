import { Migration } from '@mikro-orm/migrations';

/**
 * Which series a revision changed, and between which bars. Finds the revisions of a symbol, and the changes of a revision,
 * without an index by revision on the bars themselves, which every import would have to feed.
 */
export class CreateRevisionSeries extends Migration {
  override up(): void {
    this.addSql(`
      create table revision_series (
        revision_id bigint not null,
        series_id integer not null,
        first_ts timestamptz not null,
        last_ts timestamptz not null,
        constraint revision_series_pkey primary key (revision_id, series_id),
        constraint revision_series_revision_id_fkey foreign key (revision_id) references revisions (id),
        constraint revision_series_series_id_fkey foreign key (series_id) references stock_series (id),
        constraint revision_series_span_check check (first_ts <= last_ts)
      )`);
    this.addSql(`create index revision_series_series_id_index on revision_series (series_id, revision_id)`);
    this.addSql(`revoke update, delete on revision_series from stockroom_app`);
  }

  override down(): void {
    this.addSql(`drop table revision_series`);
  }
}
