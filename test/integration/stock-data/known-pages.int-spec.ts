import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { withConnection } from '../../../src/database/direct-connection.js';
import { SqlService } from '../../../src/database/sql.service.js';
import { ReadBarsService } from '../../../src/stock-data/read/read-bars.service.js';
import { VersioningService } from '../../../src/versioning/versioning.service.js';
import { commitChanges, makeBranch, makeSeries } from '../../factories/versioned-bars.js';
import { underOtherKeys } from '../../support/other-keys.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

let service: TestApp;
let versioning: VersioningService;
let bars: ReadBarsService;
let reads: jest.SpiedFunction<SqlService['read']>;
let made = 0;

beforeAll(async () => {
  service = await startTestApp();
  versioning = service.app.get(VersioningService);
  bars = service.app.get(ReadBarsService);
  reads = jest.spyOn(service.app.get(SqlService), 'read');
});
afterAll(() => service.close());

describe('a page that was answered twice before', () => {
  let symbol: string;
  let seriesId: number;

  beforeEach(async () => {
    symbol = `K${++made}`;
    seriesId = await makeSeries(service.db.owner, symbol);
    await set(1, '10');
    reads.mockClear();
  });

  const pagesRead = (): number =>
    reads.mock.calls.filter(([{ name }]) => name.startsWith('bars_json')).length;
  const set = (day: number, close: string | null, branch = 'main', of = seriesId): Promise<unknown> =>
    commitChanges(versioning, { seriesId: of, branch, changes: [{ day, close }] });

  async function shown(branch = 'main', revision?: number): Promise<{ revision: number; closes: number[] }> {
    const asOf = revision === undefined ? undefined : { revision };
    const range = { symbol, interval: '1d', branch, asOf, from: null, to: null, order: 'asc' } as const;
    const { body } = await bars.page(range, 100, undefined);
    const answer = JSON.parse(body) as { revision: number; data: { close: number }[] };
    return { revision: answer.revision, closes: answer.data.map(({ close }) => close) };
  }

  it('is not read again while its series stays as it is, and names the newest revision', async () => {
    const first = await shown();
    await shown();
    await set(1, '99', 'main', await makeSeries(service.db.owner, `${symbol}.X`));
    await expect(shown()).resolves.toEqual({ revision: first.revision + 1, closes: [10] });
    for (let time = 0; time < 4; time++) await expect(shown('main', first.revision)).resolves.toEqual(first);
    // Twice for now, twice for the revision.
    expect(pagesRead()).toBe(4);
  });

  it('is not kept the first time, so that whoever reads everything once pushes nothing out', async () => {
    await shown();
    await shown();
    expect(pagesRead()).toBe(2);
    await shown();
    expect(pagesRead()).toBe(2);
  });

  it('is read again once a revision touched its series', async () => {
    const first = await shown();
    await shown();
    await set(1, '11');
    await expect(shown()).resolves.toMatchObject({ closes: [11] });
    await set(1, null);
    await expect(shown()).resolves.toMatchObject({ closes: [] });
    await expect(shown('main', first.revision)).resolves.toEqual(first);
  });

  it('is another one on a branch', async () => {
    const { revision } = await shown();
    const name = `${symbol}-branch`;
    await makeBranch(service.db.owner, { name, parent: 'main', forkRevision: revision });
    await expect(shown(name)).resolves.toMatchObject({ closes: [10] });
    await set(1, '12', name);
    await expect(shown(name)).resolves.toMatchObject({ closes: [12] });
    await expect(shown()).resolves.toMatchObject({ closes: [10] });
  });

  it('for a revision that was not there yet is not taken for the one of that number later', async () => {
    const { revision } = await shown();
    await expect(shown('main', revision + 1)).rejects.toMatchObject({ code: 'as-of-in-future' });
    await set(1, '13');
    await expect(shown('main', revision + 1)).resolves.toEqual({ revision: revision + 1, closes: [13] });
  });

  it('has the cursor of the query that asks, also when another query has the same page', async () => {
    await set(2, '20');
    const range = { symbol, interval: '1d', branch: 'main', asOf: undefined, from: null, to: null } as const;
    const cursorOf = async (source?: 'stored'): Promise<string> => {
      const { nextCursor } = await bars.page({ ...range, order: 'asc', source }, 1, undefined);
      return nextCursor ?? 'none';
    };
    await cursorOf();
    const [ofAny, ofStored] = [await cursorOf(), await cursorOf('stored')];
    expect([await cursorOf(), await cursorOf('stored')]).toEqual([ofAny, ofStored]);
    const stored = { ...range, order: 'asc', source: 'stored' } as const;
    await expect(bars.page(stored, 1, ofAny)).rejects.toMatchObject({ code: 'invalid-cursor' });
    await expect(bars.page(stored, 1, ofStored)).resolves.toMatchObject({ nextCursor: null });
    // Only the first page, by the first of the queries and twice, and the second page.
    expect(pagesRead()).toBe(3);
  });

  it('has a cursor of the keys in force', async () => {
    await set(2, '20');
    const range = { symbol, interval: '1d', branch: 'main', asOf: undefined, from: null, to: null } as const;
    const page = (cursor?: string) => bars.page({ ...range, order: 'asc' }, 1, cursor);
    for (let time = 0; time < 2; time++) await page();
    const { nextCursor: before } = await page();
    await underOtherKeys(service, async () => {
      const { nextCursor: now } = await page();
      await expect(page(now ?? 'none')).resolves.toMatchObject({ nextCursor: null });
      await expect(page(before ?? 'none')).rejects.toMatchObject({ code: 'invalid-cursor' });
    });
  });

  it('is read again when its revision is of another history, as after a restore', async () => {
    const first = await shown();
    await shown();
    for (let time = 0; time < 2; time++) await shown('main', first.revision);
    await withConnection(service.db.superuser, async (client) => {
      // As a restore writes: past the triggers.
      await client.query('set session_replication_role = replica');
      await client.query(`update stock_data set "close" = 14 where series_id = $1`, [seriesId]);
      // The control: the same number and the same time are the same history.
      await expect(shown()).resolves.toEqual(first);
      await client.query(`update revisions set created_at = created_at + interval '1 second' where id = $1`, [
        first.revision,
      ]);
    });
    await expect(shown()).resolves.toMatchObject({ closes: [14] });
    await expect(shown('main', first.revision)).resolves.toMatchObject({ closes: [14] });
  });
});
