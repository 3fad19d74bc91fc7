import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { withConnection } from '../../../src/database/direct-connection.js';
import type { Statement } from '../../../src/database/statement.js';
import { barVersions } from '../../../src/stock-data/read/bar-versions.queries.js';
import { barPage } from '../../../src/stock-data/read/bar-page.queries.js';
import { areStillTrue, oneBar } from '../../../src/stock-data/read/bars.queries.js';
import { BARS } from '../../../src/stock-data/bars.types.js';
import { seriesOf } from '../../../src/stocks/stocks.queries.js';
import { hasFutureBars } from '../../../src/stock-import/staging/direct.queries.js';
import { hasNoVersions, noteAllTouched } from '../../../src/versioning/commit/first-rows.queries.js';
import {
  headRevision,
  revisionAtInstant,
  revisionById,
  revisionPage,
} from '../../../src/versioning/revisions/revisions.queries.js';
import type { LineageSegment, ReadPoint } from '../../../src/versioning/versioning.types.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { explained, offences } from './plans.js';
import { seedHistory, HISTORY } from './seeded-history.js';

const LIMIT = 100;
const { bars, series, versions, head, depth } = HISTORY;

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase();
  await withConnection(db.superuser, seedHistory);
}, 120_000);
afterAll(() => db.drop());

/** Explains as the application role. */
function asApp<T>(work: (client: Client) => Promise<T>): Promise<T> {
  return withConnection(db.app, work);
}

function pointOf(lineage: readonly LineageSegment[], isNow: boolean): ReadPoint {
  return { branch: 'any', revision: lineage[0]?.revision ?? 0, lineage, isNow };
}

const NOW = pointOf([{ branchId: 1, revision: Number.MAX_SAFE_INTEGER }], true);
const THEN = pointOf([{ branchId: 1, revision: 4 }], false);
/** The deepest branch and its ancestors, each as it stood at the fork. */
const DEEP = pointOf(
  Array.from({ length: depth + 1 }, (_, level) => ({
    branchId: depth + 1 - level,
    revision: level === 0 ? Number.MAX_SAFE_INTEGER : head - level,
  })),
  true,
);
const SERIES = 77;
const MIDDLE = '1998-03-05T00:00:00Z';

const page = (over: Partial<Parameters<typeof barPage>[0]>, as: 'json' | 'csv' = 'json'): Statement =>
  barPage(
    {
      seriesId: SERIES,
      interval: '1d',
      point: NOW,
      from: null,
      to: null,
      order: 'desc',
      limit: LIMIT,
      ...over,
    },
    as,
  );
const one = { seriesId: SERIES, interval: '1d', ts: MIDDLE } as const;

/** A page, the bar behind it, and of each bar the versions that an index cannot tell apart from the one asked for. */
const ONE_PAGE = (LIMIT + 1) * versions;
const DEEP_PAGE = ONE_PAGE * (depth + 1);

const HOT: readonly (readonly [name: string, statement: Statement, maxRows: number])[] = [
  ['a page, newest first', page({}), ONE_PAGE],
  ['a page, oldest first', page({ order: 'asc' }), ONE_PAGE],
  ['a page of CSV', page({}, 'csv'), ONE_PAGE],
  ['a page of a range', page({ from: '1995-01-01T00:00:00Z', to: MIDDLE }), ONE_PAGE],
  ['a page as of an old revision', page({ point: THEN }), ONE_PAGE],
  ['a page of a branch three deep', page({ point: DEEP }), DEEP_PAGE],
  ['a page of a branch three deep, oldest first', page({ point: DEEP, order: 'asc' }), DEEP_PAGE],
  [
    'whether pages are still true',
    areStillTrue(Array.from({ length: 64 }, (_, n) => ({ seriesId: n + 1, head: `${head} 1.5` }))),
    64,
  ],
  ['one bar', oneBar({ ...one, point: NOW }), versions],
  ['one bar as of an old revision', oneBar({ ...one, point: THEN }), versions],
  ['one bar of a branch three deep', oneBar({ ...one, point: DEEP }), versions * (depth + 1)],
  [
    'all versions of a bar',
    barVersions({ ...one, point: DEEP, before: null, limit: LIMIT }),
    versions * (depth + 1),
  ],
  // The head of the snapshot comes with it, and with it the newest branch.
  ['the series of a symbol', seriesOf('S0077', '1d'), depth + 1],
  ['the newest revision', headRevision(), 1],
  ['the revision of an instant', revisionAtInstant(new Date().toISOString()), 2],
  ['a revision', revisionById(head), 5],
  [
    'a page of revisions',
    revisionPage({ branchId: null, touched: null, before: head, limit: LIMIT }),
    (LIMIT + 1) * 5,
  ],
  ['whether series have no bars yet', hasNoVersions(BARS, DEEP.lineage, [SERIES, series + 1]), 1],
  [
    'whether bars lie in the future',
    hasFutureBars({ interval: '1d', series: [1, 2, SERIES], branchId: 1 }),
    3,
  ],
];

describe('a hot statement over a long history', () => {
  it.each(HOT)('%s reads through indexes, and no more than it shows', async (_, statement, maxRows) => {
    const steps = await asApp((client) => explained(client, statement));
    expect(offences(steps, { maxRows, maxSorted: maxRows })).toEqual([]);
  });

  it('notes what a first import touched without reading it', async () => {
    // Of another revision, so that the row is not there yet.
    const note = noteAllTouched({ table: BARS, branchId: 1, revision: head - 1, scopes: [1, 2, SERIES] });
    const steps = await asApp((client) => explained(client, note));
    expect(offences(steps, { maxRows: 6, maxSorted: 6 })).toEqual([]);
  });
});

describe('the look at a plan', () => {
  it('finds a table that is read as a whole', async () => {
    const steps = await asApp(async (client) => {
      for (const way of ['indexscan', 'indexonlyscan', 'bitmapscan'])
        await client.query(`set enable_${way} = off`);
      return explained(client, page({}));
    });
    expect(offences(steps, { maxRows: ONE_PAGE, maxSorted: ONE_PAGE }).join('\n')).toContain(
      'reads all of stock_data',
    );
  });

  it('finds a sort of a whole series', async () => {
    const { text, ...rest } = page({});
    const byClose = {
      ...rest,
      text: text.replaceAll('order by v.ts desc', 'order by v."close" desc'),
    };
    expect(byClose.text).not.toBe(text);
    const steps = await asApp((client) => explained(client, byClose));
    expect(offences(steps, { maxRows: Infinity, maxSorted: ONE_PAGE }).join('\n')).toContain(
      `takes in ${bars} rows`,
    );
  });

  it('finds what is read in vain', async () => {
    const { text, ...rest } = page({});
    const dear = { ...rest, text: text.replace('not v.withdrawn', 'not v.withdrawn and v."close" < 0') };
    expect(dear.text).not.toBe(text);
    const steps = await asApp((client) => explained(client, dear));
    expect(offences(steps, { maxRows: ONE_PAGE, maxSorted: ONE_PAGE }).join('\n')).toContain('reads');
  });
});
