import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { SqlService } from '../../../src/database/sql.service.js';
import type { SqlTransaction } from '../../../src/database/sql-transaction.js';
import { DryRunConsequences } from '../../../src/versioning/commit/dry-run-consequences.service.js';
import { StoreHistory } from '../../../src/versioning/points/store-history.service.js';
import { VersioningService } from '../../../src/versioning/versioning.service.js';
import { commitChanges, makeSeries } from '../../factories/versioned-bars.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const STALL_MS = 400;

describe('an instant', () => {
  let service: TestApp;
  let sql: SqlService;

  beforeAll(async () => {
    service = await startTestApp();
    sql = service.app.get(SqlService);
  });
  afterAll(() => service.close());

  /** Commits as ever, but hesitates between the last statement, which stamps the revision, and the commit. */
  function hesitant(stamped: () => void): VersioningService {
    const transaction = <T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> =>
      sql.transaction(async (tx) => {
        const result = await work(tx);
        stamped();
        await sleep(STALL_MS);
        return result;
      });
    return new VersioningService(
      new Proxy(sql, {
        get: (target, name) => {
          if (name === 'transaction') return transaction;
          const member: unknown = Reflect.get(target, name, target);
          return typeof member === 'function' ? (member.bind(target) as unknown) : member;
        },
      }),
      new DryRunConsequences(),
      new StoreHistory(sql),
    );
  }

  it('resolves to the same revision for ever, also while one is stamped and not yet visible', async () => {
    const versioning = service.app.get(VersioningService);
    const seriesId = await makeSeries(service.db.owner, 'INSTANT');
    await commitChanges(versioning, { seriesId, changes: [{ day: 0, close: '1' }] });
    for (let round = 2; round < 5; round++) {
      const stamped = Promise.withResolvers<void>();
      const changes = [{ day: 0, close: String(round) }];
      const commit = commitChanges(hesitant(stamped.resolve), { seriesId, changes });
      await stamped.promise;
      await sleep(5);
      const instant = new Date().toISOString();
      const startedAt = performance.now();
      const first = await versioning.readPoint('main', { instant });
      // Control: it did fall into the gap, and had to wait for its end.
      expect(performance.now() - startedAt).toBeGreaterThan(STALL_MS / 4);
      const { revision } = await commit;
      const second = await versioning.readPoint('main', { instant });
      expect([first.revision, second.revision]).toEqual([revision, revision]);
    }
  });

  it('long past or of now is answered at once while a long import stages', async () => {
    const versioning = service.app.get(VersioningService);
    const seriesId = await makeSeries(service.db.owner, 'STAGING');
    const changes = [{ day: 0, close: '1' }];
    await commitChanges(versioning, { seriesId, changes });
    const commit = commitChanges(versioning, {
      seriesId,
      changes: [{ day: 0, close: '2' }],
      before: async () => sleep(STALL_MS),
    });
    const startedAt = performance.now();
    await versioning.readPoint('main', { instant: new Date().toISOString() });
    expect(performance.now() - startedAt).toBeLessThan(STALL_MS / 2);
    await commit;
  });
});
