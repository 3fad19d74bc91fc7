import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { bar, csvOf, day } from '../factories/bars.js';
import {
  barPath as path,
  forkBranch,
  headRevision,
  mergeBranch,
  putClose,
  shownCloses,
  stockWith,
} from '../factories/branches.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { onceCompared } from '../support/once-compared.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let service: TestApp;
let api: ApiClient;

beforeAll(async () => {
  service = await startTestApp();
  ({ api } = service);
});
afterAll(() => service.close());

const put = (symbol: string, offset: number, close: number, branch = 'main'): Promise<ApiAnswer> =>
  putClose(api, { symbol, day: offset, branch }, close);
const withdraw = (symbol: string, offset: number, branch = 'main'): Promise<ApiAnswer> =>
  api.delete(path(symbol, offset), { query: { branch } });
const shown = (symbol: string, branch = 'main', asOf?: number): Promise<string> =>
  shownCloses(api, symbol, { branch, ...(asOf === undefined ? {} : { asOf }) });
const head = (): Promise<number> => headRevision(api);
const newStock = async (...closes: string[]): Promise<string> => (await stockWith(api, ...closes)).symbol;

describe('a merge', () => {
  afterEach(() => void jest.restoreAllMocks());

  it.each(['main', 'the branch'])('lets others write to %s while it compares, and sees it', async (where) => {
    const symbol = await newStock('1', '2');
    const name = await forkBranch(api);
    await put(symbol, 0, 10, name);
    let meanwhile: ApiAnswer | undefined;
    onceCompared(async () => (meanwhile = await put(symbol, 1, 20, where === 'main' ? where : name)));
    const answer = await mergeBranch(api, name, {});
    expect(meanwhile?.status).toBe(200);
    expect(answer.json).toMatchObject({ corrected: where === 'main' ? 1 : 2 });
    expect(await shown(symbol)).toBe('0=10 1=20');
  });

  it('brings all changes of the branch to its parent as one revision, and ends the branch', async () => {
    const symbol = await newStock('1', '2', '3');
    const other = await newStock('7');
    const name = await forkBranch(api);
    await put(symbol, 0, 10, name);
    await withdraw(symbol, 1, name);
    await importCsv(api, symbol, csvOf([bar(day(5), '50')]), { branch: name });
    await put(other, 0, 70, name);
    await put(symbol, 2, 30);
    const before = await head();
    const answer = await mergeBranch(api, name, { message: 'as agreed' });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      revision: before + 1,
      ...{ inserted: 1, corrected: 2, withdrawn: 1, unchanged: 0 },
    });
    expect(await shown(symbol)).toBe('0=10 2=30 5=50');
    expect(await shown(other)).toBe('0=70');
    expect(await shown(symbol, 'main', before)).toBe('0=1 1=2 2=30');
    expect((await api.get(`/v1/branches/${name}`)).json).toMatchObject({
      status: 'merged',
      mergeRevision: before + 1,
    });
    expect((await api.get(`/v1/revisions/${before + 1}`)).json).toMatchObject({
      ...{ branch: 'main', kind: 'merge', source: `branch ${name}`, message: 'as agreed' },
      ...{ inserted: 1, corrected: 2, withdrawn: 1 },
    });
    const changes = await api.get(`/v1/revisions/${before + 1}/changes`);
    expect((changes.json as { data: object[] }).data).toMatchObject([
      { symbol, kind: 'corrected', old: { close: 1 }, new: { close: 10 } },
      { symbol, kind: 'withdrawn', old: { close: 2 }, new: null },
      { symbol, kind: 'inserted', old: null, new: { close: 50 } },
      { symbol: other, kind: 'corrected', old: { close: 7 }, new: { close: 70 } },
    ]);
  });

  it('leaves the branch as it was: readable, at its own revisions too, and read-only', async () => {
    const symbol = await newStock('1');
    const name = await forkBranch(api);
    await put(symbol, 0, 2, name);
    const at = await head();
    await mergeBranch(api, name);
    await put(symbol, 0, 3);
    expect(await shown(symbol, name)).toBe('0=2');
    expect(await shown(symbol, name, at)).toBe('0=2');
    expect((await api.get(`/v1/branches/${name}/changes`)).json).toMatchObject({
      data: [{ old: { close: 1 }, new: { close: 2 } }],
    });
    expectRefused(await put(symbol, 0, 4, name), 409, 'branch-merged');
    expectRefused(await withdraw(symbol, 0, name), 409, 'branch-merged');
    const file = await importCsv(api, symbol, csvOf([bar(day(0), '4')]), { branch: name });
    expectRefused(file, 409, 'branch-merged');
    expectRefused(await api.delete(`/v1/branches/${name}`), 409, 'branch-merged');
  });

  it('of a nested branch goes to its own parent, and from there on up', async () => {
    const symbol = await newStock('1', '2');
    const parent = await forkBranch(api);
    await put(symbol, 0, 10, parent);
    const child = await forkBranch(api, { parent });
    await put(symbol, 0, 100, child);
    await put(symbol, 1, 200, child);
    await put(symbol, 1, 3);
    expect((await mergeBranch(api, child)).json).toMatchObject({ corrected: 2 });
    expect(await shown(symbol, parent)).toBe('0=100 1=200');
    expect(await shown(symbol)).toBe('0=1 1=3');
    expectRefused(await mergeBranch(api, parent), 409, 'version-conflict');
    await mergeBranch(api, parent, { onConflict: 'theirs' });
    expect(await shown(symbol)).toBe('0=100 1=200');
  });

  it('to a parent that was merged or discarded meanwhile is refused', async () => {
    const symbol = await newStock('1');
    const [merged, discarded] = [await forkBranch(api), await forkBranch(api)];
    const children = [
      await forkBranch(api, { parent: merged }),
      await forkBranch(api, { parent: discarded }),
    ];
    for (const child of children) await put(symbol, 0, 5, child);
    await mergeBranch(api, merged);
    await api.delete(`/v1/branches/${discarded}`);
    expectRefused(await mergeBranch(api, children[0] ?? ''), 409, 'branch-merged');
    expectRefused(await mergeBranch(api, children[1] ?? ''), 409, 'branch-discarded');
    expect(await shown(symbol, children[0])).toBe('0=5');
  });

  it('with nothing to bring makes no revision and ends the branch all the same', async () => {
    const symbol = await newStock('1', '2');
    const name = await forkBranch(api);
    await put(symbol, 0, 10, name);
    await put(symbol, 0, 1, name);
    await put(symbol, 1, 20, name);
    await put(symbol, 1, 20);
    const before = await head();
    const answer = await mergeBranch(api, name);
    expect(answer.json).toEqual({
      revision: before,
      ...{ inserted: 0, corrected: 0, withdrawn: 0, unchanged: 1 },
    });
    expect(await head()).toBe(before);
    expect((await api.get(`/v1/branches/${name}`)).json).toMatchObject({ status: 'merged' });
    expect((await mergeBranch(api, name)).json).toEqual(answer.json);
  });

  it.each([
    ['a word that is no policy', { onConflict: 'mine' }],
    ['an empty message', { message: ' ' }],
    ['a message that is too long', { message: 'x'.repeat(1001) }],
    ['a member that nobody knows', { into: 'main' }],
  ])('with %s is refused', async (_, body) => {
    expectRefused(await mergeBranch(api, await forkBranch(api), body), 400, 'validation-failed');
  });
});

