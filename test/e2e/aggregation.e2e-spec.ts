import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bar, csvOf, type DailyBar } from '../factories/bars.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import { makeBranch } from '../factories/versioned-bars.js';
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

type Query = Readonly<Record<string, string | number>>;
interface Shown {
  readonly revision: number;
  readonly computedFrom?: string;
  readonly data: readonly { readonly date?: string; readonly ts?: string; readonly close: number }[];
  readonly nextCursor: string | null;
}

const path = (symbol: string): string => `/v1/stocks/${symbol}/data`;
const read = (symbol: string, query: Query): Promise<ApiAnswer> => api.get(path(symbol), { query });
const shown = (answer: ApiAnswer): Shown => answer.json as Shown;

/** What is shown, as `time=close`. */
async function closes(symbol: string, query: Query): Promise<string[]> {
  const { data } = shown(await read(symbol, { order: 'asc', ...query }));
  return data.map(({ date, ts, close }) => `${date ?? ts}=${close}`);
}

async function stockWith(bars: readonly DailyBar[]): Promise<{ symbol: string; revision: number }> {
  const symbol = await trackStock(api);
  return { symbol, revision: shown(await importCsv(api, symbol, csvOf(bars))).revision };
}

/** Minute bars with nothing but a close. **Shape**: `times` are `HH:MM` of 2024-03-01, UTC. */
async function importMinutes(
  symbol: string,
  interval: string,
  times: Readonly<Record<string, string>>,
): Promise<number> {
  const lines = Object.entries(times).map(([time, close]) => `2024-03-01T${time}:00Z,${close}`);
  const answer = await importCsv(api, symbol, `Timestamp,Close\n${lines.join('\n')}\n`, { interval });
  expect(answer.status).toBe(200);
  return shown(answer).revision;
}

