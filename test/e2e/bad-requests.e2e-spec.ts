import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { bar, csvOf } from '../factories/bars.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import type { ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { storedRows } from '../support/stored-rows.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('a request that cannot be right', () => {
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

  it.each([
    ...[
      '..%2Fx',
      '%2e%2e%2fx',
      "';drop",
      "'%3Bdrop%20table%20x",
      '%20',
      'ABCDEFGHIJK',
      'A%20B',
      'É',
      '%F0%9F%98%80',
    ],
    ...['A'.repeat(300), '*', '%25', '<script>', '$(id)'],
  ])('has the symbol %s: 400 for every route', async (bad) => {
    const answers = [
      await api.get(`/v1/stocks/${bad}`),
      await api.patch(`/v1/stocks/${bad}`, { json: { name: 'x' } }),
      await api.delete(`/v1/stocks/${bad}`),
      await api.get(`/v1/stocks/${bad}/data`),
      await importCsv(api, bad, csvOf([bar('2020-01-02', '1')])),
      await api.get(`/v1/stocks/${bad}/data/2020-01-02`),
      await api.put(`/v1/stocks/${bad}/data/2020-01-02`, { json: { close: 1 } }),
      await api.delete(`/v1/stocks/${bad}/data/2020-01-02`),
      await api.get(`/v1/stocks/${bad}/data/2020-01-02/versions`),
      await api.get(`/v1/revisions?symbol=${bad}`),
      await api.post('/v1/stocks', { json: { symbol: decodeURIComponent(bad) } }),
    ];
    for (const answer of answers) expectRefused(answer, 400, 'validation-failed');
  });

  it('has a symbol in lower case: it is the same one', async () => {
    expect((await api.get(`/v1/stocks/${symbol.toLowerCase()}`)).json).toMatchObject({ symbol });
  });

  it('has a longer path segment than anything here', async () => {
    const reply = await fetch(`${api.url}/v1/stocks/${'A'.repeat(301)}`);
    const body = (await reply.json()) as { code: string };
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.status).toBeLessThan(500);
    expect(body.code).toMatch(/^(malformed-request|validation-failed|route-not-found)$/);
  });

  it.each(['%E0%A4%A', '%', '%zz', '%C3%28'])('has the broken escape %s in its path', async (bad) => {
    const reply = await fetch(`${api.url}/v1/stocks/${bad}`);
    expect([bad, reply.status]).toEqual([bad, 400]);
    expect(reply.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  describe('in its query', () => {
    const lists = () => [
      '/v1/stocks',
      '/v1/revisions',
      '/v1/revisions/1/changes',
      `/v1/stocks/${symbol}/data`,
    ];

    it.each(['0', '-1', '1000000000', '1e9', 'abc', '1.5', '', ' ', '0x10', '١', '99999999999999999999'])(
      'has the limit "%s"',
      async (limit) => {
        for (const path of lists())
          expectRefused(await api.get(path, { query: { limit } }), 400, 'validation-failed');
      },
    );

    it('asks for one row more than there may be', async () => {
      for (const path of lists()) {
        const most = path.endsWith('data') ? 10_000 : 500;
        expect((await api.get(path, { query: { limit: most } })).status).toBe(200);
        expectRefused(await api.get(path, { query: { limit: most + 1 } }), 400, 'validation-failed');
      }
    });

    it('has a parameter that nobody knows, or one twice', async () => {
      for (const path of [...lists(), `/v1/stocks/${symbol}/data/2020-01-02`]) {
        expectRefused(await api.get(`${path}?unknown=1`), 400, 'validation-failed');
        expectRefused(await api.get(`${path}?Limit=1`), 400, 'validation-failed');
      }
      for (const path of lists())
        expectRefused(await api.get(`${path}?limit=1&limit=2`), 400, 'validation-failed');
      expectRefused(await api.get(`/v1/stocks/${symbol}/data?asOf=1&asOf=1`), 400, 'validation-failed');
    });

    it('has a cursor of another query', async () => {
      const path = `/v1/stocks/${symbol}/data`;
      const first = await api.get(path, { query: { limit: 1 } });
      const { nextCursor: cursor } = first.json as { nextCursor: string };
      const others = ['order=asc', 'from=2020-01-01', 'to=2020-12-31', 'asOf=1'].map(
        (rest) => `${path}?${rest}`,
      );
      for (const other of [...others, '/v1/stocks?', '/v1/revisions?', '/v1/revisions/1/changes?']) {
        expectRefused(await api.get(`${other}&cursor=${encodeURIComponent(cursor)}`), 400, 'invalid-cursor');
      }
      const stocks = await trackedElsewhere();
      expectRefused(await api.get(`${stocks}?cursor=${encodeURIComponent(cursor)}`), 400, 'invalid-cursor');
    });

    // The path of another stock; its row is made before the rows are compared.
    async function trackedElsewhere(): Promise<string> {
      const other = await trackStock(api);
      before = await storedRows(service.db.superuser);
      return `/v1/stocks/${other}/data`;
    }

    it.each([
      ['2', 'as-of-in-future'],
      ['999999999999999', 'as-of-in-future'],
      ['2999-01-01T00:00:00Z', 'as-of-in-future'],
      ['9999-12-31T23:59:59Z', 'as-of-in-future'],
      ['9999-12-31T23:59:59-14:00', 'validation-failed'],
      ['1999-01-01T00:00:00Z', 'as-of-before-first-revision'],
      ['0001-01-02T00:00:00Z', 'as-of-before-first-revision'],
      ['0000-01-01T00:00:00Z', 'validation-failed'],
      ['0001-01-01T00:00:00+14:00', 'validation-failed'],
      ['-1', 'validation-failed'],
      ['1.5', 'validation-failed'],
      ['1e3', 'validation-failed'],
      ['abc', 'validation-failed'],
      ['', 'validation-failed'],
      ['9999999999999999999999', 'validation-failed'],
      ['2020-01-01', 'validation-failed'],
      ['2020-02-30T00:00:00Z', 'validation-failed'],
      ['2020-01-01T00:00:00', 'validation-failed'],
      ["1' or '1'='1", 'validation-failed'],
    ])('has asOf "%s": %s', async (asOf, code) => {
      for (const path of ['', '/2020-01-02', '/2020-01-02/versions']) {
        expectRefused(await api.get(`/v1/stocks/${symbol}/data${path}`, { query: { asOf } }), 400, code);
      }
      const csv = await api.get(`/v1/stocks/${symbol}/data`, {
        query: { asOf },
        headers: { accept: 'text/csv' },
      });
      expectRefused(csv, 400, code);
    });

    it.each([
      ...[
        'from=2020-02-30',
        'from=20200101',
        'from=abc',
        'to=',
        'from=0000-01-01',
        'to=10000-01-01',
        'from=infinity',
      ],
      ...['interval=2h', 'interval=1D', 'order=up', 'branch=%20', 'branch=a%2Fb', `branch=${'b'.repeat(65)}`],
      ...[
        'from=2020-01-01T00:00:00Z',
        'interval=5m&from=0000-01-01T00:00:00Z',
        'interval=5m&to=9999-12-31T23:00:00-05:00',
      ],
    ])('has %s', async (query) => {
      expectRefused(await api.get(`/v1/stocks/${symbol}/data?${query}`), 400, 'validation-failed');
    });

    it.each([
      ['timezone=Mars/Olympus', 'unknown-timezone'],
      ['timezone=%2B25:00', 'validation-failed'],
      ["timezone=UTC';select", 'validation-failed'],
      ['onError=ignore', 'validation-failed'],
      ['dryRun=yes', 'validation-failed'],
      ['dateFormat=ymd', 'validation-failed'],
      ['interval=3m', 'validation-failed'],
      ['track=true', 'validation-failed'],
      [`message=${'m'.repeat(1001)}`, 'validation-failed'],
      ['message=', 'validation-failed'],
    ])('of an import has %s: %s', async (query, code) => {
      const body = csvOf([bar('2020-02-03', '1')]);
      const answer = await api.post(`/v1/stocks/${symbol}/data?${query}`, { type: 'text/csv', body });
      expectRefused(answer, 400, code);
    });

    it('names a branch that is not there', async () => {
      expectRefused(await api.get(`/v1/stocks/${symbol}/data?branch=nope`), 404, 'branch-not-found');
      expectRefused(await api.get('/v1/revisions?branch=nope'), 404, 'branch-not-found');
      const imported = await importCsv(api, symbol, csvOf([bar('2020-02-03', '1')]), { branch: 'nope' });
      expectRefused(imported, 404, 'branch-not-found');
    });

    it('has U+0000', async () => {
      for (const path of ['/v1/stocks?q=%00', '/v1/stocks?q=a%00b', '/v1/stocks/A%00', '/v1/stocks?%00=1']) {
        expectRefused(await api.get(path), 400, 'unstorable-text');
      }
    });
  });

  describe('for one bar', () => {
    it.each([
      ...[
        '2020-02-30',
        '2020-1-2',
        '20200102',
        'abc',
        '2020-01-02T00:00:00Z',
        '2020-01-02T00:00:00',
        '0000-01-01',
      ],
      ...['2020-01-02?interval=5m', '2020-01-02T10:00:00Z?interval=1d', '0000-01-01T00:00:00Z?interval=5m'],
      ...['9999-12-31T23:00:00-05:00?interval=5m', '%27', 'x'.repeat(41)],
    ])('names it by %s', async (time) => {
      const path = `/v1/stocks/${symbol}/data/${time}`;
      for (const answer of [
        await api.get(path),
        await api.put(path, { json: { close: 1 } }),
        await api.delete(path),
      ])
        expectRefused(answer, 400, 'validation-failed');
    });

    it('names one that is not there', async () => {
      for (const path of [
        `/v1/stocks/${symbol}/data/2020-01-04`,
        `/v1/stocks/${symbol}/data/2020-01-02T10:00:00Z?interval=5m`,
      ]) {
        expectRefused(await api.get(path), 404, 'bar-not-found');
        expectRefused(await api.put(path, { json: { close: 1 } }), 404, 'bar-not-found');
        expectRefused(await api.delete(path), 404, 'bar-not-found');
      }
      expectRefused(await api.get(`/v1/stocks/${symbol}/data/2020-01-04/versions`), 404, 'bar-not-found');
    });

    it('names a revision that is not there', async () => {
      for (const path of [
        '/v1/revisions/2',
        '/v1/revisions/0',
        '/v1/revisions/2/changes',
        '/v1/revisions/999999999999999',
      ]) {
        expectRefused(await api.get(path), 404, 'revision-not-found');
      }
      for (const bad of ['abc', '-1', '1.5', '9999999999999999', '1e1']) {
        expectRefused(await api.get(`/v1/revisions/${bad}`), 400, 'validation-failed');
      }
    });
  });
});
