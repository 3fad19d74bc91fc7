import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bar, csvOf, type DailyBar } from '../factories/bars.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import { makeBranch } from '../factories/versioned-bars.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import {
  barsPath as path,
  closesOf,
  readBars,
  shown,
  type BarsQuery as Query,
} from '../support/shown-bars.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let service: TestApp;
let api: ApiClient;

beforeAll(async () => {
  service = await startTestApp();
  ({ api } = service);
});
afterAll(() => service.close());

const read = (symbol: string, query: Query): Promise<ApiAnswer> => readBars(api, symbol, query);
const closes = (symbol: string, query: Query): Promise<string[]> => closesOf(api, symbol, query);

async function stockWith(bars: readonly DailyBar[]): Promise<{ symbol: string; revision: number }> {
  const symbol = await trackStock(api);
  return { symbol, revision: shown(await importCsv(api, symbol, csvOf(bars))).revision };
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
    const file = await importCsv(api, symbol, csvOf([bar('2024-01-01', '1')]), { interval: '1w' });
    expectRefused(file, 400, 'validation-failed');
    expect(file.text).toContain('1w is computed from 1d when a list is read');
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
