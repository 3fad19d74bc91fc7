import type { Client } from 'pg';

/** How much there is: series of as many bars, the first ones of which have more versions; and branches, one upon another. */
export const HISTORY = {
  stocks: 2_000,
  series: 120,
  bars: 3_000,
  versions: 6,
  depth: 3,
  head: 4_000,
} as const;

const { stocks, series, bars, versions, depth, head } = HISTORY;
const OPEN = '9223372036854775807';
const day = (n: string): string => `timestamptz '1990-01-01 00:00:00+00' + ${n} * interval '1 day'`;

/** Bars of some branch and revision, written at once. */
function barsOf(input: { branch: number; from: number; to: string; scopes: string; step: number }): string {
  const { branch, from, to, scopes, step } = input;
  return `
    insert into stock_data (series_id, branch_id, ts, valid_from, valid_to, "open", high, low, "close", volume)
    select s, ${branch}, ${day('n')}, ${from}, ${to}, 10.5, 18, 9, 10 + n % 7, n
    from generate_series(${scopes}) s
    cross join generate_series(0, ${bars - 1}, ${step}) n`;
}

/** Fills a migrated database, as a superuser, with what years of imports, corrections and branches leave behind. */
export async function seedHistory(client: Client): Promise<void> {
  const corrected = `70, 79`;
  for (const statement of [
    `insert into tracked_stocks (id, symbol)
     select gen_random_uuid(), 'S' || lpad(n::text, 4, '0') from generate_series(1, ${stocks}) n`,
    `insert into stock_series (id, tracked_stock_id, "interval") overriding system value
     select substr(symbol, 2)::int, id, '1d' from tracked_stocks`,
    `insert into branches (id, name, parent_id, fork_revision) overriding system value
     select n + 1, 'b' || n, n, ${head - depth - 1} + n from generate_series(1, ${depth}) n`,
    // The last ones are of the branches, the deepest one's the newest.
    `insert into revisions (id, branch_id, kind, source, created_at)
     select n, greatest(1, n - ${head - depth} + 1), 'import', 'test', timestamptz '2020-01-01 00:00:00+00' + n * interval '1 hour'
     from generate_series(1, ${head}) n`,
    `insert into revision_series (revision_id, series_id, first_ts, last_ts)
     select n, 1 + (n * 13 + k) % ${series}, ${day('0')}, ${day('1')}
     from generate_series(1, ${head}) n cross join generate_series(0, 2) k`,
    barsOf({ branch: 1, from: 1, to: OPEN, scopes: '1, 69', step: 1 }),
    barsOf({ branch: 1, from: 1, to: OPEN, scopes: `80, ${series}`, step: 1 }),
    ...Array.from({ length: versions }, (_, index) => {
      const to = index + 1 === versions ? OPEN : String(index + 2);
      return barsOf({ branch: 1, from: index + 1, to, scopes: corrected, step: 1 });
    }),
    ...Array.from({ length: depth }, (_, index) =>
      barsOf({ branch: index + 2, from: head - depth + index + 1, to: OPEN, scopes: corrected, step: 10 }),
    ),
    'vacuum (analyze)',
  ]) {
    await client.query(statement);
  }
}
