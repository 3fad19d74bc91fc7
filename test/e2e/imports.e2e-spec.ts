import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { bar, csvOf, day } from '../factories/bars.js';
import { DAILY_CSV } from '../factories/price-files.js';
import { freshSymbol, importCsv, trackStock } from '../factories/stocks.js';
import type { ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { storedRows } from '../support/stored-rows.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('an import over HTTP', () => {
  let service: TestApp;
  let api: ApiClient;

  beforeAll(async () => {
    service = await startTestApp();
    ({ api } = service);
  });
  afterAll(() => service.close());

  const read = async (symbol: string, query: Record<string, string> = {}): Promise<unknown> =>
    (
      (await api.get(`/v1/stocks/${symbol}/data`, { query: { order: 'asc', ...query } })).exact as {
        data: unknown;
      }
    ).data;

  const DAILY = [
    {
      date: '2020-01-02',
      open: '100',
      high: '110.5',
      low: '99.25',
      close: '105',
      adjClose: '104.9',
      volume: '1000',
    },
    {
      date: '2020-01-03',
      open: '105',
      high: '106',
      low: '101.000001',
      close: '102.5',
      adjClose: '102.4',
      volume: '2000',
    },
    {
      date: '2020-01-06',
      open: '102.5',
      high: '108',
      low: '102.5',
      close: '107',
      adjClose: '106.9',
      volume: '0',
    },
  ];
  const asJson = (bars: readonly object[]): string =>
    JSON.stringify(bars).replaceAll(/"(\d[\d.]*)"(?=[,}])/g, '$1');

  it.each<[what: string, type: string, body: string, headers?: Record<string, string>]>([
    ['CSV', 'text/csv', DAILY_CSV],
    ['CSV with a charset and odd case', 'Text/CSV; charset=UTF-8', DAILY_CSV],
    ['CSV with a byte-order mark', 'text/csv', `\ufeff${DAILY_CSV}`],
    ['CSV with CRLF', 'text/csv', DAILY_CSV.replaceAll('\n', '\r\n')],
    ['CSV with semicolons', 'text/csv', DAILY_CSV.replaceAll(',', ';')],
    ['CSV without a last line break', 'text/csv', DAILY_CSV.trimEnd()],
    [
      'CSV newest first',
      'text/csv',
      [DAILY_CSV.split('\n')[0], ...DAILY_CSV.trimEnd().split('\n').slice(1).reverse()].join('\n'),
    ],
    [
      'CSV with spaces, other case and other columns',
      'text/csv',
      DAILY_CSV.replace('Date,Open', ' date , OPEN ').replaceAll('\n', ',x\n'),
    ],
    ['CSV with quotes', 'text/csv', DAILY_CSV.replaceAll(/^(\d[^,]*)/gm, '"$1"')],
    ['a JSON array', 'application/json', asJson(DAILY)],
    ['a JSON array of decimal texts', 'application/json; charset=utf-8', JSON.stringify(DAILY)],
    ['NDJSON', 'application/x-ndjson', DAILY.map((item) => asJson([item]).slice(1, -1)).join('\n')],
  ])('stores the same bars from %s, packed or not', async (_what, type, body) => {
    const [plain, packed] = [await trackStock(api), await trackStock(api)];
    const answer = await api.post(`/v1/stocks/${plain}/data`, { type, body });
    expect(answer.json).toMatchObject({ inserted: 3, corrected: 0, unchanged: 0, rejected: 0, errors: [] });
    await api.post(`/v1/stocks/${packed}/data`, {
      type,
      body: new Uint8Array(gzipSync(body)),
      headers: { 'content-encoding': 'gzip' },
    });
    expect(await read(plain)).toEqual(DAILY);
    expect(await read(packed)).toEqual(DAILY);
  });

  it('keeps every digit of a price and a volume', async () => {
    const symbol = await trackStock(api);
    const exact = [
      '0.00000000000000000001',
      '999999999999.99999999999999999999',
      '101.24',
      '0.1',
      '100',
      '0',
    ];
    const file = csvOf(exact.map((close, n) => ({ date: day(n), close, volume: '9223372036854775807' })));
    await importCsv(api, symbol, file);
    const bars = (await read(symbol)) as { close: string; volume: string }[];
    expect(bars.map(({ close }) => close)).toEqual(exact);
    expect(new Set(bars.map(({ volume }) => volume))).toEqual(new Set(['9223372036854775807']));
    expect((await importCsv(api, symbol, file)).json).toMatchObject({
      unchanged: 6,
      inserted: 0,
      corrected: 0,
    });
  });

  it('takes trailing and leading zeros for the same price', async () => {
    const symbol = await trackStock(api);
    await importCsv(api, symbol, csvOf([bar('2020-01-02', '1.5')]));
    for (const same of ['1.50', '01.5', '1.500000']) {
      expect((await importCsv(api, symbol, csvOf([bar('2020-01-02', same)]))).json).toMatchObject({
        unchanged: 1,
      });
    }
    expect(await read(symbol)).toEqual([expect.objectContaining({ close: '1.5' })]);
  });

  it('keeps bars that a later file does not name, and corrects those that differ', async () => {
    const symbol = await trackStock(api);
    await importCsv(api, symbol, csvOf([bar(day(0), '1'), bar(day(1), '2'), bar(day(2), '3')]));
    const second = await importCsv(
      api,
      symbol,
      csvOf([bar(day(1), '2'), bar(day(2), '4'), bar(day(3), '5')]),
    );
    expect(second.json).toMatchObject({ inserted: 1, corrected: 1, unchanged: 1 });
    const closes = ((await read(symbol)) as { close: string }[]).map(({ close }) => close);
    expect(closes).toEqual(['1', '2', '4', '5']);
  });

  it('collapses rows that repeat each other', async () => {
    const symbol = await trackStock(api);
    const answer = await importCsv(
      api,
      symbol,
      csvOf([bar(day(0), '1'), bar(day(0), '1.0'), bar(day(1), '2')]),
    );
    expect(answer.json).toMatchObject({ inserted: 2, rejected: 0 });
  });

  it('reads local times in the zone that is named, also where the clocks change', async () => {
    const symbol = await trackStock(api);
    const body = 'Datetime,Close\n2020-03-06 15:00,1\n2020-03-09 15:00,2\n';
    await api.post(`/v1/stocks/${symbol}/data`, {
      type: 'text/csv',
      body,
      query: { interval: '1h', timezone: 'America/New_York' },
    });
    const bars = (await read(symbol, { interval: '1h' })) as { ts: string }[];
    expect(bars.map(({ ts }) => ts)).toEqual(['2020-03-06T20:00:00Z', '2020-03-09T19:00:00Z']);
  });

  it('skips wrong rows if asked, stores the rest and names the lines', async () => {
    const symbol = await trackStock(api);
    const file = csvOf([
      bar(day(0), '1'),
      bar(day(1), 'x'),
      bar(day(2), '3'),
      { ...bar(day(3), '1'), low: '2', high: '3' },
    ]);
    const answer = await importCsv(api, symbol, file, { onError: 'skip' });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      ...{ inserted: 2, rejected: 2, errorCount: 2 },
      errors: [
        { line: 3, field: 'close' },
        { line: 5, field: 'close' },
      ],
    });
    expect(await read(symbol)).toHaveLength(2);
  });

  it('leaves no trace when it is a dry run, and reports what the real one then does', async () => {
    const known = await trackStock(api);
    await importCsv(api, known, csvOf([bar(day(0), '1'), bar(day(1), '2')]));
    const before = await storedRows(service.db.superuser);
    const body = `Symbol,Date,Close\n${known},${day(0)},1\n${known},${day(1)},9\nDRYNEW,${day(0)},5\n`;
    const call = { type: 'text/csv', body };
    const dry = await api.post('/v1/stock-data', { ...call, query: { track: true, dryRun: true } });
    expect(await storedRows(service.db.superuser)).toEqual(before);
    expect(dry.json).toMatchObject({ revision: null });
    const { json: newest } = await api.get('/v1/revisions', { query: { limit: 1 } });
    const [{ id: head }] = (newest as { data: [{ id: number }] }).data;
    const real = await api.post('/v1/stock-data', { ...call, query: { track: true } });
    const { consequences, ...told } = dry.json as { consequences: object };
    expect(consequences).toEqual({ restatedCitations: 0, firstRestated: [] });
    expect(real.json).toEqual({ ...told, revision: head + 1 });
    expect(real.json).toMatchObject({ inserted: 1, corrected: 1, unchanged: 1 });
  });

  it('brings bars of many symbols as one revision, in any order', async () => {
    const [a, b] = [await trackStock(api), await trackStock(api)];
    const rows = [0, 1, 2, 3].flatMap((n) =>
      [a, b].map((symbol) => `${day(n)},${symbol.toLowerCase()},${n + 1}`),
    );
    const answer = await api.post('/v1/stock-data', {
      type: 'text/csv',
      body: `Date,Ticker,Close\n${rows.join('\n')}\n`,
      query: { message: 'two at once' },
    });
    expect(answer.json).toMatchObject({ inserted: 8 });
    const { revision } = answer.json as { revision: number };
    for (const symbol of [a, b]) {
      expect(await read(symbol)).toHaveLength(4);
      const { json } = await api.get('/v1/revisions', { query: { symbol } });
      expect(json).toMatchObject({
        data: [{ id: revision, message: 'two at once', inserted: 8, kind: 'import' }],
      });
    }
  });

  it('tracks unknown symbols only if asked, and says so of each otherwise', async () => {
    const [known, unknown] = [await trackStock(api), freshSymbol()];
    const call = { type: 'application/x-ndjson', body: '' };
    call.body = [known, unknown]
      .map((symbol) => JSON.stringify({ symbol, date: day(0), close: '1' }))
      .join('\n');
    expectRefused(await api.post('/v1/stock-data', call), 422, 'import-rejected');
    const skipped = await api.post('/v1/stock-data', { ...call, query: { onError: 'skip' } });
    expect(skipped.json).toMatchObject({ inserted: 1, rejected: 1, errors: [{ line: 2, field: 'symbol' }] });
    expect((await api.get(`/v1/stocks/${unknown}`)).status).toBe(404);
    const tracked = await api.post('/v1/stock-data', { ...call, query: { track: true } });
    expect(tracked.json).toMatchObject({ inserted: 1, unchanged: 1 });
    expect((await api.get(`/v1/stocks/${unknown}`)).json).toMatchObject({ isActive: true });
  });

  it('is refused for an inactive stock, whose bars stay readable', async () => {
    const symbol = await trackStock(api);
    await importCsv(api, symbol, csvOf([bar(day(0), '1')]));
    await api.delete(`/v1/stocks/${symbol}`);
    expectRefused(await importCsv(api, symbol, csvOf([bar(day(1), '1')])), 422, 'stock-inactive');
    const many = await api.post('/v1/stock-data', {
      type: 'text/csv',
      body: `Symbol,Date,Close\n${symbol},${day(1)},1\n`,
    });
    expectRefused(many, 422, 'import-rejected');
    expect(await read(symbol)).toHaveLength(1);
  });

  it('notes the day of the last import, also when nothing changed', async () => {
    const symbol = await trackStock(api);
    await importCsv(api, symbol, csvOf([bar(day(0), '1')]));
    const today = new Date().toISOString().slice(0, 10);
    expect((await api.get(`/v1/stocks/${symbol}`)).json).toMatchObject({ lastPullDate: today });
  });
});
