import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { withConnection } from '../../src/database/direct-connection.js';
import { SqlService } from '../../src/database/sql.service.js';
import { ReadBarsService } from '../../src/stock-data/read/read-bars.service.js';
import { VersioningService } from '../../src/versioning/versioning.service.js';
import type { CommitReport } from '../../src/versioning/versioning.types.js';
import { commitChanges, makeSeries, type Change } from '../factories/versioned-bars.js';
import { assertProperty } from '../support/property.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { RevisionWatch } from './revision-watch.js';
import { versioningWithoutLock } from './unordered-commits.js';

/** One writer: how many bars it brings, to which of two stocks, and when it starts and finishes staging. */
interface Writer {
  readonly rows: number;
  readonly stock: 0 | 1;
  readonly startMs: number;
  readonly stageMs: number;
}

const writer: fc.Arbitrary<Writer> = fc.record({
  rows: fc.constantFrom(1, 1, 1, 5, 6_000),
  stock: fc.constantFrom(0, 1),
  startMs: fc.integer({ min: 0, max: 60 }),
  stageMs: fc.integer({ min: 0, max: 60 }),
});

describe('imports that overlap, long and short, while readers hold revisions', () => {
  let service: TestApp;
  let runs = 0;

  beforeEach(async () => {
    service = await startTestApp({ env: { DATABASE_POOL_MAX: '20' } });
  });
  afterEach(() => service.close());

  /** Lets all writers go at once under the eyes of a watch. Every writer brings other prices than any other. */
  async function history(versioning: VersioningService, writers: readonly Writer[]) {
    const run = ++runs;
    const symbols = [`A${run}`, `B${run}`];
    const series = await Promise.all(symbols.map((symbol) => makeSeries(service.db.owner, symbol)));
    const watch = new RevisionWatch(service.app.get(ReadBarsService), service.app.get(SqlService), symbols);
    const reports = await Promise.allSettled(
      writers.map(async ({ rows, stock, startMs, stageMs }, n): Promise<CommitReport> => {
        await sleep(startMs);
        const changes = Array.from({ length: rows }, (_, at): Change => ({
          day: at,
          close: `${n + 1}.${at + 1}1`,
        }));
        const seriesId = series[stock] ?? 0;
        return commitChanges(versioning, { seriesId, changes, before: async () => sleep(stageMs) });
      }),
    );
    return { reports, watch, broken: await watch.stop() };
  }

  it('never change an answer for a revision, and appear in the order of their numbers', async () => {
    let reads = 0;
    await assertProperty(
      [fc.array(writer, { minLength: 4, maxLength: 14 })],
      async (writers) => {
        const { reports, watch, broken } = await history(service.app.get(VersioningService), writers);
        expect(broken).toEqual([]);
        expect(reports.filter(({ status }) => status === 'rejected')).toEqual([]);
        reads += watch.reads;
      },
      { runs: 25, limitMs: 25_000 },
    );
    expect(reads).toBeGreaterThan(100);
  }, 90_000);

  it('control: without the commit lock the same watch finds answers that change', async () => {
    await withConnection(service.db.superuser, async (client) => {
      await client.query('create sequence unordered; grant usage on sequence unordered to stockroom_app');
    });
    const versioning = versioningWithoutLock(service.app.get(SqlService), 'unordered');
    const found: string[] = [];
    for (let round = 0; round < 20 && found.length === 0; round++) {
      const long: Writer = { rows: 9_000, stock: 0, startMs: 0, stageMs: 0 };
      const short = Array.from({ length: 12 }, (_, n): Writer => ({
        rows: 1,
        stock: 1,
        startMs: n * 12,
        stageMs: 0,
      }));
      const { broken } = await history(versioning, [long, ...short]);
      found.push(...broken);
    }
    expect(found).not.toEqual([]);
  }, 60_000);
});
