import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { importCsv, trackStock } from '../factories/stocks.js';
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
