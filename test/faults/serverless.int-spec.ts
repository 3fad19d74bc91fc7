import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { MetricsService } from '../../src/metrics/metrics.service.js';
import { trackStock } from '../factories/stocks.js';
import { scrape, type Scrape } from '../support/scrape.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { testConnection, testServer } from '../support/test-server.js';
import { DatabaseProxy } from './database-proxy.js';

/** Longer than a process of any other database leaves between two looks at its keys, and than one at stalled commits. */
const REST_MS = 7_000;

let open: { service: TestApp; proxy: DatabaseProxy } | undefined;
afterEach(async () => {
  await open?.service.close();
  await open?.proxy.close();
});

/** A service whose database is behind a proxy. **Shape**: as with `DATABASE_SERVERLESS=true`, but that it rests sooner. */
async function start(serverless: boolean): Promise<{ service: TestApp; proxy: DatabaseProxy }> {
  const proxy = await DatabaseProxy.start(testConnection(testServer(), 'app'));
  const service = await startTestApp({
    env: {
      DATABASE_SERVERLESS: String(serverless),
      METRICS_PORT: '0',
      DATABASE_POOL_IDLE_TIMEOUT_MS: '1000',
      // The default without a serverless database, said for the control.
      ...(serverless ? {} : { DATABASE_POOL_ACQUIRE_TIMEOUT_MS: '3000' }),
    },
    database: (own) => ({
      app: proxy.through({ ...own.app }),
      ...(serverless ? { serverless: { awakeMs: 1_500 } } : {}),
    }),
  });
  open = { service, proxy };
  return open;
}

const scraped = ({ app }: TestApp): Promise<Scrape> => scrape(app.get(MetricsService).port);

/** Longer than the service takes itself for awake behind its last request: work of every few seconds may still open connections. */
const QUIET_LOOKS = 20;

/** Waits until no connection was open for a while, asks the probes and the metrics for a while, and counts the connections that were made meanwhile. */
async function connectionsAtRest({
  service,
  proxy,
}: {
  service: TestApp;
  proxy: DatabaseProxy;
}): Promise<number> {
  for (let looks = 0, quiet = 0; looks < 200 && quiet < QUIET_LOOKS; looks++, await sleep(100))
    quiet = proxy.open > 0 ? 0 : quiet + 1;
  const before = proxy.taken;
  for (const until = performance.now() + REST_MS; performance.now() < until; await sleep(500)) {
    expect((await service.stranger.get('/readyz')).status).toBe(200);
    await scraped(service);
  }
  return proxy.taken - before;
}

describe('a serverless database', () => {
  it('is left alone while no request comes, by scrapes, by probes and by the work of every few seconds', async () => {
    const started = await start(true);
    expect(await connectionsAtRest(started)).toBe(0);
    expect((await started.service.api.get('/v1/stocks')).status).toBe(200);
  });

  it('is told to rest by the metrics, which keep what they last knew of the store', async () => {
    const { service } = await start(true);
    await trackStock(service.api);
    const awake = await scraped(service);
    expect(awake.value('stockroom_database_up')).toBe(1);
    expect(awake.value('stockroom_database_resting')).toBe(0);
    await sleep(2_000);
    const rested = await scraped(service);
    expect(rested.value('stockroom_database_up')).toBeUndefined();
    expect(rested.value('stockroom_database_resting')).toBe(1);
    expect(rested.value('stockroom_sessions_live', { kind: 'person' })).toBe(1);
    expect(rested.value('stockroom_retention_lag_seconds')).toBe(0);
  });

  it('any other database is not: the control', async () => {
    expect(await connectionsAtRest(await start(false))).toBeGreaterThan(0);
  });

  it.each(['stalls', 'refuses'] as const)('is waited for while it wakes up: it %s', async (kind) => {
    const { service, proxy } = await start(true);
    await sleep(2_500);
    expect(proxy.open).toBe(0);
    proxy.behave({ kind, forMs: 5_000 });
    const [read, written] = await Promise.all([service.api.get('/v1/stocks'), trackStock(service.api)]);
    expect([read.status, typeof written]).toEqual([200, 'string']);
  });

  it.each(['stalls', 'refuses'] as const)('any other that %s is answered 503: the control', async (kind) => {
    const { service, proxy } = await start(false);
    proxy.behave({ kind, forMs: 60_000 });
    await sleep(4_000);
    const answers = await Promise.all(Array.from({ length: 15 }, () => service.api.get('/v1/stocks')));
    expect(answers.map(({ status }) => status)).toContain(503);
  });
});
