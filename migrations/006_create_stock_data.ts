import { Migration } from '@mikro-orm/migrations';

/**
 * The bars, versioned. A version holds from revision `valid_from` up to, not including, `valid_to`; the open end is the
 * largest bigint, so that it can stand in the key: the primary key alone says that a bar has at most one open version,
 * serves "now" and "as of" alike, and no second index is paid for on import.
 *
 * `ts` is when the bar was true (for a daily bar midnight UTC of its trading day), `valid_from` when we learned it.
 * The columns stand widest-alignment last but for the three short keys, which share eight bytes.
 *
 * The upper bound of a price also refuses NaN and Infinity: PostgreSQL sorts both above every number.
 */
export class CreateStockData extends Migration {
  override up(): void {
    this.addSql(`
      create table stock_data (
        series_id integer not null,
        branch_id smallint not null,
        withdrawn boolean not null default false,
        ts timestamptz not null,
        valid_to bigint not null default 9223372036854775807,
        valid_from bigint not null,
        volume bigint,
        "open" numeric,
        high numeric,
        low numeric,
        "close" numeric,
        adj_close numeric,
        constraint stock_data_pkey primary key (series_id, branch_id, ts, valid_to),
        constraint stock_data_validity_check check (valid_from < valid_to),
        constraint stock_data_ts_check check (ts >= '1800-01-01 00:00:00+00' and ts < '10000-01-01 00:00:00+00'),
        constraint stock_data_close_check check (withdrawn or "close" is not null),
        constraint stock_data_prices_check check (
          "open" >= 0 and "open" < 1000000000000
          and high >= 0 and high < 1000000000000
          and low >= 0 and low < 1000000000000
          and "close" >= 0 and "close" < 1000000000000
          and adj_close >= 0 and adj_close < 1000000000000
        ),
        constraint stock_data_range_check check (
          low <= high and low <= "open" and low <= "close" and "open" <= high and "close" <= high
        ),
        constraint stock_data_volume_check check (volume >= 0)
      )`);
    // History is never overwritten: the service may add versions and close them, nothing else.
    this.addSql(`revoke update, delete on stock_data from stockroom_app`);
    this.addSql(`grant update (valid_to) on stock_data to stockroom_app`);
  }

  override down(): void {
    this.addSql(`drop table stock_data`);
  }
}
