import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withConnection } from '../../../src/database/direct-connection.js';
import type { LimitedClient, Standing } from '../../../src/rate-limits/rate-limits.types.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { letTimePass, replicaStarter, type Replica } from './limits-support.js';

const LIMIT = 200;
const REPLICAS = 3;

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const start = replicaStarter(() => db);
const ann: LimitedClient = { userId: 'ann', address: '192.0.2.1' };

/** Sends so many requests at once, in turn to each replica. */
async function fire(replicas: readonly Replica[], count: number, client = ann): Promise<readonly Standing[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) =>
      (replicas[index % replicas.length] as Replica).requests.take('default', client),
    ),
  );
}

/**
 * The same when no window is open, and all of it within one: again, later, if this machine was too slow for that. **Shape**: how
 * many were accepted.
 */
async function fireInOneWindow(
  replicas: readonly Replica[],
  count: number,
  windowSeconds: number,
): Promise<number> {
  for (;;) {
    const { end, now } = await windowEnd();
    if (end > now) await sleep(end - now);
    const startedAt = (await windowEnd()).now;
    const standings = await fire(replicas, count);
    // A window that began after the start is open for longer than this took, so there was no other.
    if ((await windowEnd()).now < startedAt + windowSeconds * 1_000) return accepted(standings);
  }
}

/** By the database's clock. **Units**: milliseconds. */
async function windowEnd(): Promise<{ end: number; now: number }> {
  return withConnection(db.owner, async (client) => {
    const { rows } = await client.query<{ end: number; now: number }>(
      `select coalesce(extract(epoch from max(ends_at)) * 1000, 0)::float as "end",
         (extract(epoch from clock_timestamp()) * 1000)::float as now
       from rate_limit_windows`,
    );
    return rows[0] as { end: number; now: number };
  });
}

const accepted = (standings: readonly Standing[]): number =>
  standings.filter((standing) => standing.accepted).length;

async function counters(): Promise<{ used: number; key: Buffer }[]> {
  return withConnection(db.owner, async (client) => {
    return (await client.query<{ used: number; key: Buffer }>('select used, key from rate_limit_windows'))
      .rows;
  });
}

