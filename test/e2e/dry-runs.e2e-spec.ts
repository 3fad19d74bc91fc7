import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { withConnection } from '../../src/database/direct-connection.js';
import { bar, csvOf, day } from '../factories/bars.js';
import { forkBranch, mergeBranch } from '../factories/branches.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { storedRows } from '../support/stored-rows.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let service: TestApp;
let api: ApiClient;

beforeAll(async () => {
  service = await startTestApp();
  ({ api } = service);
});
afterAll(() => service.close());

const path = (symbol: string, offset: number): string => `/v1/stocks/${symbol}/data/${day(offset)}`;

/** Tables that a commit may write to. Others note the request itself: who was seen when, how often somebody asked. */
const TABLES = [
  ...['branches', 'branch_merges', 'revisions', 'revision_series', 'stock_data', 'stock_series'],
  'tracked_stocks',
];

/** Everything that a commit could leave: rows, the state of sequences, rows that were written and rolled back. */
async function traces(): Promise<object> {
  const stored = await storedRows(service.db.superuser);
  const rows = TABLES.map((table) => [table, stored[table]]);
  return withConnection(service.db.superuser, async (client) => {
    const sequences = await client.query(
      `select sequencename, last_value from pg_sequences where schemaname = 'public' order by 1`,
    );
    // What was written and rolled back stays as dead rows; the size of a table tells.
    const sizes = await client.query(
      `select relname, pg_relation_size(oid) from pg_class where relname = any($1) order by 1`,
      [TABLES],
    );
    expect(sizes.rows).toHaveLength(TABLES.length);
    return { rows, sequences: sequences.rows, sizes: sizes.rows };
  });
}

/** What follows from any change here: nobody cites these bars. */
const NOTHING_QUOTED = { restatedCitations: 0, firstRestated: [] };

/** Runs dry, looks for traces, runs for real, and compares the answers but for the revision. */
async function compare(run: (query: Record<string, string>) => Promise<ApiAnswer>): Promise<ApiAnswer> {
  const before = await traces();
  const dry = await run({ dryRun: 'true' });
  expect(await traces()).toEqual(before);
  const real = await run({});
  expect(dry.status).toBe(200);
  const { consequences, ...report } = dry.json as { consequences?: object };
  expect([report, consequences]).toEqual([{ ...(real.json as object), revision: null }, NOTHING_QUOTED]);
  expect((real.json as { revision: number }).revision).toBeGreaterThan(0);
  return real;
}

async function stockWith(...bars: readonly string[]): Promise<string> {
  const symbol = await trackStock(api);
  await importCsv(api, symbol, csvOf(bars.map((close, n) => bar(day(n), close))));
  return symbol;
}

describe('a dry run leaves no trace and reports what is then done', () => {
  it('for a first import, and for one that corrects', async () => {
    const symbol = await trackStock(api);
    const file = csvOf(Array.from({ length: 500 }, (_, n) => bar(day(n), '1')));
    expect((await compare((query) => importCsv(api, symbol, file, query))).json).toMatchObject({
      inserted: 500,
    });
    const next = csvOf([bar(day(0), '2'), bar(day(1), '1'), bar(day(999), '3')]);
    expect((await compare((query) => importCsv(api, symbol, next, query))).json).toMatchObject({
      ...{ inserted: 1, corrected: 1, unchanged: 1 },
    });
  });

  it('for an import that the careful pass reads, with rows to skip', async () => {
    const symbol = await stockWith('1');
    const file = `Date,Close\n${day(0)},"2"\n${day(1)},x\n${day(2)},3\n`;
    const answer = await compare((query) => importCsv(api, symbol, file, { ...query, onError: 'skip' }));
    expect(answer.json).toMatchObject({ inserted: 1, corrected: 1, rejected: 1, errorCount: 1 });
  });

  it('for many symbols, some of them not tracked yet', async () => {
    const symbol = await stockWith('1');
    const body = `Symbol,Date,Close\n${symbol},${day(0)},2\nDRYA,${day(0)},5\nDRYB,${day(0)},6\n`;
    const answer = await compare((query) =>
      api.post('/v1/stock-data', { type: 'text/csv', body, query: { ...query, track: 'true' } }),
    );
    expect(answer.json).toMatchObject({ inserted: 2, corrected: 1 });
  });

  it('for a correction and a withdrawal, on a branch too', async () => {
    const symbol = await stockWith('1', '2');
    const branch = await forkBranch(api);
    for (const on of ['main', branch]) {
      const json = { open: '0.10000000000000000001', high: 5, close: '1.50', volume: 9 };
      const put = await compare((query) =>
        api.put(path(symbol, 0), { json, query: { ...query, branch: on } }),
      );
      expect(put.headers.get('etag')).not.toBeNull();
      await compare((query) => api.delete(path(symbol, 1), { query: { ...query, branch: on } }));
    }
  });

  it('for a merge and a revert', async () => {
    const symbol = await stockWith('1', '2', '3');
    const branch = await forkBranch(api);
    await api.put(path(symbol, 0), { json: { close: 10 }, query: { branch } });
    await api.delete(path(symbol, 1), { query: { branch } });
    await importCsv(api, symbol, csvOf([bar(day(8), '80')]), { branch });
    const merged = await compare((query) => api.post(`/v1/branches/${branch}/merge`, { json: {}, query }));
    expect(merged.json).toMatchObject({ inserted: 1, corrected: 1, withdrawn: 1 });
    const { revision } = merged.json as { revision: number };
    const reverted = await compare((query) => api.post(`/v1/revisions/${revision}/revert`, { query }));
    expect(reverted.json).toMatchObject({ inserted: 1, corrected: 1, withdrawn: 1 });
  });
});

