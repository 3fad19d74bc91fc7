import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { bar, csvOf, day } from '../factories/bars.js';
import { forkBranch, mergeBranch } from '../factories/branches.js';
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

const revisionOf = (answer: ApiAnswer): number => (answer.json as { revision: number }).revision;
const path = (symbol: string, offset: number): string => `/v1/stocks/${symbol}/data/${day(offset)}`;

/** What a branch shows of a stock as the page itself, without the revision that it names. */
async function shown(symbol: string, branch = 'main', asOf?: number): Promise<string> {
  const query = { order: 'asc', branch, ...(asOf === undefined ? {} : { asOf }) };
  return (await api.get(`/v1/stocks/${symbol}/data`, { query })).text.replace(/"revision":\d+/, '');
}

const put = (symbol: string, offset: number, close: number, branch = 'main'): Promise<ApiAnswer> =>
  api.put(path(symbol, offset), { json: { close }, query: { branch } });
const revert = (
  revision: number,
  json?: object,
  query: Record<string, string | boolean> = {},
): Promise<ApiAnswer> =>
  api.post(`/v1/revisions/${revision}/revert`, { ...(json === undefined ? {} : { json }), query });

async function stockWith(...bars: readonly string[]): Promise<{ symbol: string; revision: number }> {
  const symbol = await trackStock(api);
  const answer = await importCsv(api, symbol, csvOf(bars.map((close, n) => bar(day(n), close))));
  return { symbol, revision: revisionOf(answer) };
}

describe('a revert', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('lets others write while it compares, and sees what they wrote', async () => {
    const { symbol } = await stockWith('1', '2');
    const changed = revisionOf(await put(symbol, 0, 10));
    let meanwhile: ApiAnswer | undefined;
    onceCompared(async () => (meanwhile = await put(symbol, 0, 11)));
    const answer = await revert(changed);
    expect(meanwhile?.status).toBe(200);
    expectRefused(answer, 409, 'version-conflict');
    expect(await shown(symbol)).toContain('"close":11');
  });

  it('is done as it was compared when others wrote to another stock meanwhile', async () => {
    const [{ symbol }, other] = [await stockWith('1', '2'), await stockWith('5')];
    const before = await shown(symbol);
    const changed = revisionOf(await put(symbol, 0, 10));
    onceCompared(() => put(other.symbol, 0, 6));
    expect((await revert(changed)).status).toBe(200);
    expect(await shown(symbol)).toBe(before);
  });

  it('of an import shows all as before it, as a new revision that says what it is', async () => {
    const { symbol, revision } = await stockWith('1', '2', '3');
    await api.delete(path(symbol, 2));
    const report = await importCsv(
      api,
      symbol,
      csvOf([bar(day(0), '10'), bar(day(1), '2'), bar(day(2), '30'), bar(day(7), '70')]),
    );
    const bad = revisionOf(report);
    const answer = await revert(bad, { message: 'wrong file' });
    expect(answer.json).toEqual({
      revision: bad + 1,
      ...{ inserted: 0, corrected: 1, withdrawn: 2, unchanged: 0 },
    });
    expect(await shown(symbol)).toBe(await shown(symbol, 'main', bad - 1));
    expect(await shown(symbol, 'main', bad)).not.toBe(await shown(symbol));
    expect(await shown(symbol, 'main', revision)).toContain('"close":3,');
    expect((await api.get(`/v1/revisions/${bad + 1}`)).json).toMatchObject({
      ...{ kind: 'revert', branch: 'main', source: `revision ${bad}`, message: 'wrong file' },
      ...{ inserted: 0, corrected: 1, withdrawn: 2 },
    });
  });

  it('of a withdrawal brings the bar back, of a revert does again what was undone', async () => {
    const { symbol } = await stockWith('1', '2');
    const gone = revisionOf(await api.delete(path(symbol, 0)));
    const back = await revert(gone);
    expect(back.json).toMatchObject({ inserted: 1, corrected: 0, withdrawn: 0 });
    expect(await shown(symbol)).toBe(await shown(symbol, 'main', gone - 1));
    const again = await revert(revisionOf(back));
    expect(again.json).toMatchObject({ withdrawn: 1 });
    expect(await shown(symbol)).toBe(await shown(symbol, 'main', gone));
  });

  it('of a merge undoes all of it on the parent, and nothing on the branch', async () => {
    const { symbol } = await stockWith('1', '2');
    const name = await forkBranch(api);
    await put(symbol, 0, 10, name);
    await importCsv(api, symbol, csvOf([bar(day(5), '50')]), { branch: name });
    const merged = revisionOf(await mergeBranch(api, name));
    expect((await revert(merged)).json).toMatchObject({ corrected: 1, withdrawn: 1 });
    expect(await shown(symbol)).toBe(await shown(symbol, 'main', merged - 1));
    expect(await shown(symbol, name)).toBe(await shown(symbol, name, merged));
  });

  it('on a branch happens on that branch, and shows again what was inherited', async () => {
    const { symbol } = await stockWith('1', '2');
    const name = await forkBranch(api);
    const changed = revisionOf(await put(symbol, 0, 10, name));
    await put(symbol, 1, 20);
    const answer = await revert(changed, undefined, { branch: name });
    expect(answer.json).toMatchObject({ corrected: 1 });
    expect(await shown(symbol, name)).toBe(await shown(symbol, name, changed - 1));
    expect(await shown(symbol)).toContain('"close":20,');
  });

  it('leaves alone what other revisions changed', async () => {
    const { symbol } = await stockWith('1', '2');
    const first = revisionOf(await put(symbol, 0, 10));
    await put(symbol, 1, 20);
    expect((await revert(first)).json).toMatchObject({ corrected: 1 });
    expect(await shown(symbol)).toMatch(/"close":1,.*"close":20,/);
  });

  it('done again, or undone by hand before, changes nothing and makes no revision', async () => {
    const { symbol } = await stockWith('1');
    const changed = revisionOf(await put(symbol, 0, 10));
    const reverted = await revert(changed);
    const again = await revert(changed);
    expect(again.json).toEqual({
      revision: revisionOf(reverted),
      ...{ inserted: 0, corrected: 0, withdrawn: 0, unchanged: 1 },
    });
  });
});

