import { Migration } from '@mikro-orm/migrations';

/**
 * Counters that all processes of the service share: requests per client and window, and guesses at passwords.
 *
 * Unlogged: a counter is written at every sign-in and every few requests, is worth nothing after an hour, and needs no
 * write-ahead log. The price is that a crash of the database empties both tables, and that physical replicas do not have them.
 *
 * No index but the keys: nearly every update moves a time, so an index on it would be written each time, for a purge that scans
 * what a few minutes have left. The free space in each page lets an update stay in its page.
 */
export class CreateLimits extends Migration {
  override up(): void {
    this.addSql(`
      create unlogged table rate_limit_windows (
        key bytea not null,
        used integer not null,
        granted integer not null,
        ends_at timestamptz not null,
        constraint rate_limit_windows_pkey primary key (key),
        constraint rate_limit_windows_counts_check check (used >= 0 and granted >= 0)
      ) with (fillfactor = 70)`);
    this.addSql(`
      create unlogged table guess_limits (
        key bytea not null,
        failures integer not null,
        admitted boolean not null,
        not_before timestamptz not null,
        forgotten_at timestamptz not null,
        trusted_until timestamptz,
        constraint guess_limits_pkey primary key (key),
        constraint guess_limits_failures_check check (failures >= 0)
      ) with (fillfactor = 70)`);
    // Of no use to reports.
    this.addSql(`revoke select on rate_limit_windows, guess_limits from stockroom_readonly`);
  }

  override down(): void {
    this.addSql(`drop table guess_limits`);
    this.addSql(`drop table rate_limit_windows`);
  }
}
