import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runStatement, withConnection } from '../../src/database/direct-connection.js';
import { ReplicaReads } from '../../src/database/replica-reads.service.js';
import { barPage } from '../../src/stock-data/read/bar-page.queries.js';
import { headNumber } from '../../src/stock-data/read/bars.queries.js';
import { StocksService } from '../../src/stocks/stocks.service.js';
import { VersioningService } from '../../src/versioning/versioning.service.js';
import { bar, csvOf, day } from '../factories/bars.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import { commitChanges } from '../factories/versioned-bars.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { describeWith, POSTGRES_BIN } from './debian-programs.js';
import { startReplicatedServer, type ReplicatedServer } from './replica-support.js';

interface Shown {
  readonly revision: number;
  readonly data: readonly { readonly close: number }[];
}

describeWith(join(POSTGRES_BIN, 'pg_basebackup'))('reads beside a streaming replica', () => {
  let servers: ReplicatedServer;
  let service: TestApp;
  let symbol: string;
  let imported: number;
  const usual = process.env.TEST_POSTGRES_SERVER;

  beforeAll(async () => {
    servers = await startReplicatedServer();
    process.env.TEST_POSTGRES_SERVER = JSON.stringify(servers.primary);
  }, 120_000);
  afterAll(async () => {
    process.env.TEST_POSTGRES_SERVER = usual;
    await servers.close();
  }, 60_000);

  async function startService(env: NodeJS.ProcessEnv = {}): Promise<void> {
    service = await startTestApp({
      env,
      database: (db) => ({ replicas: [servers.atReplica(db.app)] }),
    });
    symbol = await trackStock(service.api);
    imported = (
      (await importCsv(service.api, symbol, csvOf([bar(day(0), '1')]))).json as { revision: number }
    ).revision;
    await servers.caughtUp();
  }

  beforeEach(() => startService());
  afterEach(async () => {
    jest.restoreAllMocks();
    await servers.resumeReplay().catch(() => undefined);
    await service.close();
  });

  const path = (): string => `/v1/stocks/${symbol}/data`;

  /** Corrects the bar. **Shape**: the revision that did it. */
  async function correct(close: number): Promise<number> {
    const answer = await service.api.put(`${path()}/${day(0)}`, { json: { close } });
    expect(answer.status).toBe(200);
    return (answer.json as { revision: number }).revision;
  }

  /** The close that is shown, and the revision it is said to be of. */
  async function shown(
    query: Readonly<Record<string, string | number>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ close: number | undefined; revision: number }> {
    const answer = await service.api.get(path(), { query, headers });
    expect([answer.status, answer.text]).toEqual([200, answer.text]);
    const { data, revision } = answer.json as Shown;
    return { close: data[0]?.close, revision };
  }

  /** Runs reads, and counts those that the replica answered. */
  async function answeredByReplica(work: () => Promise<unknown>): Promise<number> {
    const spy = jest.spyOn(service.app.get(ReplicaReads), 'readOne');
    await work();
    const rows = await Promise.all(spy.mock.results.map(({ value }) => value as Promise<unknown>));
    spy.mockRestore();
    return rows.filter((row) => row !== null).length;
  }

  /** Asks until the replica answers, as it does once it has caught up and nobody leaves it alone any more. */
  async function untilReplicaAnswers(query: Readonly<Record<string, string | number>>): Promise<void> {
    while ((await answeredByReplica(() => shown(query))) === 0) await sleep(50);
  }

  it('go there when they name a revision that has arrived, and else to the primary', async () => {
    expect(await answeredByReplica(() => shown({ asOf: imported }))).toBeGreaterThan(0);
    expect(await answeredByReplica(() => shown({}))).toBe(0);
    const weeks = { asOf: imported, interval: '1w' };
    expect(await answeredByReplica(() => shown(weeks))).toBeGreaterThan(0);
    expect(await shown(weeks)).toEqual({ close: 1, revision: imported });
  });

  it('never show less than the revision they name while the replica is held back', async () => {
    await servers.pauseReplay();
    const corrected = await correct(2);
    expect(await answeredByReplica(() => shown({ asOf: corrected }))).toBe(0);
    expect(await shown({ asOf: corrected })).toEqual({ close: 2, revision: corrected });
    expect(await shown({ asOf: imported })).toEqual({ close: 1, revision: imported });
    expect(await answeredByReplica(() => shown({ asOf: imported, limit: 7 }))).toBeGreaterThan(0);
    await servers.resumeReplay();
    await untilReplicaAnswers({ asOf: corrected, limit: 8 });
    expect(await shown({ asOf: corrected, limit: 9 })).toEqual({ close: 2, revision: corrected });
  });

  it('would be older without the look at how far the replica is: the control', async () => {
    await servers.pauseReplay();
    const corrected = await correct(2);
    const seriesId = await service.app.get(StocksService).seriesId(symbol, '1d');
    const point = await service.app.get(VersioningService).readPoint('main', { revision: corrected });
    const range = { seriesId: seriesId ?? 0, interval: '1d', from: null, to: null, order: 'asc' } as const;
    const [row] = await withConnection(servers.atReplica(service.db.app), (client) =>
      runStatement(client, barPage({ ...range, point, limit: 1 }, 'json')),
    );
    expect(headNumber(row?.[0])).toBe(imported);
    expect(String(row?.[1])).toContain('"close":1,');
  });

  it('show every one of many writes, whatever the replica is doing', async () => {
    let writing = true;
    const hinder = (async () => {
      for (; writing; await sleep(15)) {
        await servers.pauseReplay();
        await sleep(15);
        await servers.resumeReplay();
      }
    })();
    try {
      await Promise.all(
        Array.from({ length: 4 }, async (_, writer) => {
          for (let n = 0; n < 12; n++) {
            const close = 100 * (writer + 1) + n;
            const revision = await correct(close);
            expect(await shown({ asOf: revision })).toEqual({ close, revision });
            expect(await shown({ asOf: revision, interval: '1mo' })).toEqual({ close, revision });
          }
        }),
      );
    } finally {
      writing = false;
      await hinder;
    }
  });

  it('go on when the replica dies, and use it again when it is back', async () => {
    await servers.stopReplica();
    for (let limit = 1; limit < 20; limit++) {
      expect(await shown({ asOf: imported, limit })).toEqual({ close: 1, revision: imported });
    }
    await servers.startReplica();
    await untilReplicaAnswers({ asOf: imported, limit: 21 });
  });

  it('go on when the replica takes statements and answers nothing', async () => {
    await shown({ asOf: imported, limit: 2 });
    const pids = await withConnection(servers.atReplica(service.db.superuser), async (client) => {
      const { rows } = await client.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = $1 and usename = $2`,
        [service.db.name, service.db.app.user],
      );
      return rows.map(({ pid }) => pid);
    });
    expect(pids.length).toBeGreaterThan(0);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      expect(await shown({ asOf: imported, limit: 3 })).toEqual({ close: 1, revision: imported });
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
  });

  it('of now go there as well if they may, and then the revision of a write is what they wait for', async () => {
    await service.close();
    await startService({ DATABASE_REPLICA_READS: 'all' });
    await untilReplicaAnswers({ limit: 2 });
    await servers.pauseReplay();
    // Written as by another process: what this one reads for a write of its own, it would remember.
    const seriesId = (await service.app.get(StocksService).seriesId(symbol, '1d')) ?? 0;
    const change = { seriesId, changes: [{ day: 0, close: '2' }] };
    const { head: corrected } = await commitChanges(service.app.get(VersioningService), change);
    expect(await shown({ limit: 3 })).toEqual({ close: 1, revision: imported });
    const token = { 'x-min-revision': String(corrected) };
    expect(await shown({ limit: 3 }, token)).toEqual({ close: 2, revision: corrected });
    // What this process has answered once, it does not take back.
    expect(await shown({ limit: 3 })).toEqual({ close: 2, revision: corrected });
  });

  it('say when they are told a revision that is none, or one that does not exist', async () => {
    const ask = (text: string) => service.api.get(path(), { headers: { 'x-min-revision': text } });
    expectRefused(await ask('soon'), 400, 'validation-failed');
    expectRefused(await ask(String(imported + 1)), 400, 'as-of-in-future');
    expect((await ask(String(imported))).status).toBe(200);
  });
});
