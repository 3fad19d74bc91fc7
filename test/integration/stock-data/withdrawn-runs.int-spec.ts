import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { withConnection } from '../../../src/database/direct-connection.js';
import { SqlService } from '../../../src/database/sql.service.js';
import { AggregateBarsService } from '../../../src/stock-data/aggregate/aggregate-bars.service.js';
import type { ListRange } from '../../../src/stock-data/aggregate/aggregate.types.js';
import { MAX_LOOKED_AT } from '../../../src/stock-data/read/page-in-parts.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { makeBranch } from '../../factories/versioned-bars.js';
import { makeSeriesOf } from './aggregate-support.js';

/** More than a page looks at, and what is left is fewer. */
const WITHDRAWN = MAX_LOOKED_AT + 40_000;
const SHOWN = 10;

let service: TestApp;
let bars: AggregateBarsService;
let reads: jest.SpiedFunction<SqlService['read']>;

/** The first minutes are shown; all later ones were imported by revision 1 and withdrawn by revision 2. */
beforeAll(async () => {
  service = await startTestApp();
  bars = service.app.get(AggregateBarsService);
  reads = jest.spyOn(service.app.get(SqlService), 'read');
  const series = await makeSeriesOf(service.db.owner, 'GONE', '1m');
  await withConnection(service.db.superuser, async (client) => {
    await client.query(
      `insert into revisions (id, branch_id, kind, source, inserted, withdrawn)
       values (1, 1, 'import', 'test', ${WITHDRAWN + SHOWN}, 0), (2, 1, 'revert', 'test', 0, ${WITHDRAWN})`,
    );
    const versions = (from: number, to: number, validity: string): string =>
      `insert into stock_data (series_id, branch_id, ts, "close", valid_from, valid_to, withdrawn)
       select ${series}, 1, timestamptz '2020-01-01 00:00:00+00' + n * interval '1 minute', ${validity}
       from generate_series(${from}, ${to}) n`;
    await client.query(versions(1, SHOWN, `n, 1, 9223372036854775807, false`));
    await client.query(versions(SHOWN + 1, SHOWN + WITHDRAWN, `n, 1, 2, false`));
    await client.query(versions(SHOWN + 1, SHOWN + WITHDRAWN, `null, 2, 9223372036854775807, true`));
    await client.query(
      `insert into revision_series (revision_id, series_id, first_ts, last_ts)
       select r, ${series}, min(ts), max(ts) from stock_data, generate_series(1, 2) r where series_id = ${series} group by r`,
    );
    await client.query('vacuum (analyze) stock_data');
  });
  await makeBranch(service.db.owner, { name: 'what-if', parent: 'main', forkRevision: 2 });
});
afterAll(() => service.close());
afterEach(() => void reads.mockClear());

interface Answer {
  readonly revision: number;
  readonly data: readonly { readonly close: number }[];
  readonly nextCursor: string | null;
}

const rangeOf = (over: Partial<ListRange> = {}): ListRange =>
  ({
    ...{
      symbol: 'GONE',
      interval: '1m',
      branch: 'main',
      asOf: undefined,
      from: null,
      to: null,
      order: 'desc',
    },
    ...over,
  }) as ListRange;

async function page(range: ListRange, limit: number, cursor?: string): Promise<Answer> {
  return JSON.parse((await bars.page(range, limit, cursor)).body) as Answer;
}

/** Versions that each statement of bars was allowed to look at in a segment. */
const looks = (): readonly number[] =>
  reads.mock.calls
    .filter(([{ name }]) => /^(bars_json|bars_csv|aggregate_(json|csv))/.test(name))
    .map(([{ values }]) => Number(values[4]));

