import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { shownCloses, stockWith } from '../factories/branches.js';
import type { ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let service: TestApp;
let api: ApiClient;
let symbol: string;

beforeAll(async () => {
  service = await startTestApp();
  ({ api } = service);
  ({ symbol } = await stockWith(api, '1', '2'));
});
afterAll(() => service.close());

describe('a range of days', () => {
  const FIRST = '0001-01-01';
  const LAST = '9999-12-31';

  it.each([
    ['1d', [2, 1]],
    ['1w', [2]],
    ['1mo', [2]],
  ])('of %s may begin with the first and end with the last there is', async (interval, closes) => {
    const read = async (query: Readonly<Record<string, string>>): Promise<unknown> => {
      const { status, json } = await api.get(`/v1/stocks/${symbol}/data`, { query: { interval, ...query } });
      expect(status).toBe(200);
      return (json as { data: { close: number }[] }).data.map(({ close }) => close);
    };
    expect(await read({ from: FIRST, to: LAST })).toEqual(closes);
    expect(await read({ from: FIRST, to: LAST, asOf: '1' })).toEqual(closes);
    expect(await read({ from: FIRST, to: FIRST })).toEqual([]);
    expect(await read({ from: LAST, to: LAST })).toEqual([]);
  });

  it('bounds bars of minutes and downloads as well', async () => {
    const query = { from: FIRST, to: LAST };
    for (const interval of ['1m', '5m', '1h']) {
      const { status, json } = await api.get(`/v1/stocks/${symbol}/data`, { query: { ...query, interval } });
      expect([status, json]).toMatchObject([200, { data: [] }]);
    }
    const csv = await api.get(`/v1/stocks/${symbol}/data`, { query, headers: { accept: 'text/csv' } });
    expect([csv.status, csv.text.trim().split('\n').length]).toEqual([200, 3]);
    expect(await shownCloses(api, symbol)).toBe('0=1 1=2');
  });

  it('holds no bar of the first day, and says that as of any other', async () => {
    expect((await api.get(`/v1/stocks/${symbol}/data/${FIRST}`)).json).toMatchObject({
      code: 'bar-not-found',
    });
  });
});
