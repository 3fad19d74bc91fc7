/** Symbols of seeded stocks: `S0001` and on. */
export function seededSymbols(stocks: number): readonly string[] {
  return Array.from({ length: stocks }, (_, index) => `S${String(index + 1).padStart(4, '0')}`);
}

/** The instant of the n-th daily bar, `n` being SQL. */
const DAY = (n: string): string => `timestamptz '1990-01-01 00:00:00+00' + ${n} * interval '1 day'`;

/** Prices of two decimals and a volume, as if a walk had led there: the same for the same series, day and version. */
function barValues(version: string): string {
  const base = `trim_scale((20 + abs(hashint8(s * 1000003 + n + ${version} * 7919)) % 90000 / 100.0)::numeric(12, 2))`;
  return `
    cross join lateral (select ${base} as c) b
    cross join lateral (
      select c + 0.25 as o, c + 1.5 as h, c - 1.75 as l, abs(hashint8(n * 31 + s)) % 90000000 as v
    ) p`;
}

/** Tracked stocks and their daily series, numbered alike. */
export function seedStocks(stocks: number): readonly string[] {
  return [
    `insert into tracked_stocks (id, symbol)
     select gen_random_uuid(), 'S' || lpad(s::text, 4, '0') from generate_series(1, ${stocks}) s`,
    `insert into stock_series (id, tracked_stock_id, "interval") overriding system value
     select substr(symbol, 2)::int, id, '1d' from tracked_stocks`,
  ];
}

/**
 * One revision that inserts, or corrects, every bar of every stock, written the way a commit writes it: close the open version,
 * add the new one.
 */
export function seedRevision(input: { revision: number; stocks: number; bars: number }): readonly string[] {
  const { revision, stocks, bars } = input;
  return [
    `insert into revisions (id, branch_id, kind, source, inserted)
     values (${revision}, 1, 'import', 'bench', ${revision === 1 ? stocks * bars : 0})`,
    `update stock_data set valid_to = ${revision} where valid_to = 9223372036854775807`,
    `insert into stock_data (series_id, branch_id, ts, valid_from, volume, "open", high, low, "close", adj_close)
     select s, 1, ${DAY('n')}, ${revision}, p.v, p.o, p.h, p.l, b.c, b.c
     from generate_series(1, ${stocks}) s
     cross join generate_series(0, ${bars - 1}) n
     ${barValues(String(revision))}`,
    `insert into revision_series (revision_id, series_id, first_ts, last_ts)
     select ${revision}, s, ${DAY('0')}, ${DAY(String(bars - 1))} from generate_series(1, ${stocks}) s`,
  ];
}

/**
 * A branch of main, one of that, and so on, each with a revision that corrects every tenth bar. **Shape**: branches `b1` and on,
 * revisions from `head + 1`.
 */
export function seedBranches(input: {
  head: number;
  stocks: number;
  bars: number;
  depth: number;
}): readonly string[] {
  const { head, stocks, bars, depth } = input;
  return Array.from({ length: depth }, (_, index) => index + 1).flatMap((level) => [
    `insert into branches (id, name, parent_id, fork_revision) overriding system value
     values (${level + 1}, 'b${level}', ${level}, ${head + level - 1})`,
    `insert into revisions (id, branch_id, kind, source, corrected)
     values (${head + level}, ${level + 1}, 'import', 'bench', ${(stocks * bars) / 10})`,
    `insert into stock_data (series_id, branch_id, ts, valid_from, volume, "open", high, low, "close", adj_close)
     select s, ${level + 1}, ${DAY('n')}, ${head + level}, p.v, p.o, p.h, p.l, b.c, b.c
     from generate_series(1, ${stocks}) s
     cross join generate_series(${level}, ${bars - 1}, 10) n
     ${barValues(String(head + level))}`,
    `insert into revision_series (revision_id, series_id, first_ts, last_ts)
     select ${head + level}, s, ${DAY('0')}, ${DAY(String(bars - 1))} from generate_series(1, ${stocks}) s`,
  ]);
}

/** Series and bars of revision 1 once more, in the tables that somebody would make who keeps no versions. */
export function seedPlainTables(): readonly string[] {
  return [
    'create table plain_series (id integer primary key, symbol text not null unique)',
    `insert into plain_series
     select x.id, s.symbol
     from stock_series x
     join tracked_stocks s on s.id = x.tracked_stock_id`,
    `create table plain_bars (
       series_id integer not null,
       day date not null,
       volume bigint,
       "open" numeric, high numeric, low numeric, "close" numeric not null, adj_close numeric,
       primary key (series_id, day)
     )`,
    `insert into plain_bars
     select series_id, (ts at time zone 'UTC')::date, volume, "open", high, low, "close", adj_close
     from stock_data
     where valid_from = 1`,
    `grant select on plain_series, plain_bars to stockroom_app`,
  ];
}

/** What the background would have done by itself after a while. */
export function settle(): readonly string[] {
  return ['vacuum (analyze)', 'checkpoint'];
}

/** Leaves the schema and one tracked stock without bars. */
export function emptyStore(symbol: string): readonly string[] {
  return [
    'truncate stock_data, revision_series, revisions, stock_series, tracked_stocks cascade',
    `insert into tracked_stocks (id, symbol) values (gen_random_uuid(), '${symbol}')`,
  ];
}
