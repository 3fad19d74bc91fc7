import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RetentionService } from '../../../src/chat-history/retention/retention.service.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { MetricsService } from '../../../src/metrics/metrics.service.js';
import { storeConversation, storeMessage } from '../../factories/history-rows.js';
import { scrape, type Scrape } from '../../support/scrape.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const scraped = ({ app }: TestApp): Promise<Scrape> => scrape(app.get(MetricsService).port);

describe('what metrics read from the database', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await startTestApp({ env: { METRICS_PORT: '0', STOCKROOM_MESSAGE_RETENTION_DAYS: '30' } });
  });
  afterAll(() => service.close());

  it('is how long the message that waits longest has been past its date, and nothing once it is removed', async () => {
    const { db, admin, app } = service;
    const owner = { userId: admin.userId };
    const retention = app.get(RetentionService);
    const kept = await storeConversation(db, owner, { pinned: true });
    await storeMessage(db, kept, { seq: 1, ago: '300 days' });
    expect(await retention.lagSeconds()).toBe(0);
    const aged = await storeConversation(db, owner);
    await storeMessage(db, aged, { seq: 1, ago: '40 days' });
    await storeMessage(db, aged, { seq: 2, ago: '31 days' });
    await storeMessage(db, aged, { seq: 3 });
    const tenDays = 10 * 86_400;
    expect(await retention.lagSeconds()).toBeGreaterThanOrEqual(tenDays);
    expect(await retention.lagSeconds()).toBeLessThan(tenDays + 3_600);
    await retention.run({ dryRun: false });
    expect(await retention.lagSeconds()).toBe(0);
    const metrics = await scraped(service);
    expect(metrics.value('stockroom_retention_removed_total', { kind: 'messages' })).toBe(2);
    expect(metrics.value('stockroom_retention_last_finished_timestamp_seconds')).toBeGreaterThan(1.7e9);
  });

  it('is missing while the database lets nobody in, and everything else is there', async () => {
    const { db } = service;
    const maintenance = { ...db.superuser, database: 'postgres' };
    await withConnection(maintenance, async (client) => {
      await client.query(`alter database ${db.name} with allow_connections false`);
      await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
        db.name,
      ]);
    });
    try {
      const metrics = await afterMemory(() => scraped(service));
      expect(metrics.value('stockroom_database_up')).toBe(0);
      expect(metrics.value('stockroom_newest_revision')).toBeUndefined();
      expect(metrics.value('stockroom_sessions_live', { kind: 'person' })).toBeUndefined();
      expect(metrics.value('stockroom_build_info')).toBe(1);
      expect(metrics.value('stockroom_pool_max')).toBe(10);
    } finally {
      await withConnection(maintenance, (client) =>
        client.query(`alter database ${db.name} with allow_connections true`),
      );
    }
  });
});

/** Scrapes until the last look at the database is too old to be told again. */
async function afterMemory(look: () => Promise<Scrape>): Promise<Scrape> {
  for (let n = 0; n < 40; n++) {
    const metrics = await look();
    if (metrics.value('stockroom_database_up') === 0) return metrics;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return look();
}
