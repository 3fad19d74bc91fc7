import type { Statement } from '../database/statement.js';
import { StoreHistory } from '../versioning/points/store-history.service.js';
import type { Interval } from '../bars/bar.types.js';

/** A stock as compact JSON text; `json_build_object` would put blanks in it. */
const STOCK_JSON = `(
  select row_to_json(j)::text
  from (
    select s.id, s.symbol, s.name, s.exchange, s.currency, s.is_active as "isActive", s.last_pull_date as "lastPullDate",
      to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt",
      to_char(s.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "updatedAt"
  ) j
)`;

/** What a list of stocks asks for. `q` is matched inside symbol and name, whatever the case. */
export interface StockPage {
  readonly active: boolean | null;
  readonly q: string | null;
  readonly after: string | null;
  readonly limit: number;
}

/** **Shape**: rows of symbol and JSON text, by symbol, one more than `limit` when there are more. */
export function stockPage(page: StockPage): Statement {
  return {
    name: 'stock_page',
    text: `
      select s.symbol, ${STOCK_JSON}
      from tracked_stocks s
      where ($1::boolean is null or s.is_active = $1)
        and ($2::text is null or position(lower($2) in lower(s.symbol || ' ' || coalesce(s.name, ''))) > 0)
        and ($3::text is null or s.symbol collate "C" > $3)
      order by s.symbol collate "C"
      limit $4`,
    values: [page.active, page.q, page.after, page.limit + 1],
  };
}

/** **Shape**: one row: the stock's id, the number of its series (null until it has bars), the head of the snapshot; no row for an unknown symbol. */
export function seriesOf(symbol: string, interval: Interval): Statement {
  return {
    name: 'series_of',
    text: `
      select s.id, x.id, ${StoreHistory.head()}
      from tracked_stocks s
      left join stock_series x on x.tracked_stock_id = s.id and x."interval" = $2
      where s.symbol = $1`,
    values: [symbol, interval],
  };
}

/** **Shape**: rows of series number, one per interval that the stock has bars for. */
export function seriesOfSymbol(symbol: string): Statement {
  return {
    name: 'series_of_symbol',
    text: `
      select x.id
      from tracked_stocks s
      join stock_series x on x.tracked_stock_id = s.id
      where s.symbol = $1`,
    values: [symbol],
  };
}

/** **Shape**: rows of symbol, id, is_active for those of `symbols` that are tracked. */
export function stocksBySymbols(symbols: readonly string[]): Statement {
  return {
    name: 'stocks_by_symbols',
    text: 'select symbol, id, is_active from tracked_stocks where symbol = any($1::text[])',
    values: [symbols],
  };
}

/** Starts tracking symbols that are not tracked yet. Ids are made by the caller. */
export function trackStocks(stocks: readonly { readonly id: string; readonly symbol: string }[]): Statement {
  return {
    name: 'stocks_track',
    text: `
      insert into tracked_stocks (id, symbol)
      select * from unnest($1::uuid[], $2::text[])
      on conflict (symbol) do nothing`,
    values: [stocks.map((stock) => stock.id), stocks.map((stock) => stock.symbol)],
  };
}

/** Makes the series of stocks that have none yet at this interval. */
export function ensureSeries(symbols: readonly string[], interval: Interval): Statement {
  return {
    name: 'series_ensure',
    text: `
      insert into stock_series (tracked_stock_id, "interval")
      select s.id, $2
      from tracked_stocks s
      where s.symbol = any($1::text[])
        and not exists (select from stock_series x where x.tracked_stock_id = s.id and x."interval" = $2)
      order by s.id
      on conflict (tracked_stock_id, "interval") do nothing`,
    values: [symbols, interval],
  };
}

/** **Shape**: rows of series number, for those of `symbols` that have one at this interval. */
export function seriesOfSymbols(symbols: readonly string[], interval: Interval): Statement {
  return {
    name: 'series_of_symbols',
    text: `
      select s.symbol, x.id
      from tracked_stocks s
      join stock_series x on x.tracked_stock_id = s.id
      where s.symbol = any($1::text[]) and x."interval" = $2`,
    values: [symbols, interval],
  };
}

/** Notes that bars of these stocks were imported today, by the database's clock, whether or not anything changed. */
export function notePull(symbols: readonly string[]): Statement {
  return {
    name: 'stocks_note_pull',
    text: `
      update tracked_stocks
      set last_pull_date = (now() at time zone 'UTC')::date, version = version + 1, updated_at = now()
      where id in (
        select id
        from tracked_stocks
        where symbol = any($1::text[])
          and last_pull_date is distinct from (now() at time zone 'UTC')::date
        order by id
        for no key update
      )`,
    values: [symbols],
  };
}
