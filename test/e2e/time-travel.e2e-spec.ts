import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { bar, csvOf, day } from '../factories/bars.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

interface Shown {
  readonly revision: number;
  readonly data: { readonly date: string; readonly close: number }[];
}

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

/** What the service shows of a stock, oldest first, as `date=close`. */
async function closes(symbol: string, asOf?: number | string): Promise<string[]> {
  const query = { order: 'asc', limit: 10_000, ...(asOf === undefined ? {} : { asOf }) };
  const { data: bars } = (await api.get(data(symbol), { query })).json as Shown;
  return bars.map(({ date, close }) => `${date}=${close}`);
}

async function stockWith(...bars: readonly string[]): Promise<{ symbol: string; revision: number }> {
  const symbol = await trackStock(api);
  const answer = await importCsv(api, symbol, csvOf(bars.map((close, n) => bar(day(n), close))));
  return { symbol, revision: revisionOf(answer) };
}

describe('an empty store', () => {
  it('names a revision that can be asked for, and shows nothing of it ever after', async () => {
    const symbol = await trackStock(api);
    const at = (query: Record<string, string | number>) => api.get(data(symbol), { query });
    const first = await at({});
    expect(revisionOf(first)).toBe(0);
    expect((await at({ asOf: 0 })).json).toEqual(first.json);
    await importCsv(api, symbol, csvOf([bar(day(0), '1')]));
    expect((await at({ asOf: 0 })).json).toEqual(first.json);
    expect((await at({ asOf: 0, interval: '1w' })).json).toMatchObject({ revision: 0, data: [] });
  });
});

describe('the time of a revision', () => {
  it('as it is printed stands for that revision and no other, however close they come', async () => {
    const { symbol } = await stockWith('1');
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        api.put(data(symbol, day(0)), { json: { close: String(n + 2) } }).then(revisionOf),
      ),
    );
    for (const id of made) {
      const { createdAt } = (await api.get(`/v1/revisions/${id}`)).json as { createdAt: string };
      expect(revisionOf(await api.get(data(symbol), { query: { asOf: createdAt } }))).toBe(id);
    }
  });
});