describe.each(['main', 'what-if'])('a series of which nearly all was withdrawn, on %s', (branch) => {
  it('is answered after a while with an empty page that says where to go on, and no statement looks at more than some', async () => {
    const first = await page(rangeOf({ branch }), 1);
    expect(first).toMatchObject({ data: [], nextCursor: expect.any(String) });
    expect(looks().length).toBeGreaterThan(2);
    expect(Math.max(...looks())).toBeLessThanOrEqual(MAX_LOOKED_AT / 8);
    const second = await page(rangeOf({ branch }), 1, first.nextCursor ?? '');
    expect(second).toMatchObject({ revision: first.revision, data: [{ close: SHOWN }] });
    const third = await page(rangeOf({ branch }), SHOWN, second.nextCursor ?? '');
    expect(third.data.map(({ close }) => close)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(third.nextCursor).toBeNull();
  });

  it('is answered at once from the side where bars are shown, and ends when all has been looked at', async () => {
    const range = rangeOf({ branch, order: 'asc' });
    const first = await page(range, SHOWN - 1);
    expect(first.data.map(({ close }) => close)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(looks()).toHaveLength(1);
    let { nextCursor } = first;
    const rest: number[] = [];
    for (let pages = 0; nextCursor !== null && pages < 5; pages++) {
      const next = await page(range, SHOWN - 1, nextCursor);
      rest.push(...next.data.map(({ close }) => close));
      ({ nextCursor } = next);
    }
    expect([nextCursor, rest]).toEqual([null, [SHOWN]]);
  });

  it('is shown whole as of the revision before', async () => {
    const { data } = await page(rangeOf({ branch, asOf: { revision: 1 } }), 3);
    expect(data.map(({ close }) => close)).toEqual([0, 1, 2].map((n) => WITHDRAWN + SHOWN - n));
  });

  it('is a file of the bars that are left', async () => {
    let text = '';
    for await (const chunk of (await bars.csv(rangeOf({ branch }))).chunks) text += chunk;
    expect(text.split('\n').map((line) => line.slice(0, 17))).toEqual([
      'ts,open,high,low,',
      ...[10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((n) => `2020-01-01T00:${String(n).padStart(2, '0')}:`),
      '',
    ]);
    expect(Math.max(...looks())).toBeLessThan(50_000);
  });

  it('has computed bars that are found the same way', async () => {
    const range = rangeOf({ branch, interval: '5m', source: 'computed' });
    const first = await page(range, 2);
    expect(first).toMatchObject({ data: [], nextCursor: expect.any(String) });
    expect(Math.max(...looks())).toBeLessThanOrEqual(MAX_LOOKED_AT / 8);
    const second = await page(range, 2, first.nextCursor ?? '');
    expect(second.data.map(({ close }) => close)).toEqual([10, 9]);
    const third = await page(range, 2, second.nextCursor ?? '');
    expect(third).toMatchObject({ data: [{ close: 4 }], nextCursor: null });
  });
});

describe('a series to which much was added later', () => {
  const LATER = MAX_LOOKED_AT + 10_000;

  beforeAll(async () => {
    const series = await makeSeriesOf(service.db.owner, 'GREW', '1m');
    await withConnection(service.db.superuser, async (client) => {
      // One minute before and after each hour of a day first, then all of the years around it.
      for (const [revision, values, rows] of [
        [3, `timestamptz '2020-06-01 00:00:00+00' + n * interval '1 hour'`, 24],
        [4, `timestamptz '2020-06-01 23:00:00+00' + n * interval '1 minute'`, LATER],
        [5, `timestamptz '2020-06-01 01:00:00+00' - n * interval '1 minute'`, LATER],
      ] as const) {
        await client.query(
          `insert into revisions (id, branch_id, kind, source, inserted) values (${revision}, 1, 'import', 'test', ${rows})`,
        );
        await client.query(
          `insert into stock_data (series_id, branch_id, ts, "close", valid_from)
           select ${series}, 1, ${values}, ${revision}, ${revision} from generate_series(1, ${rows}) n
           on conflict do nothing`,
        );
        await client.query(
          `insert into revision_series (revision_id, series_id, first_ts, last_ts)
           select ${revision}, ${series}, min(ts), max(ts) from stock_data where series_id = ${series} and valid_from = ${revision}`,
        );
      }
      await client.query('vacuum (analyze) stock_data');
    });
  });

  const then = (over: Partial<ListRange>): ListRange =>
    rangeOf({ ...over, symbol: 'GREW', asOf: { revision: 3 } });

  it.each([
    ['1m', 'desc', 24],
    ['1m', 'asc', 24],
    ['1h', 'desc', 24],
    ['1h', 'asc', 24],
  ] as const)('is read as of before without looking at it: %s, %s', async (interval, order, count) => {
    const source = interval === '1h' ? 'computed' : undefined;
    const { data, nextCursor } = await page(then({ interval, order, source }), 30);
    expect([data.length, nextCursor]).toEqual([count, null]);
    expect(new Set(data.map(({ close }) => close))).toEqual(new Set([3]));
    expect(looks().length).toBeLessThan(4);
  });

  it('shows nothing as of before all of it, and says that this is all', async () => {
    for (const interval of ['1m', '1h'] as const) {
      const range = { ...then({ interval }), asOf: { revision: 2 } } as ListRange;
      expect(await page(range, 5)).toMatchObject({ data: [], nextCursor: null });
    }
  });
});