describe('weeks and months', () => {
  // 2024-01-29 was a Monday; the week that begins there ends in February.
  const DAYS: readonly DailyBar[] = [
    {
      date: '2024-01-29',
      open: '10.1',
      high: '12.00000001',
      low: '10',
      close: '11',
      adjClose: '5.5',
      volume: '9007199254740993',
    },
    { date: '2024-01-31', open: '11', high: '11', low: '9.5', close: '10', adjClose: '5', volume: '10' },
    { date: '2024-02-01', open: '10', high: '14', low: '10', close: '13.7', adjClose: '6.85', volume: '1' },
    { date: '2024-02-06', open: '13', high: '13.5', low: '12', close: '12.5', volume: '100' },
  ];

  it('have the first open, highest high, lowest low, last close and exact sum of volume', async () => {
    const { symbol, revision } = await stockWith(DAYS);
    const weeks = await read(symbol, { interval: '1w' });
    expect(weeks.exact).toEqual({
      ...{ symbol, interval: '1w', branch: 'main', revision: String(revision), computedFrom: '1d' },
      data: [
        {
          date: '2024-02-05',
          open: '13',
          high: '13.5',
          low: '12',
          close: '12.5',
          adjClose: null,
          volume: '100',
        },
        {
          ...{ date: '2024-01-29', open: '10.1', high: '14', low: '9.5', close: '13.7', adjClose: '6.85' },
          volume: '9007199254741004',
        },
      ],
      nextCursor: null,
    });
    const months = await read(symbol, { interval: '1mo', order: 'asc' });
    expect((months.exact as { data: unknown }).data).toEqual([
      {
        ...{ date: '2024-01-01', open: '10.1', high: '12.00000001', low: '9.5', close: '10', adjClose: '5' },
        volume: '9007199254741003',
      },
      { date: '2024-02-01', open: '10', high: '14', low: '10', close: '12.5', adjClose: null, volume: '101' },
    ]);
  });

  it('have null where a day of them has no value, and for open only where the first day has none', async () => {
    const { symbol } = await stockWith([
      { date: '2024-01-02', high: '3', low: '1', close: '2', volume: '5' },
      { date: '2024-01-03', open: '2', low: '1', close: '9' },
    ]);
    expect(shown(await read(symbol, { interval: '1w' })).data).toEqual([
      { date: '2024-01-01', open: null, high: null, low: 1, close: 9, adjClose: null, volume: null },
    ]);
  });

  it('are computed from the days as they stood at a revision', async () => {
    const { symbol, revision } = await stockWith([bar('2024-01-02', '1'), bar('2024-01-03', '2')]);
    await api.put(`${path(symbol)}/2024-01-03`, { json: { close: 3 } });
    await api.delete(`${path(symbol)}/2024-01-03`);
    await api.delete(`${path(symbol)}/2024-01-02`);
    const at = (asOf: number): Promise<string[]> => closes(symbol, { interval: '1w', asOf });
    expect(await at(revision)).toEqual(['2024-01-01=2']);
    expect(await at(revision + 1)).toEqual(['2024-01-01=3']);
    expect(await at(revision + 2)).toEqual(['2024-01-01=1']);
    expect(await at(revision + 3)).toEqual([]);
    expect(await closes(symbol, { interval: '1w' })).toEqual([]);
  });

  it('are those of the branch that is asked for', async () => {
    const { symbol, revision } = await stockWith([bar('2024-01-02', '1'), bar('2024-01-09', '2')]);
    const branch = `b-${symbol}`;
    await makeBranch(service.db.owner, { name: branch, parent: 'main', forkRevision: revision });
    await importCsv(api, symbol, csvOf([bar('2024-01-04', '7')]), { branch });
    await importCsv(api, symbol, csvOf([bar('2024-01-11', '8')]));
    expect(await closes(symbol, { interval: '1w', branch })).toEqual(['2024-01-01=7', '2024-01-08=2']);
    expect(await closes(symbol, { interval: '1w' })).toEqual(['2024-01-01=1', '2024-01-08=8']);
  });

  it('are in a range when the day that names them is, and then whole', async () => {
    const { symbol } = await stockWith(DAYS);
    const weeks = (query: Query): Promise<string[]> => closes(symbol, { interval: '1w', ...query });
    expect(await weeks({ from: '2024-01-29', to: '2024-01-29' })).toEqual(['2024-01-29=13.7']);
    expect(await weeks({ from: '2024-01-30' })).toEqual(['2024-02-05=12.5']);
    expect(await weeks({ to: '2024-02-04' })).toEqual(['2024-01-29=13.7']);
    expect(await weeks({ from: '2024-02-06', to: '2024-01-01' })).toEqual([]);
  });

  it('go on at the revision of the page before, whatever is committed in between', async () => {
    const { symbol, revision } = await stockWith(DAYS);
    const first = shown(await read(symbol, { interval: '1w', limit: 1 }));
    expect(first.nextCursor).not.toBeNull();
    await api.put(`${path(symbol)}/2024-01-29`, { json: { close: 99, high: 100 } });
    const cursor = first.nextCursor ?? '';
    const second = await read(symbol, { interval: '1w', limit: 1, cursor });
    expect(second.exact).toMatchObject({
      revision: String(revision),
      data: [{ high: '14' }],
      nextCursor: null,
    });
    expectRefused(await read(symbol, { interval: '1mo', limit: 1, cursor }), 400, 'invalid-cursor');
    expectRefused(await read(symbol, { limit: 1, cursor }), 400, 'invalid-cursor');
  });

  it('are sent as CSV, all of them, with what they were computed from', async () => {
    const days = Array.from({ length: 8_000 }, (_, n) =>
      bar(new Date(Date.UTC(2000, 0, 3 + n)).toISOString().slice(0, 10), String(n + 1)),
    );
    const { symbol, revision } = await stockWith(days);
    const answer = await api.get(path(symbol), {
      query: { interval: '1w', order: 'asc' },
      headers: { accept: 'text/csv' },
    });
    const lines = answer.text.trimEnd().split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'date,open,high,low,close,adjClose,volume',
      '2000-01-03,,,,7,,',
      '2000-01-10,,,,14,,',
    ]);
    expect(lines).toHaveLength(1 + Math.ceil(days.length / 7));
    expect(lines.at(-1)).toBe('2021-11-22,,,,8000,,');
    expect(answer.headers.get('x-revision')).toBe(String(revision));
    expect(answer.headers.get('x-computed-from')).toBe('1d');
  });

  it('are empty for a stock without days, and not found for an unknown one', async () => {
    const symbol = await trackStock(api);
    expect(shown(await read(symbol, { interval: '1mo' }))).toMatchObject({ data: [], nextCursor: null });
    expectRefused(await read('NOSUCH', { interval: '1w' }), 404, 'stock-not-found');
  });

  it('cannot be imported, changed or read one by one', async () => {
    const { symbol } = await stockWith([bar('2024-01-01', '1')]);
    expectRefused(
      await importCsv(api, symbol, csvOf([bar('2024-01-01', '1')]), { interval: '1w' }),
      400,
      'validation-failed',
    );
    const one = `${path(symbol)}/2024-01-01`;
    const query = { interval: '1mo' };
    for (const answer of [
      await api.put(one, { query, json: { close: 1 } }),
      await api.delete(one, { query }),
      await api.get(one, { query }),
    ]) {
      expectRefused(answer, 400, 'validation-failed');
      expect(answer.text).toContain('1mo is computed from 1d when a list is read');
    }
  });
});

