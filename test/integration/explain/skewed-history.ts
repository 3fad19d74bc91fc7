import type { Client } from 'pg';

/**
 * One series with nearly all bars, a few with next to none: what PostgreSQL knows of the table is the large series, and it takes every other
 * for one like it. The last bars of the large one were withdrawn.
 */
export const SKEW = {
  large: 1,
  small: 2,
  /** At an hour, of the same stock as the large one. */
  hours: 4,
  bars: 100_000,
  withdrawn: 50_000,
  /** When the first bar of those is. */
  firstWithdrawn: '2036-11-23T00:00:00Z',
  head: 20_000,
  branch: 2,
  fork: 10_000,
  /** Revisions of the branch: the last ones, each touching one bar of the small series. */
  own: 3,
  /** A branch whose only revision, the last one of no other branch, brought as many bars of the large series. */
  busy: 3,
  changed: 5_000,
} as const;

const { large, small, hours, bars, withdrawn, head, branch, fork, own, busy, changed } = SKEW;
const at = (n: string): string => `timestamptz '1900-01-01 00:00:00+00' + ${n} * interval '1 day'`;

/** Fills a migrated database, as a superuser. */
export async function seedSkew(client: Client): Promise<void> {
  const value = `10.5, 18, 9, 10 + n % 7, n`;
  const columns = `series_id, branch_id, withdrawn, ts, valid_from, "open", high, low, "close", volume`;
  for (const statement of [
    `insert into tracked_stocks (id, symbol)
     select gen_random_uuid(), 'S' || n from generate_series(1, 2000) n where n not between 4 and 99`,
    `insert into stock_series (id, tracked_stock_id, "interval") overriding system value
     select substr(symbol, 2)::int, id, '1d' from tracked_stocks
     union all select ${hours}, id, '1h' from tracked_stocks where symbol = 'S1'`,
    `insert into branches (id, name, parent_id, fork_revision) overriding system value values (${branch}, 'quiet', 1, ${fork}), (${busy}, 'busy', 1, ${fork})`,
    `insert into revisions (id, branch_id, kind, source, created_at)
     select n, case when n > ${head - own} then ${branch} when n = ${head - own} then ${busy} else 1 end, 'import', 'test',
       timestamptz '2020-01-01 00:00:00+00' + n * interval '1 hour'
     from generate_series(1, ${head}) n`,
    `insert into revision_series (revision_id, series_id, first_ts, last_ts)
     select n, case when n > ${head - own} or n between 5 and 8 then ${small} when n = 9 then ${hours} else ${large} end,
       ${at('0')}, case when n = ${head - own} then ${at(`${changed - 1}`)} else ${at('9')} end
     from generate_series(1, ${head}) n`,
    `insert into stock_data (${columns})
     select ${large}, 1, n >= ${bars - withdrawn}, ${at('n')}, 1, ${value} from generate_series(0, ${bars - 1}) n`,
    `insert into stock_data (${columns})
     select ${small}, 1, false, ${at('n')}, 5, ${value} from generate_series(0, 9) n`,
    `insert into stock_data (${columns})
     select ${small}, ${branch}, false, ${at('n')}, ${head - own} + n, ${value} from generate_series(1, ${own}) n`,
    `insert into stock_data (${columns})
     select ${large}, ${busy}, false, ${at('n')}, ${head - own}, 10.5, 18, 9, 17.5, n from generate_series(0, ${changed - 1}) n`,
    'vacuum (analyze)',
  ]) {
    await client.query(statement);
  }
}
