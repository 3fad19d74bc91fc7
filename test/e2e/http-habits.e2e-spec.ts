import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { trackStock } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('every answer', () => {
  let service: TestApp;
  let api: ApiClient;
  let answers: ApiAnswer[];

  beforeAll(async () => {
    service = await startTestApp();
    ({ api } = service);
    answers = [
      await api.get('/v1/stocks'),
      await api.get('/livez'),
      await api.get('/v1/stocks/NONE'),
      await api.get('/nowhere'),
      await api.put('/v1/stocks'),
      await api.post('/v1/stocks', { body: '{', type: 'application/json' }),
      await api.post('/v1/stocks', { body: 'x', type: 'text/csv' }),
    ];
  });
  afterAll(() => service.close());

  it('carries a request id, which a problem names as its instance', () => {
    for (const { headers, json } of answers) {
      const id = headers.get('x-request-id');
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/);
      const { instance } = json as { instance?: string };
      if (instance !== undefined) expect(instance).toBe(id);
    }
  });

  it('keeps a sane request id of the caller and replaces any other', async () => {
    for (const sane of ['abc', 'A-1_2.3:4@5/6+7=', 'x'.repeat(128)]) {
      const answer = await api.get('/v1/stocks', { headers: { 'x-request-id': sane } });
      expect(answer.headers.get('x-request-id')).toBe(sane);
    }
    for (const insane of ['', 'two words', 'x'.repeat(129), '<script>', '"; drop', 'ümlaut', '{"a":1}']) {
      const answer = await api.get('/v1/stocks', { headers: { 'x-request-id': insane } });
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('carries the security headers and is not kept anywhere', () => {
    for (const { headers } of answers) {
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('strict-transport-security')).toContain('max-age=31536000');
      expect(headers.get('x-frame-options')).not.toBeNull();
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-powered-by')).toBeNull();
    }
  });

  it('that is a problem names a type, title, status, detail and stable code', () => {
    for (const { status, json, headers } of answers.filter((answer) => answer.status >= 400)) {
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
      const { code } = json as { code: string };
      expect(json).toMatchObject({ status, type: `urn:stockroom:error:${code}` });
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    }
  });
});

describe('addresses and methods', () => {
  let service: TestApp;
  let api: ApiClient;

  beforeAll(async () => {
    service = await startTestApp();
    ({ api } = service);
  });
  afterAll(() => service.close());

  it.each([
    '/',
    '/v1',
    '/v1/nothing',
    '/v1/stocks/NVDA/other',
    '/v2/stocks',
    '/V1/stocks',
    '/.env',
    '/v1/stocks//data',
  ])('answers 404 for %s', async (path) => {
    const answer = await api.get(path);
    expect([answer.status, answer.json]).toEqual([404, expect.objectContaining({ code: 'route-not-found' })]);
  });

  it.each([
    ['PUT', '/v1/stocks', 'GET, HEAD, POST'],
    ['DELETE', '/v1/stocks', 'GET, HEAD, POST'],
    ['POST', '/v1/stocks/NVDA', 'DELETE, GET, HEAD, PATCH'],
    ['PUT', '/v1/stocks/NVDA/data', 'GET, HEAD, POST'],
    ['POST', '/v1/stocks/NVDA/data/2020-01-01', 'DELETE, GET, HEAD, PUT'],
    ['DELETE', '/v1/revisions/1', 'GET, HEAD'],
    ['GET', '/v1/stock-data', 'POST'],
    ['POST', '/livez', 'GET, HEAD'],
  ])('answers 405 for %s %s and says what is allowed', async (method, path, allow) => {
    const answer = await api.send(method, path);
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allow);
    expect(answer.json).toMatchObject({ code: 'method-not-allowed' });
  });

  it('answers HEAD as GET without a body', async () => {
    const symbol = await trackStock(api);
    const reply = await fetch(`${api.url}/v1/stocks/${symbol}`, { method: 'HEAD', headers: api.headers });
    expect([reply.status, await reply.text()]).toEqual([200, '']);
    expect(reply.headers.get('etag')).toBe('"1"');
  });
});

describe('probes', () => {
  let service: TestApp;

  beforeAll(async () => {
    service = await startTestApp();
  });
  afterAll(() => service.close());

  it('say that the service lives, is ready and started', async () => {
    const { api } = service;
    expect((await api.get('/livez')).json).toEqual({ status: 'ok', checks: {} });
    expect((await api.get('/readyz')).json).toEqual({
      status: 'ok',
      checks: { start: 'up', database: 'up', schema: 'up', encryptionKeys: 'up' },
    });
    expect((await api.get('/startupz')).json).toEqual({ status: 'ok', checks: { start: 'up' } });
  });

  it('tell a stranger nothing but the state', async () => {
    for (const path of ['/livez', '/readyz', '/startupz']) {
      const { text } = await service.api.get(path);
      expect(text).not.toMatch(/version|stockroom_|\d{2,}|keys"?:\s*\[/);
    }
  });

  it('give an administrator the pool and the causes', async () => {
    const { json } = await service.api.get('/health');
    expect(json).toMatchObject({
      status: 'ok',
      pool: { size: expect.any(Number), idle: expect.any(Number), waiting: 0, max: expect.any(Number) },
      checks: { encryptionKeys: { status: 'up', keys: ['test-1'] } },
    });
  });
});

describe('the documentation', () => {
  let service: TestApp;

  beforeAll(async () => {
    service = await startTestApp();
  });
  afterAll(() => service.close());

  it('refers to nothing that it does not hold', () => {
    const document = service.api.document as unknown as Record<string, unknown>;
    const text = JSON.stringify(document);
    const names = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? ''));
    expect(names.size).toBeGreaterThan(5);
    for (const ref of names) {
      const found = ref
        .slice(2)
        .split('/')
        .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
      expect([ref, typeof found]).toEqual([ref, 'object']);
    }
  });

  it('is OpenAPI 3.1 and describes every route that the contract lists so far', () => {
    const { openapi, paths } = service.api.document as unknown as {
      openapi: string;
      paths: Record<string, object>;
    };
    expect(openapi).toMatch(/^3\.1\./);
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(operations).toEqual(
      expect.arrayContaining([
        ...['POST /v1/stocks', 'GET /v1/stocks', 'GET /v1/stocks/{symbol}', 'PATCH /v1/stocks/{symbol}'],
        ...['DELETE /v1/stocks/{symbol}', 'GET /v1/stocks/{symbol}/data', 'POST /v1/stocks/{symbol}/data'],
        ...[
          'POST /v1/stock-data',
          'PUT /v1/stocks/{symbol}/data/{time}',
          'DELETE /v1/stocks/{symbol}/data/{time}',
        ],
        ...['GET /v1/stocks/{symbol}/data/{time}/versions', 'GET /v1/revisions', 'GET /v1/revisions/{id}'],
        ...['GET /v1/revisions/{id}/changes', 'GET /livez', 'GET /readyz', 'GET /startupz', 'GET /health'],
      ]),
    );
  });

  it('is a page that needs nothing from outside', async () => {
    const reply = await fetch(`${service.url}/docs`);
    const page = await reply.text();
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toContain('text/html');
    const sources = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source ?? '');
    expect(sources.length).toBeGreaterThan(2);
    for (const source of sources) {
      expect(source).not.toMatch(/^(https?:)?\/\//);
      const file = await fetch(new URL(source, `${service.url}/docs`));
      expect([source, file.status]).toEqual([source, 200]);
    }
  });
});