describe('a limit on requests', () => {
  it('accepts exactly as many as it says, of ten times that at once over three processes', async () => {
    const replicas = await start(REPLICAS, { perUser: LIMIT, windowSeconds: 3_600 });
    expect(accepted(await fire(replicas, LIMIT * 10))).toBe(LIMIT);
    expect(await counters()).toEqual([expect.objectContaining({ used: LIMIT })]);
  });

  it('would accept three times as many if each process counted for itself', async () => {
    const counted = Array<number>(REPLICAS).fill(0);
    let passed = 0;
    for (let request = 0; request < LIMIT * 10; request++) {
      const process = request % REPLICAS;
      counted[process] = (counted[process] ?? 0) + 1;
      if (counted[process] <= LIMIT) passed++;
    }
    expect(passed).toBe(LIMIT * REPLICAS);
    expect(passed).not.toBe(LIMIT);
  });

  it('accepts exactly as many in each window, and takes nothing from one into the next', async () => {
    const replicas = await start(REPLICAS, { perUser: LIMIT, windowSeconds: 2 });
    for (let window = 0; window < 3; window++) {
      // Few enough that each process still holds points when the window ends.
      expect(await fireInOneWindow(replicas, LIMIT / 2, 2)).toBe(LIMIT / 2);
      expect(await fireInOneWindow(replicas, LIMIT * 10, 2)).toBe(LIMIT);
    }
  });

  it('lets one process have it all when the others are asked nothing', async () => {
    const [busy, idle] = (await start(2, { perUser: LIMIT, windowSeconds: 3_600 })) as [Replica, Replica];
    await fire([idle], 1);
    expect(accepted(await fire([busy], LIMIT * 2))).toBe(LIMIT - 1);
  });

  it('keeps few points from the others: one after the other, in turn, all but a few are accepted', async () => {
    const replicas = await start(REPLICAS, { perUser: LIMIT, windowSeconds: 3_600 });
    let sent = 0;
    for (; sent < LIMIT * 2; sent++) {
      const { accepted: isAccepted } = await (replicas[sent % REPLICAS] as Replica).requests.take(
        'default',
        ann,
      );
      if (!isAccepted) break;
    }
    expect(sent).toBeGreaterThan(LIMIT * 0.9);
    expect(sent).toBeLessThanOrEqual(LIMIT);
  });

  it('costs a statement every few requests only, and none once it is used up', async () => {
    const [replica] = (await start(1, { perUser: LIMIT, windowSeconds: 3_600 })) as [Replica];
    const writes = await statementsDuring(replica, async () => {
      for (let index = 0; index < LIMIT; index++) await replica.requests.take('default', ann);
    });
    expect(writes).toBeLessThan(LIMIT / 3);
    const refusals = await statementsDuring(replica, async () => {
      for (let index = 0; index < LIMIT; index++) await replica.requests.take('default', ann);
    });
    expect(refusals).toBe(0);
  });

  it('says how many are left, and when more may come', async () => {
    const [replica] = (await start(1, { perUser: 3, windowSeconds: 60 })) as [Replica];
    const standings = [];
    for (let index = 0; index < 4; index++) standings.push(await replica.requests.take('default', ann));
    expect(standings.map(({ accepted: isAccepted, remaining }) => [isAccepted, remaining])).toEqual([
      [true, 2],
      [true, 1],
      [true, 0],
      [false, 0],
    ]);
    for (const { limit, windowSeconds, resetSeconds } of standings) {
      expect([limit, windowSeconds]).toEqual([3, 60]);
      expect(resetSeconds).toBeGreaterThan(0);
      expect(resetSeconds).toBeLessThanOrEqual(60);
    }
  });

  it('is true to its word in other processes: who waited is accepted by each of them', async () => {
    const replicas = await start(REPLICAS, { perUser: 3, windowSeconds: 1 });
    for (let round = 0; round < 3; round++) {
      const standings = await fire(replicas, 9);
      expect(standings.some((standing) => !standing.accepted)).toBe(true);
      await sleep(1_000 * Math.max(...standings.map(({ resetSeconds }) => resetSeconds)));
      const next = await (replicas[round] as Replica).requests.take('default', ann);
      expect(next.accepted).toBe(true);
      await sleep(1_000 * next.resetSeconds);
    }
  });

  it.each([
    ['addresses of one IPv6 network', ['2001:db8:7:7::1', '2001:db8:7:7:ffff::2', '2001:0db8:0007:0007::3']],
    ['IPv4 and the same in IPv6', ['192.0.2.9', '::ffff:192.0.2.9', '::ffff:c000:209']],
    ['clients whose address is not known', [undefined, '', 'unknown']],
  ])('counts %s together', async (_what, addresses) => {
    const replicas = await start(REPLICAS, { perAddress: 30, windowSeconds: 3_600 });
    const standings = await Promise.all(
      addresses.map((address) => fire(replicas, 60, { userId: null, address })),
    );
    expect(accepted(standings.flat())).toBe(30);
  });

  it('counts a person wherever they are, and strangers apart', async () => {
    const replicas = await start(REPLICAS, { perUser: 10, perAddress: 5, windowSeconds: 3_600 });
    const here = await fire(replicas, 30, { userId: 'ben', address: '192.0.2.1' });
    const there = await fire(replicas, 30, { userId: 'ben', address: '192.0.2.2' });
    const stranger = await fire(replicas, 30, { userId: null, address: '192.0.2.1' });
    expect([here, there, stranger].map(accepted)).toEqual([10, 0, 5]);
  });

  it('holds for registrations by address, signed in or not', async () => {
    const [replica] = (await start(1, { registrationsPerAddress: 4 })) as [Replica];
    const tries = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        replica.requests.admit('registration', { userId: index % 2 ? 'ann' : null, address: '192.0.2.3' }),
      ),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    expect(tries.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'too-many-requests', extra: { retryAfterSeconds: 3_600 } },
    });
  });

  it('counts nothing of registrations when limits are switched off', async () => {
    const [replica] = (await start(1, { enabled: false, registrationsPerAddress: 1 })) as [Replica];
    for (let index = 0; index < 3; index++) {
      await replica.requests.admit('registration', { userId: null, address: '192.0.2.3' });
    }
    expect(await counters()).toEqual([]);
  });

  it('stores neither addresses nor names', async () => {
    const [replica] = (await start(1)) as [Replica];
    await fire([replica], 1, { userId: null, address: '192.0.2.77' });
    await fire([replica], 1, ann);
    const keys = (await counters()).map(({ key }) => key);
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      expect(key).toHaveLength(16);
      expect(key.toString('latin1')).not.toMatch(/192|ann/);
    }
  });

  it('begins anew by the clock of the database', async () => {
    const replicas = await start(2, { perUser: 4, windowSeconds: 3_600 });
    expect(accepted(await fire(replicas, 40))).toBe(4);
    await letTimePass(db, 3_600);
    const [fresh] = (await start(1, { perUser: 4, windowSeconds: 3_600 })) as [Replica];
    expect(accepted(await fire([fresh], 40))).toBe(4);
  });
});

/** How many statements a process sent meanwhile. */
async function statementsDuring({ open }: Replica, work: () => Promise<void>): Promise<number> {
  const original = open.sql.read.bind(open.sql);
  let count = 0;
  open.sql.read = (...input) => {
    count++;
    return original(...input);
  };
  await work();
  open.sql.read = original;
  return count;
}
