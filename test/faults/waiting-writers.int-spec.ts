import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { withConnection } from '../../src/database/direct-connection.js';
import { SqlService } from '../../src/database/sql.service.js';
import { takeCommitLock, takeFinishLock } from '../../src/versioning/revisions/revisions.queries.js';
import { bar, csvOf, day } from '../factories/bars.js';
import { cite, quote } from '../factories/citations.js';
import { makeConversation } from '../factories/conversations.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import type { ApiAnswer } from '../support/api-client.js';
import { waitingForLocks } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const CONNECTIONS = 4;
const WRITERS = 40;
const READS = 10;
/** Every so many writers there is one who is nobody else. */
const PER_PERSON = 5;

/** What waits for one another: `lock` is held meanwhile by somebody else; `write` waits for it. */
interface Contest {
  readonly lock: { readonly text: string; readonly values: readonly unknown[] };
  readonly write: (n: number) => Promise<ApiAnswer>;
  readonly done: number;
}

describe('while somebody else has what forty writers wait for', () => {
  let service: TestApp;
  let symbol: string;

  beforeEach(async () => {
    service = await startTestApp({
      // A reader that finds no connection learns of it soon; a writer keeps waiting however slow the machine is.
      pool: { max: CONNECTIONS, acquireTimeoutMs: 500 },
      env: { DATABASE_LOCK_TIMEOUT_MS: '60000', DATABASE_STATEMENT_TIMEOUT_MS: '60000' },
    });
    symbol = await trackStock(service.api);
    await importCsv(service.api, symbol, csvOf([bar(day(0), '1')]));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await service.close();
  });

  const corrections = (): Contest => ({
    lock: takeCommitLock(),
    write: (n) => service.api.put(`/v1/stocks/${symbol}/data/${day(0)}`, { json: { close: n + 2 } }),
    done: 200,
  });

  async function appends(): Promise<Contest> {
    const { id } = await makeConversation(service.api);
    return {
      lock: { text: 'select from conversations where id = $1 for update', values: [id] },
      write: (n) =>
        service.api.post(`/v1/conversations/${id}/messages`, { json: { role: 'user', content: `${n}` } }),
      done: 201,
    };
  }

  /** Each to a conversation of its own, while a commit is ending. */
  async function quotations(): Promise<Contest> {
    const writers: (() => Promise<ApiAnswer>)[] = [];
    for (let n = 0; n < WRITERS; n++) {
      const { api } = n % PER_PERSON === 0 ? await service.signedIn('USER') : { api: service.api };
      const { id } = await makeConversation(api);
      writers.push(() => cite(api, id, [quote(symbol, 0)]));
    }
    return {
      lock: takeFinishLock(),
      write: (n) => writers[n]?.() ?? Promise.reject(new Error('no such writer')),
      done: 201,
    };
  }

  /** **Shape**: the statuses of the reads that came meanwhile and of the writers; how many connections those held. */
  async function readersBesideWriters({ lock, write }: Contest) {
    return withConnection(service.db.owner, async (client) => {
      await client.query('begin');
      await client.query(lock.text, [...lock.values]);
      const writers = Array.from({ length: WRITERS }, (_, n) => write(n));
      while ((await waitingForLocks(service.db)) === 0) await sleep(10);
      const reads: number[] = [];
      for (let n = 0; n < READS; n++) {
        const { status } = await service.api.get(`/v1/stocks/${symbol}/data`, { query: { limit: n + 1 } });
        reads.push(status);
      }
      const held = await waitingForLocks(service.db);
      await client.query('commit');
      const writes = (await Promise.all(writers)).map(({ status }) => status);
      return { reads, writes, held };
    });
  }

  it.each([
    ['corrections', corrections],
    ['appends', appends],
    ['quotations in many conversations', quotations],
  ])(
    '%s hold one connection of four, every reader is answered, and then every writer',
    async (_, contest) => {
      const { done, ...of } = await contest();
      const { reads, writes, held } = await readersBesideWriters({ done, ...of });
      expect(reads).toEqual(Array<number>(READS).fill(200));
      expect(held).toBe(1);
      expect(writes).toEqual(Array<number>(WRITERS).fill(done));
    },
  );

  it.each([
    ['corrections', corrections],
    ['appends', appends],
    ['quotations in many conversations', quotations],
  ])('as a control: %s that wait with a connection in their hands leave readers none', async (_, contest) => {
    jest.spyOn(service.app.get(SqlService), 'inTurn').mockImplementation((_queue, work) => work());
    const { reads, held } = await readersBesideWriters(await contest());
    expect(reads).toContain(503);
    expect(held).toBe(CONNECTIONS);
  });
});