describe('a correction', () => {
  it('is shown now and not as of before, by number and by instant', async () => {
    const { symbol, revision } = await stockWith('1', '2');
    await sleep(20);
    const between = new Date().toISOString();
    await sleep(20);
    const answer = await api.put(data(symbol, day(1)), {
      json: { close: '2.5', volume: 7, message: 'vendor error' },
    });
    expect(answer.json).toEqual({
      ...{ date: day(1), open: null, high: null, low: null, close: 2.5, adjClose: null, volume: 7 },
      revision: revision + 1,
    });
    const now = [`${day(0)}=1`, `${day(1)}=2.5`];
    const then = [`${day(0)}=1`, `${day(1)}=2`];
    expect(await closes(symbol)).toEqual(now);
    expect(await closes(symbol, revision)).toEqual(then);
    expect(await closes(symbol, between)).toEqual(then);
    expect(await closes(symbol, new Date().toISOString())).toEqual(now);
    const csv = await api.get(data(symbol), { query: { asOf: revision }, headers: { accept: 'text/csv' } });
    expect(csv.text).toContain(`${day(1)},,,,2,,`);
  });

  it('keeps every digit and takes decimal texts as well as numbers', async () => {
    const { symbol } = await stockWith('1');
    for (const close of [
      '101.24',
      '"0.30000000000000000004"',
      '0.30000000000000000004',
      '123456789012.5',
      '5.10',
    ]) {
      const answer = await api.put(data(symbol, day(0)), {
        body: `{"close":${close}}`,
        type: 'application/json',
      });
      const shortest = close.replaceAll('"', '').replace(/0$/, '');
      expect(answer.exact).toMatchObject({ close: shortest });
      expect((await api.get(data(symbol, day(0)))).exact).toMatchObject({ close: shortest });
    }
  });

  it('to what the bar says already makes no revision and keeps its ETag', async () => {
    const { symbol, revision } = await stockWith('1');
    const answer = await api.put(data(symbol, day(0)), { json: { close: '1.0' } });
    expect(revisionOf(answer)).toBe(revision);
    expect(answer.headers.get('etag')).toBe(`"${revision}"`);
    expect((await api.get('/v1/revisions?limit=1')).json).toMatchObject({ data: [{ id: revision }] });
  });

  it('with If-Match goes through once among a hundred at the same time', async () => {
    const { symbol, revision } = await stockWith('1');
    const etag = (await api.get(data(symbol, day(0)))).headers.get('etag') ?? '';
    expect(etag).toBe(`"${revision}"`);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        api.put(data(symbol, day(0)), { json: { close: n + 2 }, headers: { 'if-match': etag } }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers) if (answer.status !== 200) expectRefused(answer, 412, 'stale-resource');
    const [won] = answers
      .filter(({ status }) => status === 200)
      .map(({ json }) => json as { revision: number });
    const { revision: wonRevision, ...wonBar } = won ?? { revision: 0 };
    expect((await api.get(data(symbol, day(0)))).json).toEqual(wonBar);
    expect(wonRevision).toBe(revision + 1);
  });

  it('without If-Match answers each of a hundred writers with its own bar and revision', async () => {
    const { symbol, revision } = await stockWith('1');
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => api.put(data(symbol, day(0)), { json: { close: n + 2 } })),
    );
    expect(answers.map(({ json }) => (json as { close: number }).close)).toEqual(
      answers.map((_, n) => n + 2),
    );
    const revisions = answers.map(revisionOf).sort((a, b) => a - b);
    expect(revisions).toEqual(answers.map((_, n) => revision + 1 + n));
    for (const answer of answers) {
      const { revision: own, ...shown } = answer.json as { revision: number };
      expect((await api.get(data(symbol, day(0)), { query: { asOf: own } })).json).toEqual(shown);
    }
  });

  it('is answered as done although another request withdraws the bar at once', async () => {
    const { symbol } = await stockWith('1');
    for (let round = 0; round < 15; round++) {
      const [put, gone] = await Promise.all([
        api.put(data(symbol, day(0)), { json: { close: round + 2 } }),
        api.delete(data(symbol, day(0))),
      ]);
      expect([put.status, (put.json as { close: number }).close]).toEqual([200, round + 2]);
      expect([200, 404]).toContain(gone.status);
    }
  });
});

describe('a withdrawal', () => {
  it('takes the bar away now and not as of before, and an import may bring it back', async () => {
    const { symbol, revision } = await stockWith('1', '2');
    const gone = await api.delete(data(symbol, day(1)), { query: { message: 'never traded' } });
    expect(gone.json).toMatchObject({ date: day(1), close: 2, revision: revision + 1 });
    expect(await closes(symbol)).toEqual([`${day(0)}=1`]);
    expect(await closes(symbol, revision)).toEqual([`${day(0)}=1`, `${day(1)}=2`]);
    expectRefused(await api.get(data(symbol, day(1))), 404, 'bar-not-found');
    expectRefused(await api.delete(data(symbol, day(1))), 404, 'bar-not-found');
    const back = await importCsv(api, symbol, csvOf([bar(day(1), '2')]));
    expect(back.json).toMatchObject({ inserted: 1, corrected: 0 });
    expect(await closes(symbol)).toEqual([`${day(0)}=1`, `${day(1)}=2`]);
    expect(await closes(symbol, revision + 1)).toEqual([`${day(0)}=1`]);
  });

  it('may be undone by a correction of the bar', async () => {
    const { symbol } = await stockWith('1');
    await api.delete(data(symbol, day(0)));
    expect((await api.put(data(symbol, day(0)), { json: { close: 3 } })).json).toMatchObject({ close: 3 });
    expect(await closes(symbol)).toEqual([`${day(0)}=3`]);
  });

  it('with a stale If-Match is refused, and happens once among twenty', async () => {
    const { symbol, revision } = await stockWith('1');
    const stale = await api.delete(data(symbol, day(0)), { headers: { 'if-match': `"${revision - 1}"` } });
    expectRefused(stale, 412, 'stale-resource');
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.delete(data(symbol, day(0)))));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
      200,
      ...Array<number>(19).fill(404),
    ]);
  });
});

