import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bar, csvOf, day } from '../factories/bars.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let service: TestApp;
let api: ApiClient;

beforeAll(async () => {
  service = await startTestApp();
  ({ api } = service);
});
afterAll(() => service.close());

const data = (symbol: string, time?: string): string =>
  `/v1/stocks/${symbol}/data${time === undefined ? '' : `/${time}`}`;
const revisionOf = (answer: ApiAnswer): number => (answer.json as { revision: number }).revision;

async function stockWith(...bars: readonly string[]): Promise<{ symbol: string; revision: number }> {
  const symbol = await trackStock(api);
  const answer = await importCsv(api, symbol, csvOf(bars.map((close, n) => bar(day(n), close))));
  return { symbol, revision: revisionOf(answer) };
}

describe('the commit log', () => {
  it('lists what was committed, newest first, with counts, by pages, and by symbol', async () => {
    const { symbol, revision } = await stockWith('1', '2', '3');
    await importCsv(api, symbol, csvOf([bar(day(0), '9'), bar(day(3), '4')]));
    await stockWith('5');
    await api.delete(data(symbol, day(0)));
    const { json } = await api.get('/v1/revisions', { query: { symbol } });
    const listed = (json as { data: { id: number; createdAt: string }[] }).data;
    expect(listed).toMatchObject([
      { id: revision + 3, kind: 'withdrawal', inserted: 0, corrected: 0, withdrawn: 1, branch: 'main' },
      { id: revision + 1, kind: 'import', inserted: 1, corrected: 1, withdrawn: 0 },
      { id: revision, kind: 'import', inserted: 3, corrected: 0, withdrawn: 0 },
    ]);
    const byPages: number[] = [];
    let cursor: string | null = null;
    do {
      const page: ApiAnswer = await api.get('/v1/revisions', {
        query: { limit: 7, ...(cursor === null ? {} : { cursor }) },
      });
      const { data: rows, nextCursor } = page.json as { data: { id: number }[]; nextCursor: string | null };
      byPages.push(...rows.map(({ id }) => id));
      cursor = nextCursor;
    } while (cursor !== null);
    expect(byPages).toEqual(Array.from({ length: revision + 3 }, (_, n) => revision + 3 - n));
  });

  it('answers 304 for a revision that was read before: it never changes', async () => {
    const { revision } = await stockWith('1');
    const first = await api.get(`/v1/revisions/${revision}`);
    const etag = first.headers.get('etag') ?? '';
    expect((await api.get(`/v1/revisions/${revision}`, { headers: { 'if-none-match': etag } })).status).toBe(
      304,
    );
  });

  it('shows the changes of a revision, old beside new, by pages of any size', async () => {
    const { symbol } = await stockWith('1', '2', '3');
    const other = await stockWith('7');
    const rows = [
      `${symbol},${day(0)},1`,
      `${symbol},${day(1)},8`,
      `${symbol},${day(3)},4`,
      `${other.symbol},${day(0)},6`,
    ];
    const answer = await api.post('/v1/stock-data', {
      type: 'text/csv',
      body: `Symbol,Date,Close\n${rows.join('\n')}\n`,
    });
    const path = `/v1/revisions/${revisionOf(answer)}/changes`;
    const expected = [
      { symbol, kind: 'corrected', old: { date: day(1), close: 2 }, new: { date: day(1), close: 8 } },
      { symbol, kind: 'inserted', old: null, new: { date: day(3), close: 4 } },
      { symbol: other.symbol, kind: 'corrected', old: { close: 7 }, new: { close: 6 } },
    ];
    expect((await api.get(path)).json).toMatchObject({ data: expected, nextCursor: null });
    for (const limit of [1, 2]) {
      const all: unknown[] = [];
      let cursor: string | null = null;
      do {
        const page: ApiAnswer = await api.get(path, {
          query: { limit, ...(cursor === null ? {} : { cursor }) },
        });
        const { data: changes, nextCursor } = page.json as { data: unknown[]; nextCursor: string | null };
        expect(changes.length).toBeLessThanOrEqual(limit);
        all.push(...changes);
        cursor = nextCursor;
      } while (cursor !== null);
      expect(all).toMatchObject(expected);
    }
    const gone = await api.delete(data(symbol, day(1)));
    expect((await api.get(`/v1/revisions/${revisionOf(gone)}/changes`)).json).toMatchObject({
      data: [{ kind: 'withdrawn', old: { close: 8 }, new: null }],
    });
  });
});