describe('a dry run refuses what would be refused', () => {
  it('with the same answer, and leaves no trace then either', async () => {
    const symbol = await stockWith('1', '2');
    const branch = await forkBranch(api);
    const changed = await api.put(path(symbol, 0), { json: { close: 10 }, query: { branch } });
    await api.put(path(symbol, 0), { json: { close: 11 } });
    await api.put(path(symbol, 0), { json: { close: 12 }, query: { branch } });
    const { revision } = changed.json as { revision: number };
    const before = await traces();
    const dryRun = 'true';
    const wrongOrder = `Date,High,Low,Close\n${day(5)},1,2,1.5\n`;
    const calls: [(query: Record<string, string>) => Promise<ApiAnswer>, number, string][] = [
      [(query) => api.post(`/v1/branches/${branch}/merge`, { json: {}, query }), 409, 'version-conflict'],
      [(query) => api.post(`/v1/revisions/${revision}/revert`, { query }), 409, 'version-conflict'],
      [(query) => importCsv(api, symbol, wrongOrder, query), 422, 'import-rejected'],
      [(query) => api.delete(path(symbol, 77), { query }), 404, 'bar-not-found'],
      [(query) => api.put(path(symbol, 77), { json: { close: 1 }, query }), 404, 'bar-not-found'],
      [(query) => api.put(path(symbol, 0), { json: { close: -1 }, query }), 422, 'bar-refused'],
      [
        (query) => importCsv(api, symbol, csvOf([bar(day(0), '1')]), { ...query, branch: 'nope' }),
        404,
        'branch-not-found',
      ],
    ];
    for (const [call, status, code] of calls) {
      const [dry, real] = [await call({ dryRun }), await call({})];
      expectRefused(dry, status, code);
      expect(dry.json).toEqual({ ...(real.json as object), instance: expect.any(String) });
    }
    expect((await traces()) as { rows: object }).toMatchObject({ rows: (before as { rows: object }).rows });
  });

  it('also when If-Match is stale, and of a branch that was merged', async () => {
    const symbol = await stockWith('1');
    const headers = { 'if-match': '"0"' };
    const query = { dryRun: true };
    expectRefused(
      await api.put(path(symbol, 0), { json: { close: 2 }, headers, query }),
      412,
      'stale-resource',
    );
    expectRefused(await api.delete(path(symbol, 0), { headers, query }), 412, 'stale-resource');
    const name = await forkBranch(api);
    await mergeBranch(api, name);
    expectRefused(await mergeBranch(api, name, { message: 'x' }, query), 409, 'branch-merged');
  });
});

describe('a dry run waits for nobody', () => {
  it('while somebody else holds the turn to commit', async () => {
    const symbol = await stockWith('1');
    const branch = await forkBranch(api);
    await api.put(path(symbol, 0), { json: { close: 2 }, query: { branch } });
    await withConnection(service.db.superuser, async (client) => {
      await client.query('begin');
      await client.query('select pg_advisory_xact_lock(7163001042)');
      const query = { dryRun: true };
      const answers = await Promise.all([
        importCsv(api, symbol, csvOf([bar(day(0), '5')]), { dryRun: 'true' }),
        api.put(path(symbol, 0), { json: { close: 3 }, query }),
        api.delete(path(symbol, 0), { query }),
        mergeBranch(api, branch, {}, query),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      // Control: the real one does wait.
      const real = api.put(path(symbol, 0), { json: { close: 3 } });
      const waiting = `select 1 from pg_locks where locktype = 'advisory' and not granted`;
      while ((await client.query(waiting)).rows.length === 0) await sleep(5);
      await client.query('rollback');
      expect((await real).status).toBe(200);
    });
  });
});
