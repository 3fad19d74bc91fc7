import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MetricsService } from '../../src/metrics/metrics.service.js';
import { newAccount } from '../factories/users.js';
import { scrape, type Scrape } from '../support/scrape.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** Stands in everything that a request can carry, and must stand in no metric. */
const CANARY = 'CANARY7F3';

const portOf = ({ app }: TestApp): number | null => app.get(MetricsService).port;

describe('metrics', () => {
  let service: TestApp;
  let visitorIds: string[];
  let metrics: Scrape;
  beforeAll(async () => {
    service = await startTestApp({ env: { METRICS_PORT: '0' } });
    visitorIds = await ask(service);
    metrics = await scrape(portOf(service));
  });
  afterAll(() => service.close());

  it('count requests by the route as it is written in the code, and what no route takes as one', () => {
    const count = (route: string, status_code: string, method = 'GET'): number | undefined =>
      metrics.value('http_request_duration_seconds_count', { method, route, status_code });
    expect(count('/v1/stocks/:symbol', '404')).toBe(3);
    expect(count('/v1/stocks', '200')).toBe(1);
    expect(count('none', '404')).toBe(20);
    expect(count('none', '405', 'POST')).toBe(1);
    expect(count('none', '404', 'other')).toBe(1);
    const routes = new Set(metrics.samples.flatMap(({ labels }) => labels['route'] ?? []));
    for (const probe of ['/livez', '/readyz']) expect(routes).not.toContain(probe);
    expect(metrics.value('http_request_duration_seconds_sum', { route: '/v1/stocks' })).toBeGreaterThan(0);
  });

  it('count downloads apart from the pages of their route', () => {
    const count = (route: string): number | undefined =>
      metrics.value('http_request_duration_seconds_count', { method: 'GET', route, status_code: '200' });
    expect(count('/v1/stocks/:symbol/data')).toBe(2);
    expect(count('/v1/stocks/:symbol/data text/csv')).toBe(1);
  });

  it('count imports, their rows and the revisions that came of them', () => {
    expect(metrics.value('stockroom_imports_total', { outcome: 'stored' })).toBe(1);
    expect(metrics.value('stockroom_imports_total', { outcome: 'failed' })).toBe(1);
    expect(metrics.value('stockroom_import_rows_total', { outcome: 'inserted' })).toBe(2);
    expect(metrics.value('stockroom_newest_revision')).toBe(1);
  });

  it('count each import that fails, wherever it ends, and the wrong rows of what is refused', async () => {
    const { api } = service.admin;
    const outcome = (now: Scrape, name: string, of: string): number => now.value(name, { outcome: of }) ?? -1;
    const data = `/v1/stocks/${CANARY}/data`;
    const twoWrong = 'date,close\nnever,1\n2024-01-05,x\n2024-01-06,1\n';
    const failing: readonly (readonly [number, () => Promise<{ status: number }>])[] = [
      [404, () => api.post('/v1/stocks/UNKNOWN/data', { body: 'date,close\n', type: 'text/csv' })],
      [415, () => api.post(data, { body: 'PK', type: 'application/zip' })],
      [400, () => upload(service, data, { 'content-type': 'text/csv', 'content-encoding': 'gzip' })],
      [415, () => upload(service, data, { 'content-type': 'text/csv', 'content-encoding': 'br' })],
      [422, () => api.post(data, { body: twoWrong, type: 'text/csv' })],
      [400, () => api.post(data, { query: { interval: '7d' }, body: 'x', type: 'text/csv' })],
    ];
    for (const [status, ask] of failing) {
      const before = await scrape(portOf(service));
      expect((await ask()).status).toBe(status);
      const after = await scrape(portOf(service));
      const risen = (name: string, of: string): number =>
        outcome(after, name, of) - outcome(before, name, of);
      expect([status, risen('stockroom_imports_total', 'failed')]).toEqual([status, 1]);
      expect([status, risen('stockroom_imports_total', 'stored')]).toEqual([status, 0]);
      const rejected = risen('stockroom_import_rows_total', 'rejected');
      expect([status, rejected]).toEqual([status, status === 422 ? 2 : 0]);
    }
  });

  it('count no import of who was not let in, nor a dry run', async () => {
    const before = await scrape(portOf(service));
    const data = `/v1/stocks/${CANARY}/data`;
    const body = { body: 'date,close\nnever,x\n', type: 'text/csv' };
    expect((await service.stranger.post(data, body)).status).toBe(401);
    expect((await service.admin.api.post(data, { ...body, query: { dryRun: 'true' } })).status).toBe(422);
    const after = await scrape(portOf(service));
    for (const outcome of ['failed', 'stored'])
      expect(after.value('stockroom_imports_total', { outcome })).toBe(
        before.value('stockroom_imports_total', { outcome }),
      );
  });

  it('time statements by their names, and waits for connections', () => {
    expect(metrics.value('stockroom_statement_duration_seconds_count', { statement: 'stock_page' })).toBe(1);
    expect(metrics.value('stockroom_pool_wait_seconds_count')).toBeGreaterThan(10);
    expect(metrics.value('stockroom_pool_size')).toBeGreaterThan(0);
    expect(metrics.value('stockroom_pool_max')).toBe(10);
  });

  it('know sessions, keys, retention, the build and the event loop', () => {
    expect(metrics.value('stockroom_database_up')).toBe(1);
    expect(metrics.value('stockroom_sessions_live', { kind: 'person' })).toBe(1);
    expect(metrics.value('stockroom_sessions_live', { kind: 'visitor' })).toBe(1);
    expect(metrics.value('stockroom_encryption_key_values', { key_id: 'test-1' })).toBe(0);
    expect(metrics.value('stockroom_encryption_key_info', { key_id: 'test-1', role: 'primary' })).toBe(1);
    expect(metrics.value('stockroom_retention_lag_seconds')).toBe(0);
    expect(metrics.value('stockroom_event_streams_open')).toBe(0);
    expect(metrics.value('stockroom_outbox_lag_revisions')).toBe(0);
    expect(metrics.value('stockroom_build_info', { version: '0.1.0' })).toBe(1);
    expect(metrics.value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
    expect(metrics.value('process_cpu_seconds_total')).toBeGreaterThan(0);
  });

  it('leave out what there is nothing to say of, instead of a zero', () => {
    expect(metrics.declared.get('stockroom_archive_failures_total')).toBe('counter');
    expect(metrics.value('stockroom_archive_failures_total')).toBeUndefined();
    expect(metrics.value('stockroom_retention_last_finished_timestamp_seconds')).toBeUndefined();
  });

  it('hold nothing of what a request carried, and as many series whatever it asks for', async () => {
    expect(metrics.text.toUpperCase()).not.toContain(CANARY);
    expect(metrics.text).not.toMatch(/@example|Bearer|[0-9a-f]{8}-[0-9a-f]{4}-/);
    for (const id of visitorIds) expect(metrics.text).not.toContain(id);
    const before = await scrape(portOf(service));
    for (let n = 0; n < 20; n++) await service.admin.api.get(`/v1/nowhere/${CANARY}-${n}`);
    const again = await scrape(portOf(service));
    const series = ({ samples }: Scrape): number =>
      samples.filter(({ name }) => name === 'http_request_duration_seconds_count').length;
    expect(series(again)).toBe(series(before));
  });

  it('follow the conventions: base units, counters that end in _total', () => {
    const ours = [...metrics.declared].filter(([name]) => /^(stockroom|http)_/.test(name));
    expect(ours.length).toBeGreaterThan(20);
    for (const [name, kind] of ours) {
      expect(`${name} ${kind}`).not.toMatch(/(_ms|_milliseconds|_minutes|_kb|_mb)\b/);
      expect(`${name} ${kind}`).toMatch(kind === 'counter' ? /_total counter$/ : /^(?!.*_total )/);
    }
  });

  it('are all that their port serves, and are not served by the other', async () => {
    const at = (path: string, init?: RequestInit): Promise<Response> =>
      fetch(`http://127.0.0.1:${portOf(service)}${path}`, init);
    expect((await at('/metrics?x=1')).headers.get('content-type')).toMatch(/^text\/plain; version=/);
    expect((await at('/metrics', { method: 'HEAD' })).status).toBe(200);
    expect((await at('/metrics', { method: 'POST' })).status).toBe(405);
    for (const path of ['/', '/metrics/', '/v1/stocks', '/health', '/livez'])
      expect((await at(path)).status).toBe(404);
    expect((await service.admin.api.get('/metrics')).status).toBe(404);
  });
});

/** Sends bytes that are no archive, with headers of one's own. */
async function upload(
  { url, admin }: TestApp,
  path: string,
  headers: Record<string, string>,
): Promise<Response> {
  const body = Buffer.from('date,close\n2024-01-02,1\n');
  return fetch(url + path, { method: 'POST', headers: { ...admin.api.headers, ...headers }, body });
}

describe('without METRICS_PORT', () => {
  it('nothing is counted or served', async () => {
    const service = await startTestApp();
    try {
      expect(portOf(service)).toBeNull();
    } finally {
      await service.close();
    }
  });
});

/** Requests with something to hide in each of their parts. **Shape**: what the visitor is known by. */
async function ask(service: TestApp): Promise<string[]> {
  const { api } = service.admin;
  await api.get('/v1/stocks', { query: { q: CANARY } });
  for (const n of [1, 2, 3]) await api.get(`/v1/stocks/${CANARY}${n}`);
  for (let n = 0; n < 20; n++) await api.get(`/v1/nowhere/${CANARY}-${n}`);
  await api.post('/v1/users/me/nothing/here');
  await api.post('/livez');
  await fetch(`${service.url}/${CANARY}`, { method: 'PROPFIND' });
  await api.get('/livez');
  await service.stranger.with({ authorization: `Bearer ${CANARY}` }).get('/v1/users/me');
  const account = newAccount({ email: `${CANARY}@example.com` });
  await service.stranger.post('/v1/sessions', { json: { login: account['email'], password: CANARY } });
  const talk = service.visitor();
  await talk.post('/v1/conversations', { json: { title: CANARY } });
  const csv = 'date,open,high,low,close,volume\n2024-01-02,1,2,1,2,5\n2024-01-03,1,2,1,2,5\n';
  const data = `/v1/stocks/${CANARY}/data`;
  await api.post('/v1/stocks', { json: { symbol: CANARY } });
  await api.post(data, { body: csv, type: 'text/csv' });
  await api.post(data, { body: 'date,close\nnever,x\n', type: 'text/csv' });
  for (const accept of ['application/json', 'text/csv', '*/*']) await api.get(data, { headers: { accept } });
  return Object.values(talk.headers);
}
