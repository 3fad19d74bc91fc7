import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CitationsService } from '../../../src/chat-history/citations/citations.service.js';
import type { PreparedCitations } from '../../../src/chat-history/citations/pin/pinned-citations.js';
import type { PinnedCitations } from '../../../src/chat-history/citations/citations.types.js';
import type { SqlTransaction } from '../../../src/database/sql-transaction.js';
import { SqlService } from '../../../src/database/sql.service.js';
import { QuotesService } from '../../../src/stock-data/quotes/quotes.service.js';
import { RevisionLogService } from '../../../src/versioning/revisions/revision-log.service.js';
import { VersioningService } from '../../../src/versioning/versioning.service.js';
import { day } from '../../factories/bars.js';
import { commitChanges, makeSeries } from '../../factories/versioned-bars.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const MAIN = { name: 'main', text: 'select 1, null::bigint', values: [] };
const HELD_MS = 300;

let service: TestApp;
let sql: SqlService;
let versioning: VersioningService;

beforeAll(async () => {
  service = await startTestApp();
  sql = service.app.get(SqlService);
  versioning = service.app.get(VersioningService);
});
afterAll(() => service.close());

/** A stock with one bar. */
async function oneBar(symbol: string): Promise<{ seriesId: number; correct: () => Promise<number> }> {
  const seriesId = await makeSeries(service.db.owner, symbol);
  await commitChanges(versioning, { seriesId, changes: [{ day: 0, close: '1' }] });
  let close = 1;
  const correct = async (): Promise<number> =>
    (await commitChanges(versioning, { seriesId, changes: [{ day: 0, close: String(++close) }] })).head;
  return { seriesId, correct };
}

/**
 * Pins while a correction commits, and says whether the correction could be seen before the message was stored.
 *
 * With `holdsHead` false it reads as the service would without holding the newest revision.
 */
async function seenTooEarly(symbol: string, holdsHead: boolean): Promise<boolean> {
  const { correct } = await oneBar(symbol);
  const log = service.app.get(RevisionLogService);
  const before = await log.head();
  const corrections: Promise<number>[] = [];
  const early = await sql.transaction(async (tx) => {
    const asked = {
      symbol,
      interval: '1d',
      ts: `${day(0)}T00:00:00Z`,
      revision: before,
      field: 'close',
    } as const;
    const look = QuotesService.look(MAIN, [asked]);
    await tx.runTogether(...(holdsHead ? [VersioningService.holdHead()] : []), look);
    corrections.push(correct());
    await sleep(HELD_MS);
    return (await log.head()) > before;
  });
  expect(await Promise.all(corrections)).toEqual([before + 1]);
  return early;
}

/** Pins as an append does that holds the newest revision. */
async function pin(tx: SqlTransaction, prepared: PreparedCitations): Promise<PinnedCitations> {
  return service.app.get(CitationsService).pin(tx, prepared, MAIN);
}

describe('a pin', () => {
  it('is stored before a correction can be seen that ends its version', async () => {
    expect(await seenTooEarly('HELD', true)).toBe(false);
  });

  it('would come too late for whoever follows the revisions, did it not hold the newest one', async () => {
    expect(await seenTooEarly('LOOSE', false)).toBe(true);
  });

  it('is of the newest revision of its moment, whatever commits around it', async () => {
    const { correct } = await oneBar('RACED');
    const citations = service.app.get(CitationsService);
    const prepared = await citations.prepare([
      { type: 'stock-data', symbol: 'RACED', date: day(0), field: 'close' },
      { type: 'stock-data', symbol: 'RACED', date: day(0), field: 'close' },
    ]);
    const log = service.app.get(RevisionLogService);
    const corrections = (async () => {
      for (let n = 0; n < 15; n++) await correct();
    })();
    for (let n = 0; n < 15; n++) {
      await sql.transaction(async (tx) => {
        const { pins, json } = await pin(tx, prepared);
        // Nothing becomes visible until the end, so this is the head that the pins were read at.
        const head = await log.head();
        expect(pins.map(({ revision }) => revision)).toEqual([head, head]);
        const [one, other] = JSON.parse(json) as { revision: number; quoted: { close: number } }[];
        expect([one?.revision, one?.quoted]).toEqual([head, other?.quoted]);
      });
    }
    await corrections;
  });

  it('needs one connection only, so that messages cannot wait for each other’s', async () => {
    await oneBar('NARROW');
    const citations = service.app.get(CitationsService);
    const prepared = await citations.prepare([
      { type: 'stock-data', symbol: 'NARROW', date: day(0), field: 'close' },
    ]);
    const { max } = await sql.poolState();
    const pinAlone = () => sql.transaction((tx) => pin(tx, prepared));
    const all = await Promise.all(Array.from({ length: 3 * max }, pinAlone));
    expect(all.flatMap(({ pins }) => pins)).toHaveLength(3 * max);
  });
});