describe('longer minutes', () => {
  const MINUTES = { '09:58': '1', '10:00': '2', '10:04': '3', '10:05': '4', '10:59': '5' };

  it('lie on the grid of UTC', async () => {
    const symbol = await trackStock(api);
    await importMinutes(symbol, '1m', MINUTES);
    const at = (time: string, close: number): string => `2024-03-01T${time}:00Z=${close}`;
    expect(await closes(symbol, { interval: '5m' })).toEqual([
      at('09:55', 1),
      at('10:00', 3),
      at('10:05', 4),
      at('10:55', 5),
    ]);
    expect(await closes(symbol, { interval: '15m' })).toEqual([
      at('09:45', 1),
      at('10:00', 4),
      at('10:45', 5),
    ]);
    expect(await closes(symbol, { interval: '1h' })).toEqual([at('09:00', 1), at('10:00', 5)]);
    const from = '2024-03-01T10:05:00+00:00';
    expect(await closes(symbol, { interval: '5m', from })).toEqual([at('10:05', 4), at('10:55', 5)]);
    expect(await closes(symbol, { interval: '5m', to: from, from })).toEqual([at('10:05', 4)]);
  });

  it('are the stored ones from the revision on that stored the first, and computed before', async () => {
    const symbol = await trackStock(api);
    const computed = await importMinutes(symbol, '1m', MINUTES);
    const before = await read(symbol, { interval: '1h' });
    const stored = await importMinutes(symbol, '1h', { '10:00': '50' });
    const after = await read(symbol, { interval: '1h' });
    expect(shown(before)).toMatchObject({ revision: computed, computedFrom: '1m' });
    expect(shown(after).computedFrom).toBeUndefined();
    expect(await closes(symbol, { interval: '1h' })).toEqual(['2024-03-01T10:00:00Z=50']);
    expect((await read(symbol, { interval: '1h', asOf: computed })).text).toBe(before.text);
    expect((await read(symbol, { interval: '1h', asOf: stored })).text).toBe(after.text);
    // Another interval of the same stock is not stored.
    expect(shown(await read(symbol, { interval: '5m' })).computedFrom).toBe('1m');
  });

  it('have cursors that belong to the source that was asked for', async () => {
    const symbol = await trackStock(api);
    const hours = ['10', '11', '12'].map((hour) => ({ ts: `2024-03-01T${hour}:00:00Z`, close: '1' }));
    for (const interval of ['1m', '1h']) {
      const body = ['ts,close', ...hours.map(({ ts, close }) => `${ts},${close}`)].join('\n');
      await api.post(path(symbol), { type: 'text/csv', body, query: { interval } });
    }
    const sources = [{}, { source: 'stored' }, { source: 'computed' }] as const;
    for (const source of sources) {
      const { nextCursor } = shown(await read(symbol, { interval: '1h', limit: 1, ...source }));
      for (const other of sources) {
        const answer = await read(symbol, { interval: '1h', limit: 1, cursor: nextCursor ?? '', ...other });
        if (other === source) expect(answer.status).toBe(200);
        else expectRefused(answer, 400, 'invalid-cursor');
      }
    }
  });

  it('can be asked for by their source', async () => {
    const symbol = await trackStock(api);
    await importMinutes(symbol, '1m', MINUTES);
    expect(await closes(symbol, { interval: '1h', source: 'stored' })).toEqual([]);
    await importMinutes(symbol, '1h', { '10:00': '50' });
    expect(await closes(symbol, { interval: '1h', source: 'stored' })).toEqual(['2024-03-01T10:00:00Z=50']);
    expect(await closes(symbol, { interval: '1h', source: 'computed' })).toEqual([
      '2024-03-01T09:00:00Z=1',
      '2024-03-01T10:00:00Z=5',
    ]);
    for (const query of <Query[]>[
      { interval: '1d', source: 'computed' },
      { interval: '1m', source: 'computed' },
      { interval: '1w', source: 'stored' },
      { interval: '1h', source: 'both' },
      { interval: '2h' },
      { interval: '1w', from: '2024-01-01T00:00:00Z' },
    ]) {
      expectRefused(await read(symbol, query), 400, 'validation-failed');
    }
  });

  it('go on with the source of the page before, stored or computed', async () => {
    const symbol = await trackStock(api);
    await importMinutes(symbol, '1m', MINUTES);
    const query = { interval: '1h', limit: 1, order: 'asc' };
    const first = shown(await read(symbol, query));
    await importMinutes(symbol, '1h', { '10:00': '50', '11:00': '51' });
    const second = shown(await read(symbol, { ...query, cursor: first.nextCursor ?? '' }));
    expect([second.computedFrom, second.data[0]?.close]).toEqual(['1m', 5]);
    const stored = shown(await read(symbol, query));
    const next = shown(await read(symbol, { ...query, cursor: stored.nextCursor ?? '' }));
    expect([stored.data[0]?.close, next.data[0]?.close, next.computedFrom]).toEqual([50, 51, undefined]);
    expectRefused(await read(symbol, { ...query, cursor: `${first.nextCursor}x` }), 400, 'invalid-cursor');
  });

  it('are whole where bars lie closer together than their interval says', async () => {
    const symbol = await trackStock(api);
    const lines = Array.from({ length: 600 }, (_, n) => {
      const at = new Date(Date.UTC(2024, 2, 1, 10, 0, n)).toISOString().slice(0, 19);
      return `${at}Z,${n + 1},1`;
    });
    await importCsv(api, symbol, `Timestamp,Close,Volume\n${lines.join('\n')}\n`, { interval: '1m' });
    const { data, nextCursor } = shown(await read(symbol, { interval: '5m', limit: 1, order: 'asc' }));
    expect(data).toMatchObject([{ ts: '2024-03-01T10:00:00Z', close: 300, volume: 300 }]);
    const second = await read(symbol, { interval: '5m', limit: 1, order: 'asc', cursor: nextCursor ?? '' });
    expect(shown(second)).toMatchObject({ data: [{ close: 600, volume: 300 }], nextCursor: null });
  });
});
