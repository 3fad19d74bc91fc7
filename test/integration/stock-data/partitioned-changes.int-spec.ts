import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withConnection } from '../../../src/database/direct-connection.js';
import { bar, csvOf, day } from '../../factories/bars.js';
import { barPath, forkBranch, mergeBranch, putClose, revisionOf } from '../../factories/branches.js';
import { importCsv, trackStock } from '../../factories/stocks.js';
import type { ApiAnswer } from '../../support/api-client.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { BY_SERIES, BY_TIME, partitionBars } from './partitioned-bars.js';

/** So many that a change of all of them is closed by the way of large changes. */
const DAYS = 1_100;
const STOCKS = 4;

type Closes = Map<number, string>;

/** A close of its own for each bar. */
const closesOf = (stock: number): Closes =>
  new Map(Array.from({ length: DAYS }, (_, n) => [n, String(stock * 10_000 + n + 1)]));

const fileOf = (closes: Closes): string => csvOf([...closes].map(([n, close]) => bar(day(n), close)));

// Partitions number their rows each by itself: the first bars of all of them have the same place.
describe.each([
  ['by series', BY_SERIES],
  ['by time', BY_TIME],
])('changes of bars in partitions %s', (_, layout) => {
  let service: TestApp;
  /** What each stock has to show, by symbol. */
  const expected = new Map<string, Closes>();
  let symbols: readonly string[] = [];

  beforeAll(async () => {
    service = await startTestApp();
    await partitionBars(service.db.owner, layout);
    for (let stock = 0; stock < STOCKS; stock++) {
      const symbol = await trackStock(service.api);
      expected.set(symbol, closesOf(stock));
      expect((await importCsv(service.api, symbol, fileOf(closesOf(stock)))).json).toMatchObject({
        inserted: DAYS,
      });
    }
    symbols = [...expected.keys()];
  }, 60_000);
  afterAll(() => service.close());

  const symbol = (n: number): string => symbols[n] ?? '';
  const closes = (n: number): Closes => expected.get(symbol(n)) ?? new Map();

  async function shown(stock: string, at: { branch?: string; asOf?: number } = {}): Promise<Closes> {
    const query = { order: 'asc', limit: 10_000, ...at };
    const { json } = await service.api.get(`/v1/stocks/${stock}/data`, { query });
    const { data } = json as { data: readonly { date: string; close: number }[] };
    const first = Date.parse(day(0));
    return new Map(data.map(({ date, close }) => [(Date.parse(date) - first) / 86_400_000, String(close)]));
  }

  /** All stocks are as they should be, and no version was closed that nothing follows. */
  async function expectAll(): Promise<void> {
    for (const [stock, bars] of expected) expect([stock, await shown(stock)]).toEqual([stock, bars]);
    const { rows } = await withConnection(service.db.superuser, (client) =>
      client.query(`
        select * from (
          select series_id, branch_id, ts, valid_from, valid_to,
            lead(valid_from) over (partition by series_id, branch_id, ts order by valid_from) as next
          from stock_data
        ) v
        where valid_to <> coalesce(next, 9223372036854775807)`),
    );
    expect(rows).toEqual([]);
  }

  const done = (answer: ApiAnswer): number => {
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    return revisionOf(answer);
  };

  it('a correction touches one bar', async () => {
    done(await putClose(service.api, { symbol: symbol(1), day: 0 }, 5));
    closes(1).set(0, '5');
    done(await putClose(service.api, { symbol: symbol(2), day: 350 }, 6));
    closes(2).set(350, '6');
    await expectAll();
  });

  it('a withdrawal touches one bar', async () => {
    done(await service.api.delete(barPath(symbol(0), 0)));
    closes(0).delete(0);
    await expectAll();
  });

  it('an import touches the bars that it changes, a few and many', async () => {
    const few = new Map([0, 1, 301, 900].map((n) => [n, `7${n}`]));
    done(await importCsv(service.api, symbol(3), fileOf(few)));
    for (const [n, close] of few) closes(3).set(n, close);
    await expectAll();
    const all: Closes = new Map([...closesOf(2)].map(([n, close]) => [n, `${close}.5`]));
    done(await importCsv(service.api, symbol(2), fileOf(all)));
    expected.set(symbol(2), all);
    await expectAll();
  });

  it('a merge touches what the branch changed, and its revert the same', async () => {
    const branch = await forkBranch(service.api);
    const before = structuredClone(expected);
    for (const stock of [1, 3]) {
      // Twice: the second closes a version of the branch's own.
      for (const close of ['8', '9'])
        done(await importCsv(service.api, symbol(stock), fileOf(new Map([[2, close]])), { branch }));
      done(await importCsv(service.api, symbol(stock), fileOf(new Map([[700, '10']])), { branch }));
    }
    done(await service.api.delete(barPath(symbol(3), 400), { query: { branch } }));
    await expectAll();
    const merged = done(await mergeBranch(service.api, branch));
    for (const stock of [1, 3]) closes(stock).set(2, '9').set(700, '10');
    closes(3).delete(400);
    await expectAll();
    done(await service.api.post(`/v1/revisions/${merged}/revert`));
    for (const [stock, bars] of before) expected.set(stock, bars);
    await expectAll();
    expect((await shown(symbol(3), { branch })).get(2)).toBe('9');
    expect((await shown(symbol(3), { asOf: merged })).get(700)).toBe('10');
  });
});
