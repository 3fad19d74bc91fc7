import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  forkBranch,
  headRevision,
  mergeBranch,
  putClose,
  revisionOf,
  shownCloses,
  stockWith,
} from '../factories/branches.js';
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

const put = (symbol: string, offset: number, close: number, branch = 'main'): Promise<ApiAnswer> =>
  putClose(api, { symbol, day: offset, branch }, close);
const shown = (symbol: string): Promise<string> => shownCloses(api, symbol);
const head = (): Promise<number> => headRevision(api);
const newStock = async (...closes: string[]): Promise<string> => (await stockWith(api, ...closes)).symbol;

describe('merging twice', () => {
  it('with the same request is answered the same, whatever came between', async () => {
    const symbol = await newStock('1');
    const name = await forkBranch(api);
    await put(symbol, 0, 2, name);
    const first = await mergeBranch(api, name, { message: 'once' });
    await put(symbol, 0, 9);
    const before = await head();
    const second = await mergeBranch(api, name, { message: 'once' });
    expect([second.status, second.json]).toEqual([200, first.json]);
    expect([await head(), await shown(symbol)]).toEqual([before, '0=9']);
  });

  it('with another request is refused', async () => {
    const name = await forkBranch(api);
    await mergeBranch(api, name, { message: 'once' });
    for (const body of [{}, { message: 'twice' }, { message: 'once', onConflict: 'ours' }])
      expectRefused(await mergeBranch(api, name, body), 409, 'branch-merged');
  });

  it('as a dry run is answered what the merge itself would be: what was done, or a refusal', async () => {
    const symbol = await newStock('1', '2');
    const name = await forkBranch(api);
    await put(symbol, 0, 3, name);
    const merge = (body: object, dryRun: boolean) =>
      mergeBranch(api, name, body as Readonly<Record<string, unknown>>, { dryRun });
    const before = await merge({ message: 'once' }, true);
    expect(before.json).toMatchObject({ revision: null, corrected: 1 });
    const done = await merge({ message: 'once' }, false);
    await put(symbol, 1, 9);
    const again = await merge({ message: 'once' }, true);
    const consequences = { restatedCitations: 0, firstRestated: [] };
    expect([again.status, again.json]).toEqual([200, { ...(done.json as object), consequences }]);
    expectRefused(await merge({ message: 'twice' }, true), 409, 'branch-merged');
  });

  it('at once is won by one: the others are refused or, asking the same, answered the same', async () => {
    for (let round = 0; round < 5; round++) {
      const symbol = await newStock('1');
      const name = await forkBranch(api);
      await put(symbol, 0, 2, name);
      const before = await head();
      const asked = Array.from({ length: 8 }, (_, n) => ({ message: n % 2 === 0 ? 'even' : 'odd' }));
      const answers = await Promise.all(asked.map((body) => mergeBranch(api, name, body)));
      const won = answers.filter(({ status }) => status === 200);
      expect(won).toHaveLength(4);
      for (const answer of won) expect(answer.json).toEqual(won[0]?.json);
      for (const answer of answers) if (answer.status !== 200) expectRefused(answer, 409, 'branch-merged');
      expect([await head(), revisionOf(won[0] as ApiAnswer)]).toEqual([before + 1, before + 1]);
    }
  });

  it('and discarding at once leaves one of the two', async () => {
    for (let round = 0; round < 5; round++) {
      const symbol = await newStock('1');
      const name = await forkBranch(api);
      await put(symbol, 0, 2, name);
      const [merged, gone] = await Promise.all([mergeBranch(api, name), api.delete(`/v1/branches/${name}`)]);
      const { status } = (await api.get(`/v1/branches/${name}`)).json as { status: string };
      expect([merged.status, gone.status]).toEqual(status === 'merged' ? [200, 409] : [409, 204]);
      expect(await shown(symbol)).toBe(status === 'merged' ? '0=2' : '0=1');
    }
  });

  it('two branches with the same bar at once makes the second a conflict', async () => {
    const symbol = await newStock('1');
    const names = [await forkBranch(api), await forkBranch(api)];
    await Promise.all(names.map((name, n) => put(symbol, 0, n + 2, name)));
    const answers = await Promise.all(names.map((name) => mergeBranch(api, name)));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409]);
    const lost = answers.find(({ status }) => status === 409) as ApiAnswer;
    expectRefused(lost, 409, 'version-conflict');
  });
});
