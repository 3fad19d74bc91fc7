import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { withConnection } from '../../src/database/direct-connection.js';
import { SqlService } from '../../src/database/sql.service.js';
import { trackStock } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { waitingForLocks } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const CONNECTIONS = 6;
const SEARCHES = 10;
const READS = 5;

let service: TestApp;
let symbol: string;
let sql: SqlService;

beforeEach(async () => {
  service = await startTestApp({ pool: { max: CONNECTIONS, acquireTimeoutMs: 500 } });
  symbol = await trackStock(service.api);
  sql = service.app.get(SqlService);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await service.close();
});

const search = async (api: ApiClient): Promise<ApiAnswer> =>
  api.get('/v1/messages/search', { query: { q: 'anything' } });

/** While nobody gets at a message: a search then lasts as long as it may, as one that costs too much would. */
async function whileSearchesLast<T>(work: () => Promise<T>): Promise<T> {
  return withConnection(service.db.superuser, async (client) => {
    await client.query('begin');
    await client.query('lock table messages in access exclusive mode');
    try {
      return await work();
    } finally {
      await client.query('rollback');
    }
  });
}

/** Who searches beside the readers, and how. */
interface Contest {
  readonly callers: readonly ApiClient[];
  /** How many connections they come to hold. */
  readonly held: number;
  readonly inTurns: boolean;
}

/** **Shape**: statuses of the reads beside the searches, and the most connections that those held. */
async function readersBeside({ callers, held, inTurns }: Contest) {
  const turns = jest.spyOn(sql, 'inTurn');
  if (!inTurns) turns.mockImplementation((_queue, work) => work());
  const searches: Promise<ApiAnswer>[] = [];
  const seen = await whileSearchesLast(async () => {
    searches.push(...callers.map(search));
    while (turns.mock.calls.length < callers.length || (await waitingForLocks(service.db)) < held)
      await sleep(5);
    const reads: number[] = [];
    let most = 0;
    for (let n = 0; n < READS; n++) {
      most = Math.max(most, await waitingForLocks(service.db));
      reads.push((await service.api.get(`/v1/stocks/${symbol}`)).status);
    }
    return { reads, most };
  });
  await Promise.all(searches);
  return seen;
}

const visitors = (): readonly ApiClient[] => Array.from({ length: SEARCHES }, () => service.visitor());

describe('ten searches that last as long as they may', () => {
  it('hold a third of the connections, and every reader is answered', async () => {
    const held = CONNECTIONS / 3;
    const { reads, most } = await readersBeside({ callers: visitors(), held, inTurns: true });
    expect(reads).toEqual(Array<number>(READS).fill(200));
    expect(most).toBe(held);
  });

  it('hold one connection when one caller makes them', async () => {
    const visitor = service.visitor();
    await search(visitor);
    const callers = Array<ApiClient>(SEARCHES).fill(visitor);
    const { reads, most } = await readersBeside({ callers, held: 1, inTurns: true });
    expect(reads).toEqual(Array<number>(READS).fill(200));
    expect(most).toBe(1);
  });

  it('as a control: without turns they hold all, and readers find none', async () => {
    const held = CONNECTIONS;
    const { reads, most } = await readersBeside({ callers: visitors(), held, inTurns: false });
    expect(reads).toContain(503);
    expect(most).toBe(held);
  });
});

describe('a search that takes too long', () => {
  it('is ended, its connection is as before, and so is the next search', async () => {
    const visitor = service.visitor();
    await whileSearchesLast(async () => {
      expectRefused(await search(visitor), 503, 'search-timeout');
    });
    expect((await search(visitor)).status).toBe(200);
    const [limit] = await sql.read({
      name: 'limit_left',
      text: `select current_setting('statement_timeout')`,
      values: [],
    });
    expect(limit).not.toEqual(['3s']);
    expect(await sql.poolState()).toMatchObject({ waiting: 0 });
  });
});
