import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { bar, csvOf } from '../factories/bars.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import type { ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { storedRows } from '../support/stored-rows.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('a body that cannot be right', () => {
  let service: TestApp;
  let api: ApiClient;
  let symbol: string;
  let before: Awaited<ReturnType<typeof storedRows>>;

  beforeAll(async () => {
    service = await startTestApp();
    ({ api } = service);
    symbol = await trackStock(api);
    await importCsv(
      api,
      symbol,
      csvOf(['2020-01-02', '2020-01-03', '2020-01-06'].map((date) => bar(date, '10'))),
    );
  });
  afterAll(() => service.close());
  beforeEach(async () => {
    before = await storedRows(service.db.superuser);
  });
  afterEach(async () => {
    expect(await storedRows(service.db.superuser)).toEqual(before);
  });

  const post = (body: string, type = 'application/json') => api.post('/v1/stocks', { body, type });
  const put = (body: string) =>
    api.put(`/v1/stocks/${symbol}/data/2020-01-02`, { body, type: 'application/json' });

  it.each([
    '{',
    '',
    ' ',
    '{"symbol":"A"',
    '{symbol:"A"}',
    "{'symbol':'A'}",
    '{"symbol":"A",}',
    'nonsense',
    '\ufeff',
  ])('has the malformed JSON %j', async (body) => {
    for (const answer of [await post(body), await put(body)]) expectRefused(answer, 400, 'malformed-json');
  });

  it.each([
    'null',
    '[]',
    '1',
    '"A"',
    '{}',
    '{"symbol":1}',
    '{"symbol":null}',
    '{"symbol":["A"]}',
    '{"symbol":"A","x":1}',
  ])('has JSON of another form: %s', async (body) => {
    for (const answer of [await post(body), await put(body)]) expectRefused(answer, 400, 'validation-failed');
  });

  it.each(['{"symbol":"NEW","__proto__":{"x":1}}', '{"symbol":"NEW","constructor":{"prototype":{"x":1}}}'])(
    'reaches for prototypes: %s',
    async (body) => {
      const { status, json } = await post(body);
      expect([status, (json as { code: string }).code]).toEqual([
        400,
        expect.stringMatching(/malformed|validation/),
      ]);
      expect((await put(body)).status).toBe(400);
    },
  );

  it.each([
    '{"symbol":"NEW","name":"a\\u0000b"}',
    '{"symbol":"NEW","name":"\\ud800"}',
    '{"symbol":"NEW","name":"\\udc00\\ud800"}',
    '{"symbol":"NEW","\\u0000":"x"}',
  ])('has text that cannot be stored: %s', async (body) => {
    expectRefused(await post(body), 400, 'unstorable-text');
  });

  it('has text that cannot be stored as the message of a correction', async () => {
    expectRefused(await put('{"close":10,"message":"a\\u0000b"}'), 400, 'unstorable-text');
  });

  it('is nested deeper than 32 levels', async () => {
    for (const depth of [33, 1_000]) {
      const nested = `{"symbol":"NEW","name":${'['.repeat(depth)}${']'.repeat(depth)}}`;
      expectRefused(await post(nested), 400, 'body-too-deep');
      expectRefused(await put(nested), 400, 'body-too-deep');
    }
  });

  it('is 1 MB of nested JSON', async () => {
    const nested = `{"symbol":"NEW","name":${'['.repeat(524_288)}${']'.repeat(524_288)}}`;
    for (const answer of [await post(nested), await put(nested)]) {
      expect([answer.status, (answer.json as { code: string }).code]).toEqual([
        expect.any(Number),
        expect.stringMatching(/^(body-too-deep|body-too-large)$/),
      ]);
      expect(answer.status).toBeLessThan(500);
    }
  });

  it('is larger than any body of these routes', async () => {
    const large = JSON.stringify({ symbol: 'NEW', name: 'x'.repeat(3_000_000) });
    expectRefused(await post(large), 413, 'body-too-large');
    expectRefused(await put(large), 413, 'body-too-large');
  });

  it.each([
    'text/plain',
    'text/csv',
    'application/x-ndjson',
    'application/xml',
    'application/x-www-form-urlencoded',
  ])('is %s', async (type) => {
    expectRefused(await post('{"symbol":"NEW"}', type), 415, 'unsupported-media-type');
  });

  it('changes nothing', async () => {
    expectRefused(await api.patch(`/v1/stocks/${symbol}`, { json: {} }), 400, 'validation-failed');
    const renamed = await api.patch(`/v1/stocks/${symbol}`, { json: { symbol: 'OTHER' } });
    expectRefused(renamed, 400, 'validation-failed');
  });

  it.each([
    ...[
      '{"close":"NaN"}',
      '{"close":"Infinity"}',
      '{"close":1e2}',
      '{"close":1e999}',
      '{"close":-1}',
      '{"close":"1,000"}',
    ],
    ...[
      '{"close":""}',
      '{"close":"0x1"}',
      '{"close":1,"volume":1.5}',
      '{"close":1,"volume":-1}',
      '{"close":1000000000000}',
    ],
    ...[
      '{"close":2,"high":1}',
      '{"close":1,"low":2}',
      '{"close":2,"open":3,"high":2.5}',
      '{"close":1,"high":1,"low":2}',
    ],
    ...['{"close":1,"date":"2020-01-03"}', '{"close":0.123456789012345678901}'],
  ])('corrects a bar to %s, which breaks a rule', async (body) => {
    expectRefused(await put(body), 422, 'bar-refused');
  });

  it.each([
    '{"close":null}',
    '{"close":true}',
    '{"close":[1]}',
    '{"open":1}',
    '{"close":1,"extra":2}',
    '{"close":1,"open":false}',
  ])('corrects a bar to %s, which is no bar', async (body) => {
    expectRefused(await put(body), 400, 'validation-failed');
  });
});
