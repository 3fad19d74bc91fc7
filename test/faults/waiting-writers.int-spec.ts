import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { runStatement, withConnection } from '../../src/database/direct-connection.js';
import { SqlService } from '../../src/database/sql.service.js';
import { takeCommitLock } from '../../src/versioning/revisions.queries.js';
import { bar, csvOf, day } from '../factories/bars.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const CONNECTIONS = 4;
const WRITERS = 40;
const READS = 10;

describe('while another process commits and forty corrections wait for it', () => {
  let service: TestApp;
  let symbol: string;

  beforeEach(async () => {
    // A reader that finds no connection learns of it soon.
    service = await startTestApp({ pool: { max: CONNECTIONS, acquireTimeoutMs: 500 } });
    symbol = await trackStock(service.api);
    await importCsv(service.api, symbol, csvOf([bar(day(0), '1')]));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await service.close();
  });

  /** How many transactions of the service wait for the commit lock. */
  async function waiting(): Promise<number> {
    const rows = await asOwner<{ count: number }>(
      service.db,
      `select count(*)::int as count from pg_locks
       where locktype = 'advisory' and not granted
         and database = (select oid from pg_database where datname = current_database())`,
    );
    return rows[0]?.count ?? 0;
  }

  /** **Shape**: the statuses of the reads that came while the writers waited, and of the writers. */
  async function readersBesideWriters(): Promise<{ reads: number[]; writes: number[]; held: number }> {
    const { api, db } = service;
    return withConnection(db.app, async (client) => {
      await client.query('begin');
      await runStatement(client, takeCommitLock());
      const writers = Array.from({ length: WRITERS }, (_, n) =>
        api.put(`/v1/stocks/${symbol}/data/${day(0)}`, { json: { close: n + 2 } }),
      );
      while ((await waiting()) === 0) await sleep(10);
      const reads: number[] = [];
      for (let n = 0; n < READS; n++) {
        const { status } = await api.get(`/v1/stocks/${symbol}/data`, { query: { limit: n + 1 } });
        reads.push(status);
      }
      const held = await waiting();
      await client.query('commit');
      const writes = (await Promise.all(writers)).map(({ status }) => status);
      return { reads, writes, held };
    });
  }

  it('every reader is answered, and then every writer', async () => {
    const { reads, writes, held } = await readersBesideWriters();
    expect(reads).toEqual(Array<number>(READS).fill(200));
    expect(held).toBe(1);
    expect(writes).toEqual(Array<number>(WRITERS).fill(200));
  });

  it('as a control: writers that wait with a connection in their hands leave readers none', async () => {
    jest.spyOn(service.app.get(SqlService), 'inTurn').mockImplementation((_queue, work) => work());
    const { reads, held } = await readersBesideWriters();
    expect(reads).toContain(503);
    expect(held).toBe(CONNECTIONS);
  });
});
