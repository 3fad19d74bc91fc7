import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { trackStock } from '../factories/stocks.js';
import type { ApiCall, ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { storedRows } from '../support/stored-rows.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const HEADER = 'Date,Open,High,Low,Close,Adj Close,Volume\n';
const GOOD = '2020-01-02,1,3,1,2,2,10\n';

function bytes(content: string | Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(content));
}

function damaged(at: number): Uint8Array<ArrayBuffer> {
  const packed = bytes(gzipSync(HEADER + GOOD.repeat(100)));
  const index = at < 0 ? packed.length + at : at;
  packed[index] = (packed[index] ?? 0) ^ 0xff;
  return packed;
}

describe('a file that cannot be imported', () => {
  let service: TestApp;
  let api: ApiClient;
  let symbol: string;
  let before: Awaited<ReturnType<typeof storedRows>>;

  beforeAll(async () => {
    service = await startTestApp();
    ({ api } = service);
    symbol = await trackStock(api);
  });
  afterAll(() => service.close());
  beforeEach(async () => {
    before = await storedRows(service.db.superuser);
  });
  // Whatever a case below sends, nothing of it may be there afterwards.
  afterEach(async () => {
    expect(await storedRows(service.db.superuser)).toEqual(before);
  });

  const send = (call: ApiCall) => api.post(`/v1/stocks/${symbol}/data`, { type: 'text/csv', ...call });

  it.each<[what: string, code: string, body: string | Buffer]>([
    ['is empty', 'import-empty', ''],
    ['is nothing but blank lines', 'import-empty', '\n\n  \r\n'],
    ['has a header only', 'import-empty', HEADER],
    ['has an unknown header', 'import-header', 'When,What\n2020-01-02,1\n'],
    ['has no header', 'import-header', GOOD],
    ['has no close column', 'import-header', 'Date,Open\n2020-01-02,1\n'],
    ['has no date column', 'import-header', 'Close\n1\n'],
    ['has two close columns', 'import-header', 'Date,Close,CLOSE\n2020-01-02,1,2\n'],
    ['has the columns of another stock', 'import-header', 'Date,OTHER.Close\n2020-01-02,1\n'],
    ['is a vendor’s error page', 'import-header', '<html><body>Exceeded the daily hits limit</body></html>'],
    ['is a vendor’s error in JSON', 'import-header', '{"Note": "API call frequency is 5 calls"}'],
    ['is UTF-16 with a byte-order mark', 'import-encoding', Buffer.from(`\ufeff${HEADER}${GOOD}`, 'utf16le')],
    ['is UTF-16 without one', 'import-encoding', Buffer.from(HEADER + GOOD, 'utf16le')],
    ['is UTF-16 big-endian', 'import-encoding', Buffer.from(`\ufeff${HEADER}${GOOD}`, 'utf16le').swap16()],
    ['is Latin-1', 'import-encoding', Buffer.from(`Date,Close,Länder\n2020-01-02,1,Österreich\n`, 'latin1')],
    [
      'is Latin-1 below the header',
      'import-encoding',
      Buffer.from(`Date,Close,Place\n2020-01-02,1,Zürich\n`, 'latin1'),
    ],
    ['has NUL bytes', 'import-encoding', `${HEADER}2020-01-02,1,3,1,2\0,2,10\n`],
    ['has a NUL in the header', 'import-encoding', `Date,Close\0\n2020-01-02,1\n`],
    ['has an unclosed quote', 'import-syntax', `${HEADER}"2020-01-02,1,3,1,2,2,10\n${GOOD}`],
    ['has a quote in the middle of a field', 'import-syntax', `${HEADER}2020-01-02,1,3,1,2"2,2,10\n`],
  ])('%s: 400 %s', async (_what, code, body) => {
    expectRefused(await send({ body: bytes(Buffer.from(body)) }), 400, code);
    expectRefused(await send({ body: bytes(Buffer.from(body)), query: { onError: 'skip' } }), 400, code);
  });

  it.each<[what: string, field: string, rows: string, query?: Record<string, string>]>([
    ['lacks its close', 'close', '2020-01-03,1,3,1,,2,10'],
    ['has NaN', 'close', '2020-01-03,1,3,1,NaN,2,10'],
    ['has Infinity', 'high', '2020-01-03,1,Infinity,1,2,2,10'],
    ['has -Infinity', 'low', '2020-01-03,1,3,-Infinity,2,2,10'],
    ['has 1e999', 'close', '2020-01-03,1,3,1,1e999,2,10'],
    ['has 1e2', 'open', '2020-01-03,1e2,300,1,2,2,10'],
    ['has null', 'close', '2020-01-03,null,null,null,null,null,null'],
    ['has N/A', 'volume', '2020-01-03,1,3,1,2,2,N/A'],
    ['has a hexadecimal number', 'close', '2020-01-03,1,3,1,0x2,2,10'],
    ['has a thousands separator', 'close', '2020-01-03,1,3,1,"2,000",2,10'],
    ['has a sign', 'close', '2020-01-03,1,3,1,+2,2,10'],
    ['has full-width digits', 'close', '2020-01-03,1,3,1,２,2,10'],
    ['has a negative price', 'open', '2020-01-03,-1,3,1,2,2,10'],
    ['has a negative volume', 'volume', '2020-01-03,1,3,1,2,2,-10'],
    ['has half a share', 'volume', '2020-01-03,1,3,1,2,2,10.5'],
    ['has more shares than a bigint', 'volume', '2020-01-03,1,3,1,2,2,9223372036854775808'],
    ['has a price of 1e12', 'close', '2020-01-03,1,,1,1000000000000,2,10'],
    ['has a price of 40 digits', 'close', '2020-01-03,,,,0.1234567890123456789012345678901234567890,,'],
    ['has its high below its low', 'low', '2020-01-03,2,1,3,2,2,10'],
    ['opens above its high', 'open', '2020-01-03,4,3,1,2,2,10'],
    ['closes below its low', 'close', '2020-01-03,2,3,2,1,2,10'],
    ['is on 30 February', 'date', '2020-02-30,1,3,1,2,2,10'],
    ['is on 29 February of no leap year', 'date', '2021-02-29,1,3,1,2,2,10'],
    ['is in month 13', 'date', '2020-13-01,1,3,1,2,2,10'],
    ['is on day 0', 'date', '2020-01-00,1,3,1,2,2,10'],
    ['is before 1800', 'date', '1799-12-31,1,3,1,2,2,10'],
    ['is in the future', 'date', '2999-01-01,1,3,1,2,2,10'],
    ['is of another format than the first', 'date', '20200103,1,3,1,2,2,10'],
    ['leaves open what is day and what is month', 'date', '01/03/2020,1,3,1,2,2,10'],
    ['has a time of day', 'date', '2020-01-03 10:00,1,3,1,2,2,10'],
    ['is the same bar with other values', 'date', '2020-01-02,1,3,1,2.5,2,10'],
    ['has too few columns', 'row', '2020-01-03,1,3'],
    ['has too many columns', 'row', '2020-01-03,1,3,1,2,2,10,4,5'],
    ['is the header again', 'row', HEADER.trim()],
    ['is nothing of the sort', 'row', 'Thank you for using our service'],
  ])('has a row that %s: 422 naming %s, and is skipped if asked', async (_what, field, row) => {
    const answer = await send({ body: `${HEADER}${GOOD}${row}\n` });
    expectRefused(answer, 422, 'import-rejected');
    const report = answer.json as { errors: { line: number; field: string; message: string }[] };
    expect(report).toMatchObject({ revision: null, inserted: 0, errorCount: report.errors.length });
    expect(report.errors.map((error) => error.field)).toContain(field);
    expect(report.errors.map(({ line }) => line)).toContain(3);
    for (const { message } of report.errors) expect(message.length).toBeGreaterThan(8);
    const dry = await send({ body: `${HEADER}${GOOD}${row}\n`, query: { onError: 'skip', dryRun: true } });
    expect(dry.status).toBe(200);
    expect((dry.json as { rejected: number }).rejected).toBeGreaterThan(0);
  });

  it('names both lines of two different rows for one bar', async () => {
    const answer = await send({ body: `${HEADER}2020-01-03,1,3,1,2,2,10\n${GOOD}2020-01-03,1,3,1,2,2,11\n` });
    const { errors } = answer.json as { errors: { line: number; message: string }[] };
    expect(errors.map(({ line }) => line)).toEqual([2, 4]);
    expect(errors.map(({ message }) => message).join()).toMatch(/line 4.*line 2/);
  });

  it('names the first hundred of ten thousand errors and counts them all', async () => {
    const answer = await send({ body: HEADER + '2020-01-02,,,,x,,\n'.repeat(10_000) });
    expect(answer.json).toMatchObject({ status: 422, rejected: 10_000, errorCount: 10_000 });
    expect((answer.json as { errors: unknown[] }).errors).toHaveLength(100);
  });

  it.each<[what: string, query: Record<string, string>, body: string]>([
    ['an intraday bar in the future', { interval: '5m' }, 'Datetime,Close\n2999-01-01 10:00,1\n'],
    ['an intraday bar without a time', { interval: '5m' }, 'Datetime,Close\n2020-01-01,1\n'],
    [
      'a time that the clocks skip',
      { interval: '1h', timezone: 'America/New_York' },
      'Datetime,Close\n2020-03-08 02:30,1\n',
    ],
    ['the 25th hour', { interval: '1h' }, 'Datetime,Close\n2020-03-08 25:00,1\n'],
    [
      'offsets in some rows only',
      { interval: '1h' },
      'Datetime,Close\n2020-03-08 10:00,1\n2020-03-08T11:00Z,1\n',
    ],
    ['an offset that no zone has', { interval: '1h' }, 'Datetime,Close\n2020-03-08T11:00+19:00,1\n'],
  ])('has %s: 422 naming ts', async (_what, query, body) => {
    const answer = await send({ body, query });
    expectRefused(answer, 422, 'import-rejected');
    expect(answer.json).toMatchObject({ errors: [expect.objectContaining({ field: 'ts' })] });
  });

  it.each<[what: string, status: number, code: string, body: Uint8Array<ArrayBuffer>]>([
    ['cut short', 400, 'import-gzip', bytes(gzipSync(HEADER + GOOD)).slice(0, -12)],
    ['with a wrong checksum', 400, 'import-gzip', damaged(-8)],
    ['with a wrong length', 400, 'import-gzip', damaged(-1)],
    ['damaged inside', 400, 'import-gzip', damaged(30)],
    ['that is none', 400, 'import-gzip', bytes(HEADER + GOOD)],
    [
      'with something behind it',
      400,
      'import-gzip',
      bytes(Buffer.concat([gzipSync(HEADER + GOOD), Buffer.from('more')])),
    ],
    ['of nothing', 400, 'import-empty', bytes(gzipSync(''))],
    ['that is empty', 400, 'import-gzip', bytes('')],
    ['that is a bomb', 413, 'import-too-large', bytes(gzipSync(Buffer.alloc(64 * 1024 * 1024, '0')))],
  ])('is gzip %s: %s %s', async (_what, status, code, body) => {
    expectRefused(await send({ body, headers: { 'content-encoding': 'gzip' } }), status, code);
  });

  it('has a line of 100 MB', async () => {
    const chunk = new Uint8Array(1024 * 1024).fill(0x31);
    let left = 100;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes(`${HEADER}2020-01-02,1,3,1,`)),
      pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
    });
    expectRefused(await send({ body }), 400, 'import-syntax');
  });

  it.each<[what: string, code: string, headers: Record<string, string>]>([
    ['plain text', 'unsupported-media-type', { 'content-type': 'text/plain' }],
    ['XML', 'unsupported-media-type', { 'content-type': 'application/xml' }],
    ['a form', 'unsupported-media-type', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['a spreadsheet', 'unsupported-media-type', { 'content-type': 'application/vnd.ms-excel' }],
    ['nonsense', 'unsupported-media-type', { 'content-type': 'csv' }],
    [
      'the name under which JSON is passed on inside',
      'unsupported-media-type',
      { 'content-type': 'application/x-stockroom-json-stream' },
    ],
    ['brotli', 'unsupported-encoding', { 'content-type': 'text/csv', 'content-encoding': 'br' }],
    ['gzip twice', 'unsupported-encoding', { 'content-type': 'text/csv', 'content-encoding': 'gzip, gzip' }],
  ])('is sent as %s: 415 %s', async (_what, code, headers) => {
    const reply = await api.post(`/v1/stocks/${symbol}/data`, { body: bytes(HEADER + GOOD), headers });
    expectRefused(reply, 415, code);
  });

  it('is missing altogether: 415', async () => {
    expectRefused(await api.post(`/v1/stocks/${symbol}/data`), 415, 'unsupported-media-type');
  });

  it.each<[what: string, type: string, status: number, code: string, body: string]>([
    ['is no array', 'application/json', 400, 'import-syntax', '{"date":"2020-01-02","close":1}'],
    ['is cut short', 'application/json', 400, 'import-syntax', '[{"date":"2020-01-02","close":1}'],
    ['is empty', 'application/json', 400, 'import-empty', '[]'],
    ['is nested a million deep', 'application/json', 400, 'import-syntax', '['.repeat(1_000_000)],
    [
      'nests inside a bar',
      'application/json',
      400,
      'import-syntax',
      `[{"date":"2020-01-02","close":${'['.repeat(500)}${']'.repeat(500)}}]`,
    ],
    [
      'has an unknown member',
      'application/json',
      422,
      'import-rejected',
      '[{"date":"2020-01-02","close":1,"x":1}]',
    ],
    [
      'has a member twice',
      'application/json',
      422,
      'import-rejected',
      '[{"date":"2020-01-02","close":1,"close":2}]',
    ],
    ['has a true price', 'application/json', 422, 'import-rejected', '[{"date":"2020-01-02","close":true}]'],
    ['has an exponent', 'application/json', 422, 'import-rejected', '[{"date":"2020-01-02","close":1e2}]'],
    ['has U+0000', 'application/json', 422, 'import-rejected', '[{"date":"2020-01-02\\u0000","close":1}]'],
    ['has a number for a bar', 'application/json', 422, 'import-rejected', '[1]'],
    [
      'has a broken line',
      'application/x-ndjson',
      422,
      'import-rejected',
      '{"date":"2020-01-02","close":1}\n{"date":\n',
    ],
    ['is empty', 'application/x-ndjson', 400, 'import-empty', '\n'],
  ])('%s as %s: %s %s', async (_what, type, status, code, body) => {
    expectRefused(await send({ type, body }), status, code);
  });

  it('is for an unknown or inactive stock', async () => {
    const unknown = await api.post('/v1/stocks/NONE/data', { type: 'text/csv', body: HEADER + GOOD });
    expectRefused(unknown, 404, 'stock-not-found');
  });

  it('names symbols that are not tracked, or none', async () => {
    const many = (body: string) => api.post('/v1/stock-data', { type: 'text/csv', body });
    expectRefused(await many('Date,Close\n2020-01-02,1\n'), 400, 'import-header');
    const untracked = await many('Symbol,Date,Close\nNOBODY,2020-01-02,1\n');
    expectRefused(untracked, 422, 'import-rejected');
    for (const bad of ['../x', "';drop table x", 'X'.repeat(300), '', 'É', 'A B']) {
      const answer = await api.post('/v1/stock-data', {
        type: 'text/csv',
        body: `Symbol,Date,Close\n"${bad}",2020-01-02,1\n`,
        query: { track: true },
      });
      expectRefused(answer, 422, 'import-rejected');
      expect(answer.json).toMatchObject({ errors: [{ line: 2, field: 'symbol' }] });
    }
  });

  it('says another symbol than the address', async () => {
    const answer = await send({ body: `Symbol,Date,Close\n${symbol},2020-01-02,1\nOTHER,2020-01-03,1\n` });
    expectRefused(answer, 422, 'import-rejected');
    expect(answer.json).toMatchObject({ errors: [{ line: 3, field: 'symbol' }] });
  });
});
