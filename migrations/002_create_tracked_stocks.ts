import { Migration } from '@mikro-orm/migrations';

/** The stocks whose prices are kept. Soft-deleted by `is_active`: their bars stay readable. */
export class CreateTrackedStocks extends Migration {
  override up(): void {
    this.addSql(`
      create table tracked_stocks (
        id uuid not null,
        version integer not null default 1,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        symbol text not null,
        name text,
        exchange text,
        currency text,
        is_active boolean not null default true,
        last_pull_date date,
        constraint tracked_stocks_pkey primary key (id),
        constraint tracked_stocks_symbol_key unique (symbol),
        constraint tracked_stocks_symbol_check check (symbol ~ '^[A-Z0-9.^=-]{1,10}$'),
        constraint tracked_stocks_currency_check check (currency ~ '^[A-Z]{3}$')
      )`);
  }

  override down(): void {
    this.addSql(`drop table tracked_stocks`);
  }
}
