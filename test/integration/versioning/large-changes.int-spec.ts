import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { bar, csvOf, day } from '../../factories/bars.js';
import { importCsv, trackStock } from '../../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../../support/api-client.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const MOST = 2;
let service: TestApp;
let api: ApiClient;
let symbol: string;

beforeAll(async () => {
  service = await startTestApp({ env: { STOCKROOM_BARS_PER_CHANGE: String(MOST) } });
  ({ api } = service);
});
afterAll(() => service.close());
beforeEach(async () => {
  symbol = await trackStock(api);
});

const bars = (count: number, close = '1'): string =>
  csvOf(Array.from({ length: count }, (_, n) => bar(day(n), close)));

async function head(): Promise<unknown> {
  const { json } = await api.get('/v1/revisions', { query: { limit: 1 } });
  return (json as { data: { id: number }[] }).data[0]?.id;
}

/** Too much is refused, also as a dry run, and leaves no revision. */
async function expectRefused(
  ask: (query: Readonly<Record<string, string>>) => Promise<ApiAnswer>,
): Promise<void> {
  const before = await head();
  for (const dryRun of ['true', 'false']) {
    const answer = await ask({ dryRun });
    expect([answer.status, answer.json]).toMatchObject([
      422,
      { code: 'change-too-large', rows: MOST + 1, most: MOST },
    ]);
  }
  expect(await head()).toBe(before);
}

describe('a change of more bars than one may change', () => {
  it('is an import as ever', async () => {
    expect((await importCsv(api, symbol, bars(MOST + 1))).status).toBe(200);
    expect((await importCsv(api, symbol, bars(MOST + 1, '2'))).status).toBe(200);
  });

  it('is no revert', async () => {
    const { revision } = (await importCsv(api, symbol, bars(MOST + 1))).json as { revision: number };
    await expectRefused((query) => api.post(`/v1/revisions/${revision}/revert`, { query }));
  });

  it('is no merge, and the branch stays open', async () => {
    const name = `b${symbol}`;
    await api.post('/v1/branches', { json: { name } });
    await importCsv(api, symbol, bars(MOST + 1), { branch: name });
    await expectRefused((query) => api.post(`/v1/branches/${name}/merge`, { query }));
    expect((await api.get(`/v1/branches/${name}`)).json).toMatchObject({ status: 'open' });
  });
});

it('lets as many bars as there may be through', async () => {
  const { revision } = (await importCsv(api, symbol, bars(MOST))).json as { revision: number };
  const revert = await api.post(`/v1/revisions/${revision}/revert`);
  expect([revert.status, revert.json]).toMatchObject([200, { withdrawn: MOST }]);
  const name = `b${symbol}`;
  await api.post('/v1/branches', { json: { name } });
  await importCsv(api, symbol, bars(MOST), { branch: name });
  const merge = await api.post(`/v1/branches/${name}/merge`);
  expect([merge.status, merge.json]).toMatchObject([200, { inserted: MOST }]);
});
