import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { importCsv, trackStock } from '../factories/stocks.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const FORMULA = `=cmd|' /C calc'!A0`;
const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$/;
const NUMBER = /^(\d+(\.\d+)?)?$/;

describe('a CSV download', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await startTestApp();
  });
  afterAll(() => service.close());

  it.each([
    ['1d', '2024-01-02'],
    ['1h', '2024-01-02T10:00:00Z'],
  ])('at %s has dates and numbers only, whatever the file that came in held', async (interval, time) => {
    const { api } = service;
    const symbol = await trackStock(api);
    const csv = `date,open,high,low,close,volume,note\n${time},1.5,2,1,2,,"${FORMULA}"\n`;
    const { status } = await importCsv(api, symbol, csv, { interval, message: FORMULA });
    expect(status).toBe(200);
    const path = `/v1/stocks/${symbol}/data`;
    const answer = await api.get(path, { query: { interval }, headers: { accept: 'text/csv' } });
    const [header, ...lines] = answer.text.trimEnd().split('\n');
    expect(header).toMatch(/^(date|ts)(,[a-z]+)+$/i);
    expect(lines).toHaveLength(1);
    for (const [at = '', ...cells] of lines.map((line) => line.split(','))) {
      expect(at).toMatch(DATE);
      for (const cell of cells) expect(cell).toMatch(NUMBER);
    }
  });

  it('cannot be made to hold a formula in place of a price', async () => {
    const symbol = await trackStock(service.api);
    for (const price of ['=1+1', '+1', '@a', '-1', FORMULA]) {
      const csv = `date,open,high,low,close,volume\n2024-01-02,1,2,1,"${price}",5\n`;
      const { status } = await importCsv(service.api, symbol, csv);
      expect([price, status]).toEqual([price, price === '+1' ? expect.any(Number) : 422]);
    }
  });
});