describe('versions of a bar', () => {
  it('are all there, newest first, each with the revision that brought it', async () => {
    const { symbol, revision } = await stockWith('1');
    await api.put(data(symbol, day(0)), { json: { close: 2, message: 'why' } });
    await api.delete(data(symbol, day(0)));
    await importCsv(api, symbol, csvOf([bar(day(0), '4')]), { message: 'again' });
    const { json } = await api.get(`${data(symbol, day(0))}/versions`);
    const { data: versions } = json as {
      data: {
        close: number | null;
        withdrawn: boolean;
        validFrom: number;
        validTo: number | null;
        revision: object;
      }[];
    };
    expect(
      versions.map(({ close, withdrawn, validFrom, validTo }) => [close, withdrawn, validFrom, validTo]),
    ).toEqual([
      [4, false, revision + 3, null],
      [null, true, revision + 2, revision + 3],
      [2, false, revision + 1, revision + 2],
      [1, false, revision, revision + 1],
    ]);
    expect(versions.map((version) => version.revision)).toMatchObject([
      { id: revision + 3, kind: 'import', message: 'again', source: 'http' },
      { id: revision + 2, kind: 'withdrawal', message: null },
      { id: revision + 1, kind: 'correction', message: 'why' },
      { id: revision, kind: 'import' },
    ]);
  });

  it('come page by page, of one revision, each ending where the next one begins', async () => {
    const { symbol, revision } = await stockWith('1');
    for (const close of [2, 3, 4]) await api.put(data(symbol, day(0)), { json: { close } });
    const pages: { close: number; validTo: number | null }[][] = [];
    let cursor: string | null | undefined;
    do {
      const query = { limit: 2, ...(cursor ? { cursor } : {}) };
      const { json } = await api.get(`${data(symbol, day(0))}/versions`, { query });
      const page = json as { data: { close: number; validTo: number | null }[]; nextCursor: string | null };
      pages.push(page.data);
      cursor = page.nextCursor;
      await api.put(data(symbol, day(0)), { json: { close: 9 } });
    } while (cursor !== null);
    expect(pages.map((page) => page.map(({ close, validTo }) => [close, validTo]))).toEqual([
      [
        [4, null],
        [3, revision + 3],
      ],
      [
        [2, revision + 2],
        [1, revision + 1],
      ],
    ]);
  });

  it('as of a revision are those that were known then', async () => {
    const { symbol, revision } = await stockWith('1');
    await api.put(data(symbol, day(0)), { json: { close: 2 } });
    const { json } = await api.get(`${data(symbol, day(0))}/versions`, { query: { asOf: revision } });
    expect((json as { data: { close: number }[] }).data.map(({ close }) => close)).toEqual([1]);
  });
});

describe('a page', () => {
  it('goes on at the revision of the page before, whatever is committed in between', async () => {
    const { symbol, revision } = await stockWith('1', '2', '3', '4');
    const first = (await api.get(data(symbol), { query: { order: 'asc', limit: 2 } })).json as Shown & {
      nextCursor: string;
    };
    await api.put(data(symbol, day(2)), { json: { close: 30 } });
    await api.delete(data(symbol, day(3)));
    const second = await api.get(data(symbol), {
      query: { order: 'asc', limit: 2, cursor: first.nextCursor },
    });
    expect(second.json).toMatchObject({ revision, data: [{ close: 3 }, { close: 4 }], nextCursor: null });
  });

  it('is limited to days, both included, in both orders', async () => {
    const { symbol } = await stockWith('1', '2', '3', '4', '5');
    const query = { from: day(1), to: day(3) };
    const asc = (await api.get(data(symbol), { query: { ...query, order: 'asc' } })).json as Shown;
    const desc = (await api.get(data(symbol), { query })).json as Shown;
    expect(asc.data.map(({ close }) => close)).toEqual([2, 3, 4]);
    expect(desc.data.map(({ close }) => close)).toEqual([4, 3, 2]);
    const none = await api.get(data(symbol), { query: { from: day(3), to: day(1) } });
    expect((none.json as Shown).data).toEqual([]);
  });

  it('of a stock without bars is empty and names a revision', async () => {
    const symbol = await trackStock(api);
    const { json } = await api.get(data(symbol));
    expect(json).toMatchObject({ symbol, data: [], nextCursor: null, revision: expect.any(Number) });
  });
});
