import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { bar, csvOf, day } from '../factories/bars.js';
import {
  barPath as path,
  forkBranch,
  freshBranchName,
  mergeBranch,
  putClose,
  stockWith,
} from '../factories/branches.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let service: TestApp;
let api: ApiClient;

beforeAll(async () => {
  service = await startTestApp();
  ({ api } = service);
});
afterAll(() => service.close());

/** What a branch shows of a stock, oldest first, as its closes. */
async function closes(symbol: string, branch = 'main', asOf?: number): Promise<number[]> {
  const query = { order: 'asc', branch, ...(asOf === undefined ? {} : { asOf }) };
  const { json } = await api.get(`/v1/stocks/${symbol}/data`, { query });
  return (json as { data: { close: number }[] }).data.map(({ close }) => close);
}

const put = (symbol: string, offset: number, close: number, branch = 'main'): Promise<ApiAnswer> =>
  putClose(api, { symbol, day: offset, branch }, close);

describe('a branch', () => {
  it('is forked off main now, says so, and is found again', async () => {
    const { revision } = await stockWith(api, '1');
    const name = freshBranchName();
    const answer = await api.post('/v1/branches', { json: { name } });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/v1/branches/${name}`);
    expect(answer.json).toEqual({
      ...{ name, parent: 'main', forkRevision: revision, status: 'open', mergeRevision: null },
      ...{ createdBy: service.admin.userId, createdAt: expect.any(String) },
    });
    const found = await api.get(`/v1/branches/${name}`);
    expect(found.json).toEqual(answer.json);
    const etag = found.headers.get('etag') ?? '';
    expect(etag).toBe(answer.headers.get('etag'));
    const again = await api.get(`/v1/branches/${name}`, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });

  it('is forked as of a revision, by number, text or instant, and off another branch', async () => {
    const { symbol, revision } = await stockWith(api, '1');
    await sleep(20);
    const instant = new Date().toISOString();
    await sleep(20);
    await put(symbol, 0, 2);
    const names = await Promise.all(
      [revision, String(revision), instant].map((asOf) => forkBranch(api, { asOf })),
    );
    for (const name of names) {
      expect(await closes(symbol, name)).toEqual([1]);
      expect((await api.get(`/v1/branches/${name}`)).json).toMatchObject({ forkRevision: revision });
    }
    const [parent = ''] = names;
    await put(symbol, 0, 3, parent);
    const child = await forkBranch(api, { parent });
    const before = await forkBranch(api, { parent, asOf: revision });
    await put(symbol, 0, 4, parent);
    expect(await closes(symbol, child)).toEqual([3]);
    expect(await closes(symbol, before)).toEqual([1]);
    expect(await closes(symbol, parent)).toEqual([4]);
    expect(await closes(symbol)).toEqual([2]);
  });

  it('keeps imports, corrections and withdrawals to itself, and sees none of its parent', async () => {
    const { symbol } = await stockWith(api, '1', '2', '3');
    const name = await forkBranch(api);
    const report = await importCsv(api, symbol, csvOf([bar(day(0), '10'), bar(day(5), '50')]), {
      branch: name,
    });
    expect(report.json).toMatchObject({ inserted: 1, corrected: 1 });
    await put(symbol, 1, 20, name);
    await api.delete(path(symbol, 2), { query: { branch: name } });
    await put(symbol, 0, 100);
    expect(await closes(symbol, name)).toEqual([10, 20, 50]);
    expect(await closes(symbol)).toEqual([100, 2, 3]);
    const { json } = await api.get(`${path(symbol, 1)}/versions`, { query: { branch: name } });
    expect((json as { data: object[] }).data).toMatchObject([
      { close: 20, branch: name, validTo: null },
      { close: 2, branch: 'main', validTo: (json as { data: { validFrom: number }[] }).data[0]?.validFrom },
    ]);
    expectRefused(await api.get(path(symbol, 2), { query: { branch: name } }), 404, 'bar-not-found');
    const log = (await api.get('/v1/revisions', { query: { branch: name } })).json as { data: object[] };
    expect(log.data).toMatchObject([{ kind: 'withdrawal' }, { kind: 'correction' }, { kind: 'import' }]);
  });

  it('takes corrections of what it showed once, whatever its parent or grandparent came to know after the fork', async () => {
    const { symbol } = await stockWith(api, '1', '2');
    await api.delete(path(symbol, 1));
    const early = await forkBranch(api);
    const nested = await forkBranch(api, { parent: early });
    await importCsv(api, symbol, csvOf([bar(day(5), '5')]));
    await api.delete(path(symbol, 5));
    await importCsv(api, symbol, csvOf([bar(day(6), '6')]), { branch: early });
    for (const [branch, offset] of [
      [early, 5],
      [nested, 5],
      [nested, 6],
    ] as const)
      expectRefused(await put(symbol, offset, 7, branch), 404, 'bar-not-found');
    expect((await put(symbol, 5, 7)).status).toBe(200);
    // Withdrawn before the fork, so both showed it once.
    for (const branch of [nested, early]) expect((await put(symbol, 1, 8, branch)).status).toBe(200);
    expect(await closes(symbol, nested)).toEqual([1, 8]);
    expect(await closes(symbol, early)).toEqual([1, 8, 6]);
  });

  it('does not touch what is said of a stock, such as when it was last pulled', async () => {
    const symbol = await trackStock(api);
    const name = await forkBranch(api);
    await importCsv(api, symbol, csvOf([bar(day(0), '1')]), { branch: name });
    expect((await api.get(`/v1/stocks/${symbol}`)).json).toMatchObject({ lastPullDate: null });
    expect(await closes(symbol)).toEqual([]);
  });
});

describe('the changes of a branch', () => {
  it('are its bars beside those of its parent at the fork, in pages that hold while it goes on', async () => {
    const { symbol } = await stockWith(api, '1', '2', '3', '4');
    const name = await forkBranch(api);
    await put(symbol, 0, 10, name);
    await api.delete(path(symbol, 1), { query: { branch: name } });
    await put(symbol, 2, 30, name);
    await put(symbol, 2, 3, name);
    await importCsv(api, symbol, csvOf([bar(day(7), '70')]), { branch: name });
    await put(symbol, 0, 99);
    const items: object[] = [];
    const url = `/v1/branches/${name}/changes`;
    for (let cursor: string | null = ''; cursor !== null;) {
      const answer = await api.get(url, { query: { limit: 1, ...(cursor === '' ? {} : { cursor }) } });
      const page = answer.json as { data: object[]; nextCursor: string | null };
      expect(answer.headers.get('link') === null).toBe(page.nextCursor === null);
      items.push(...page.data);
      cursor = page.nextCursor;
      if (items.length === 1) await put(symbol, 7, 71, name);
    }
    expect(items).toMatchObject([
      { symbol, interval: '1d', kind: 'corrected', old: { date: day(0), close: 1 }, new: { close: 10 } },
      { kind: 'withdrawn', old: { date: day(1), close: 2 }, new: null },
      { kind: 'inserted', old: null, new: { date: day(7), close: 70 } },
    ]);
    const now = (await api.get(url)).json as { data: object[] };
    expect(now.data.at(-1)).toMatchObject({ kind: 'inserted', new: { close: 71 } });
  });

  it('are none where nothing was changed, and keep every digit', async () => {
    const { symbol } = await stockWith(api, '1');
    const name = await forkBranch(api);
    const url = `/v1/branches/${name}/changes`;
    expect((await api.get(url)).json).toEqual({ data: [], nextCursor: null });
    const close = '0.30000000000000000004';
    await api.put(path(symbol, 0), { json: { close }, query: { branch: name } });
    expect((await api.get(url)).exact).toMatchObject({ data: [{ new: { close } }] });
  });

  it('go through the whole lineage of a nested branch', async () => {
    const { symbol } = await stockWith(api, '1', '2');
    const parent = await forkBranch(api);
    await put(symbol, 0, 10, parent);
    const child = await forkBranch(api, { parent });
    await put(symbol, 0, 100, child);
    await put(symbol, 1, 200, child);
    expect((await api.get(`/v1/branches/${child}/changes`)).json).toMatchObject({
      data: [
        { old: { close: 10 }, new: { close: 100 } },
        { old: { close: 2 }, new: { close: 200 } },
      ],
    });
  });
});

describe('the list of branches', () => {
  it('is newest first, in pages, by status and by parent', async () => {
    const parent = await forkBranch(api);
    const names = [
      await forkBranch(api, { parent }),
      await forkBranch(api, { parent }),
      await forkBranch(api, { parent }),
    ];
    await api.delete(`/v1/branches/${names[1]}`);
    const list = async (query: Record<string, string | number>): Promise<string[]> => {
      const { json } = await api.get('/v1/branches', { query });
      return (json as { data: { name: string }[] }).data.map(({ name }) => name);
    };
    expect(await list({ parent })).toEqual(names.toReversed());
    expect(await list({ parent, status: 'open' })).toEqual([names[2], names[0]]);
    expect(await list({ parent, status: 'discarded' })).toEqual([names[1]]);
    expect((await list({ limit: 500 })).at(-1)).toBe('main');
    const first = await api.get('/v1/branches', { query: { parent, limit: 2 } });
    const { nextCursor } = first.json as { nextCursor: string };
    expect(await list({ parent, limit: 2, cursor: nextCursor })).toEqual([names[0]]);
    const other = await api.get('/v1/branches', { query: { cursor: nextCursor } });
    expectRefused(other, 400, 'invalid-cursor');
    expectRefused(await api.get('/v1/branches', { query: { parent: 'nope' } }), 404, 'branch-not-found');
  });
});

describe('a discarded branch', () => {
  it('is read-only, stays readable, and may be discarded again', async () => {
    const { symbol } = await stockWith(api, '1');
    const name = await forkBranch(api);
    await put(symbol, 0, 2, name);
    expect((await api.delete(`/v1/branches/${name}`)).status).toBe(204);
    expect((await api.get(`/v1/branches/${name}`)).json).toMatchObject({ status: 'discarded' });
    expect(await closes(symbol, name)).toEqual([2]);
    expect((await api.get(`/v1/branches/${name}/changes`)).json).toMatchObject({ data: [{}] });
    const refused = [
      await put(symbol, 0, 3, name),
      await api.delete(path(symbol, 0), { query: { branch: name } }),
      await importCsv(api, symbol, csvOf([bar(day(0), '3')]), { branch: name }),
      await importCsv(api, symbol, csvOf([bar(day(0), '3')]), { branch: name, dryRun: 'true' }),
      await mergeBranch(api, name),
      await mergeBranch(api, name, {}, { dryRun: true }),
      await api.post('/v1/branches', { json: { name: freshBranchName(), parent: name } }),
    ];
    for (const answer of refused) expectRefused(answer, 409, 'branch-discarded');
    expect((await api.delete(`/v1/branches/${name}`)).status).toBe(204);
    expect(await closes(symbol, name)).toEqual([2]);
  });

  it('is not discarded when If-Match says that it was open and it no longer is', async () => {
    const name = await forkBranch(api);
    const etag = (await api.get(`/v1/branches/${name}`)).headers.get('etag') ?? '';
    const call = { headers: { 'if-match': etag } };
    expect((await api.delete(`/v1/branches/${name}`, call)).status).toBe(204);
    expectRefused(await api.delete(`/v1/branches/${name}`, call), 412, 'stale-resource');
  });
});