describe('what was changed again since', () => {
  it('is a conflict that lists it, and nothing is undone', async () => {
    const { symbol } = await stockWith('1', '2', '3');
    const bad = revisionOf(
      await importCsv(api, symbol, csvOf([bar(day(0), '10'), bar(day(1), '20'), bar(day(2), '30')])),
    );
    await put(symbol, 0, 11);
    const newest = revisionOf(await api.delete(path(symbol, 2)));
    const answer = await revert(bad);
    expectRefused(answer, 409, 'version-conflict');
    expect(answer.json).toMatchObject({
      conflictCount: 2,
      conflicts: [
        { symbol, date: day(0), base: { close: 10 }, ours: { close: 11 }, theirs: { close: 1 } },
        { symbol, date: day(2), base: { close: 30 }, ours: null, theirs: { close: 3 } },
      ],
    });
    expect(await shown(symbol)).toBe(await shown(symbol, 'main', newest));
    expect((await api.get('/v1/revisions?limit=1')).json).toMatchObject({ data: [{ id: newest }] });
  });

  it('names intraday bars by their instant', async () => {
    const { symbol } = await stockWith('1');
    const file = (close: number): string => `Datetime,Close\n2024-01-02 14:30:00,${close}\n`;
    const query = { interval: '5m' };
    const first = revisionOf(await importCsv(api, symbol, file(1), query));
    await importCsv(api, symbol, file(2), query);
    expect((await revert(first)).json).toMatchObject({
      conflicts: [
        { interval: '5m', ts: '2024-01-02T14:30:00Z', base: { ts: '2024-01-02T14:30:00Z' }, theirs: null },
      ],
    });
  });
});

describe('a revert that cannot be', () => {
  it('because there is no such revision', async () => {
    expectRefused(await revert(999_999), 404, 'revision-not-found');
    expectRefused(await revert(0), 404, 'revision-not-found');
    expectRefused(await api.post('/v1/revisions/abc/revert'), 400, 'validation-failed');
  });

  it('because the revision was made on another branch', async () => {
    const { symbol, revision } = await stockWith('1');
    const name = await forkBranch(api);
    const own = revisionOf(await put(symbol, 0, 2, name));
    const answer = await revert(own, undefined, { branch: 'main' });
    expectRefused(answer, 422, 'revision-on-other-branch');
    expect(answer.json).toMatchObject({ revision: own, branch: name });
    expectRefused(await revert(revision, undefined, { branch: name }), 422, 'revision-on-other-branch');
    expectRefused(await revert(revision, undefined, { branch: 'nope' }), 404, 'branch-not-found');
  });

  it('because its branch was merged or discarded', async () => {
    const { symbol } = await stockWith('1', '2');
    const [merged, discarded] = [await forkBranch(api), await forkBranch(api)];
    const one = revisionOf(await put(symbol, 0, 10, merged));
    const two = revisionOf(await put(symbol, 1, 20, discarded));
    await mergeBranch(api, merged);
    await api.delete(`/v1/branches/${discarded}`);
    expectRefused(await revert(one), 409, 'branch-merged');
    expectRefused(await revert(two), 409, 'branch-discarded');
    expectRefused(await revert(two, {}, { dryRun: true }), 409, 'branch-discarded');
  });

  it('because the body is wrong', async () => {
    const { revision } = await stockWith('1');
    for (const body of [{ message: '' }, { onConflict: 'ours' }, { message: 7 }])
      expectRefused(await revert(revision, body), 400, 'validation-failed');
  });
});