describe('a bar changed on both sides', () => {
  async function disputed(): Promise<{ symbol: string; name: string }> {
    const symbol = await newStock('1', '2', '3', '4', '5');
    const name = await forkBranch(api);
    await put(symbol, 0, 10, name);
    await put(symbol, 0, 11);
    await withdraw(symbol, 1, name);
    await put(symbol, 1, 21);
    await put(symbol, 2, 30, name);
    await withdraw(symbol, 2);
    await put(symbol, 3, 40, name);
    await put(symbol, 3, 40);
    await put(symbol, 4, 50, name);
    const own = { json: { close: '0.30000000000000000004' } };
    await api.put(path(symbol, 4), { ...own, query: { branch: name } });
    for (const [branch, close] of [
      [name, '60'],
      ['main', '61'],
    ] as const) {
      await importCsv(api, symbol, csvOf([bar(day(9), close)]), { branch });
    }
    return { symbol, name };
  }

  it('fails the merge with the list, bar by bar, and changes nothing', async () => {
    const { symbol, name } = await disputed();
    const before = await head();
    const answer = await mergeBranch(api, name);
    expectRefused(answer, 409, 'version-conflict');
    const { conflicts, conflictCount } = answer.json as { conflicts: object[]; conflictCount: number };
    expect(conflictCount).toBe(4);
    const at = (offset: number) => ({ symbol, interval: '1d', date: day(offset) });
    expect(conflicts).toMatchObject([
      { ...at(0), base: { close: 1 }, ours: { close: 11 }, theirs: { close: 10 } },
      { ...at(1), base: { close: 2 }, ours: { close: 21 }, theirs: null },
      { ...at(2), base: { close: 3 }, ours: null, theirs: { close: 30 } },
      { ...at(9), base: null, ours: { close: 61 }, theirs: { close: 60 } },
    ]);
    expect(conflicts[0]).toEqual({
      ...at(0),
      ...Object.fromEntries(
        Object.entries({ base: 1, ours: 11, theirs: 10 }).map(([side, close]) => [
          side,
          { date: day(0), open: null, high: null, low: null, close, adjClose: null, volume: null },
        ]),
      ),
    });
    expect(await head()).toBe(before);
    expect((await api.get(`/v1/branches/${name}`)).json).toMatchObject({ status: 'open' });
  });

  it('stays as the parent has it with ours, and becomes as the branch has it with theirs', async () => {
    const ours = await disputed();
    expect((await mergeBranch(api, ours.name, { onConflict: 'ours' })).json).toMatchObject({
      ...{ inserted: 0, corrected: 1, withdrawn: 0, unchanged: 5 },
    });
    expect(await shown(ours.symbol)).toBe('0=11 1=21 3=40 4=0.3 9=61');
    const theirs = await disputed();
    expect((await mergeBranch(api, theirs.name, { onConflict: 'theirs' })).json).toMatchObject({
      ...{ inserted: 1, corrected: 3, withdrawn: 1, unchanged: 1 },
    });
    expect(await shown(theirs.symbol)).toBe('0=10 2=30 3=40 4=0.3 9=60');
    expect(await shown(theirs.symbol, theirs.name)).toBe(await shown(theirs.symbol));
  });

  it('is told with every digit', async () => {
    const symbol = await newStock('0.10000000000000000001');
    const name = await forkBranch(api);
    await put(symbol, 0, 2, name);
    await api.put(path(symbol, 0), { json: { close: '0.10000000000000000002' } });
    const answer = await mergeBranch(api, name);
    expect(answer.exact).toMatchObject({
      conflicts: [{ base: { close: '0.10000000000000000001' }, ours: { close: '0.10000000000000000002' } }],
    });
  });

  it('is counted beyond the end of the list', async () => {
    const symbol = await trackStock(api);
    const file = (close: string): string => csvOf(Array.from({ length: 600 }, (_, n) => bar(day(n), close)));
    await importCsv(api, symbol, file('1'));
    const name = await forkBranch(api);
    await importCsv(api, symbol, file('2'), { branch: name });
    await importCsv(api, symbol, file('3'));
    const { conflicts, conflictCount } = (await mergeBranch(api, name)).json as {
      conflicts: object[];
      conflictCount: number;
    };
    expect([conflicts.length, conflictCount]).toEqual([500, 600]);
  });

  it('that was changed back on one side is no conflict', async () => {
    const symbol = await newStock('1', '2');
    const name = await forkBranch(api);
    await put(symbol, 0, 10, name);
    await put(symbol, 0, 11);
    await put(symbol, 0, 1);
    await put(symbol, 1, 20, name);
    await put(symbol, 1, 2, name);
    await put(symbol, 1, 21);
    expect((await mergeBranch(api, name)).json).toMatchObject({ corrected: 1, unchanged: 0 });
    expect(await shown(symbol)).toBe('0=10 1=21');
  });
});
