import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { SqlService } from '../../src/database/sql.service.js';
import { ReadBarsService } from '../../src/stock-data/read/read-bars.service.js';
import { bar, csvOf, day } from '../factories/bars.js';
import { generatedCsv } from '../factories/price-files.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { RevisionWatch } from './revision-watch.js';

const ROWS = 1_000_000;

describe('an import of a million rows', () => {
  let service: TestApp;
  let api: ApiClient;

  beforeAll(async () => {
    service = await startTestApp({ env: { DATABASE_POOL_MAX: '20' } });
    ({ api } = service);
  });
  afterAll(() => service.close());

  it('changes no answer while corrections and reads as of any revision go on, and is one revision in the end', async () => {
    const [long, short] = [await trackStock(api), await trackStock(api)];
    const bars = Array.from({ length: 500 }, (_, n) => bar(day(n), '1'));
    await importCsv(api, short, csvOf(bars));
    const watch = new RevisionWatch(service.app.get(ReadBarsService), service.app.get(SqlService), [short]);
    let finished = false;
    const imported = api
      .post(`/v1/stocks/${long}/data`, {
        type: 'text/csv',
        query: { interval: '1m' },
        body: Readable.toWeb(Readable.from(generatedCsv(ROWS))) as ReadableStream,
      })
      .finally(() => (finished = true));
    const made: number[] = [];
    const seen: { readonly asOf: number; readonly text: string }[] = [];
    const instants: { readonly asOf: string; readonly revision: number }[] = [];
    let slowest = 0;
    for (let n = 0; !finished; n++) {
      const startedAt = performance.now();
      const changed = await api.put(`/v1/stocks/${short}/data/${day(n % 500)}`, { json: { close: n + 2 } });
      slowest = Math.max(slowest, performance.now() - startedAt);
      // It may have to wait for its turn behind the import, and gets it.
      expect(changed.status).toBe(200);
      made.push(revisionOf(changed));
      // Of an instant two seconds ago every commit is visible.
      const asOf = new Date(Date.now() - 2_000).toISOString();
      const then = await api.get(`/v1/stocks/${short}/data`, { query: { asOf, limit: 1 } });
      if (then.status === 200) instants.push({ asOf, revision: revisionOf(then) });
      const now = await api.get(`/v1/stocks/${short}/data`, { query: { asOf: revisionOf(changed) } });
      seen.push({ asOf: revisionOf(changed), text: now.text });
      await sleep(5);
    }
    const report = await imported;
    expect(report.json).toMatchObject({ inserted: ROWS, corrected: 0, unchanged: 0, rejected: 0 });
    expect(await watch.stop()).toEqual([]);
    // Work went on beside the import, not after it.
    expect(made.length).toBeGreaterThan(20);
    const all = [...made, revisionOf(report)].sort((a, b) => a - b);
    expect(all).toEqual(all.map((_, n) => 2 + n));
    for (const { asOf, text } of seen) {
      const again = await api.get(`/v1/stocks/${short}/data`, { query: { asOf } });
      expect(again.text.replace(/"nextCursor".*/, '')).toBe(text.replace(/"nextCursor".*/, ''));
    }
    for (const { asOf, revision } of instants) {
      const again = await api.get(`/v1/stocks/${short}/data`, { query: { asOf, limit: 1 } });
      expect([asOf, revisionOf(again)]).toEqual([asOf, revision]);
    }
    const before = await api.get(`/v1/stocks/${long}/data`, {
      query: { interval: '1m', asOf: revisionOf(report) - 1, limit: 1 },
    });
    expect(before.json).toMatchObject({ data: [] });
    if (process.env.STOCKROOM_TEST_FIGURES)
      console.log({ corrections: made.length, slowest: Math.round(slowest) });
  }, 120_000);
});

function revisionOf(answer: ApiAnswer): number {
  return (answer.json as { revision: number }).revision;
}
