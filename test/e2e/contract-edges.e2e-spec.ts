import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bar, csvOf, day } from '../factories/bars.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import type { ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let service: TestApp;
let api: ApiClient;
let symbol: string;

beforeAll(async () => {
  service = await startTestApp();
  ({ api } = service);
  symbol = await trackStock(api);
  await importCsv(api, symbol, csvOf([bar(day(0), '10'), bar(day(1), '11'), bar(day(2), '12')]));
});
afterAll(() => service.close());

const data = (time = ''): string => `/v1/stocks/${symbol}/data${time}`;

describe('the versions of a bar as of a revision', () => {
  it('stay the same when the bar is corrected later', async () => {
    const path = data(`/${day(0)}/versions`);
    const { revision } = (await api.get(data())).json as { revision: number };
    const before = await api.get(path, { query: { asOf: revision } });
    expect(before.json).toMatchObject({ data: [{ validTo: null }] });
    await api.put(data(`/${day(0)}`), { json: { close: 99 } });
    const after = await api.get(path, { query: { asOf: revision } });
    expect(after.text).toBe(before.text);
    expect((await api.get(path)).json).toMatchObject({
      data: [{ validTo: null }, { validTo: revision + 1 }],
    });
  });
});

describe('a JSON body that stalls', () => {
  it('is answered with 408, not with a cut connection', async () => {
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    const head = `PUT ${data(`/${day(1)}`)} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100`;
    socket.write(`${head}\r\n\r\n{"clo`);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => (text += String(chunk)));
    await once(socket, 'close');
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(text).toContain('"code":"request-timeout"');
  });
});

describe('a download as CSV', () => {
  it.each([
    ['text/csv', 'csv'],
    ['text/csv, application/json', 'csv'],
    ['application/json, text/csv', 'json'],
    ['text/csv;q=0.5, application/json', 'json'],
    ['application/json;q=0.1, text/csv', 'csv'],
    ['text/csv;q=0', 'json'],
    ['text/csv, */*;q=0.1', 'csv'],
  ])('for Accept: %s is %s', async (accept, kind) => {
    const { headers } = await api.get(data(), { headers: { accept } });
    expect(headers.get('content-type')).toContain(kind);
  });

  it('has no pages, so a cursor is refused', async () => {
    const { nextCursor } = (await api.get(data(), { query: { limit: 1 } })).json as { nextCursor: string };
    const answer = await api.get(data(), { query: { cursor: nextCursor }, headers: { accept: 'text/csv' } });
    expectRefused(answer, 400, 'invalid-cursor');
  });
});

describe('an address', () => {
  it.each(['/v1/stocks/', '/v1/revisions/', '/livez/'])(
    '%s with a slash too many is not there',
    async (path) => {
      expectRefused(await api.get(path), 404, 'route-not-found');
    },
  );

  it.each(['?q=%E0%A4', '?q=%zz'])('with the query %s is malformed', async (query) => {
    expectRefused(await api.get(`/v1/stocks${query}`), 400, 'malformed-request');
  });

  it('of the next page stands in a quoted Link', async () => {
    const { headers } = await api.get(data(), { query: { limit: 1 } });
    expect(headers.get('link')).toMatch(/^<\/v1\/stocks\/.*cursor=.*>; rel="next"$/);
  });
});

describe('what looks like something else', () => {
  it.each(['ı', 'ſ', 'Ｋ'])('such as the letter %s makes no symbol', async (letter) => {
    expectRefused(await api.post('/v1/stocks', { json: { symbol: letter } }), 400, 'validation-failed');
  });

  it('such as a number for a message is refused', async () => {
    const answer = await api.put(data(`/${day(1)}`), { json: { close: 1, message: 123 } });
    expectRefused(answer, 400, 'validation-failed');
  });

  it('such as __proto__ in a bar is refused', async () => {
    const body = '{"close":1,"__proto__":{"a":1}}';
    const answer = await api.put(data(`/${day(1)}`), { body, type: 'application/json' });
    expectRefused(answer, 400, 'malformed-json');
  });
});

describe('a header of a vendor', () => {
  it('with abbreviations is understood, and with columns of other stocks beside its own', async () => {
    const other = await trackStock(api);
    const csv = 'Date,Open,Close,Adj. Close,SMA.Close,Ex. Dividend\n2024-01-02,1,2,1.5,7,0\n';
    expect((await importCsv(api, other, csv)).status).toBe(200);
    const { data: bars } = (await api.get(`/v1/stocks/${other}/data`)).json as { data: object[] };
    expect(bars).toEqual([expect.objectContaining({ close: 2, adjClose: 1.5 })]);
  });
});
