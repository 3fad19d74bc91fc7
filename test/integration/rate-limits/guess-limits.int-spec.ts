import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withConnection } from '../../../src/database/direct-connection.js';
import type { Guess } from '../../../src/rate-limits/rate-limits.types.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { letTimePass, replicaStarter, waitFor, type Replica } from './limits-support.js';

const FREE = 5;
const HOME = '198.51.100.1';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const start = replicaStarter(() => db);
const guess = (address: string | undefined = '192.0.2.1', login = 'ann@example.org'): Guess => ({
  account: { login },
  address,
});

/** Guesses until one is refused. **Shape**: how many were let through, and the wait that the refusal told. */
async function guessUntilRefused(replica: Replica, what: Guess): Promise<{ admitted: number; wait: number }> {
  for (let admitted = 0; ; admitted++) {
    const wait = await waitFor(replica, what);
    if (wait !== null) return { admitted, wait };
  }
}

describe('guesses at one account from one address', () => {
  it('are let through five times and then wait 1, 2, 4 … seconds, at most a quarter of an hour', async () => {
    const [replica] = (await start(1)) as [Replica];
    expect(await guessUntilRefused(replica, guess())).toEqual({ admitted: FREE, wait: 1 });
    const waits = [];
    for (let wait = 1; waits.length < 12;) {
      await letTimePass(db, wait);
      expect(await waitFor(replica, guess())).toBeNull();
      wait = (await waitFor(replica, guess())) ?? 0;
      waits.push(wait);
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
  });

  it('let through whoever waits as long as was said, in real time', async () => {
    const replicas = await start(2);
    const { wait } = await guessUntilRefused(replicas[0] as Replica, guess());
    for (let round = 0; round < 2; round++) {
      await sleep(wait * (round + 1) * 1_000);
      expect(await waitFor(replicas[round] as Replica, guess())).toBeNull();
    }
  });

  it('do not wait longer for having asked too early', async () => {
    const [replica] = (await start(1)) as [Replica];
    const { wait } = await guessUntilRefused(replica, guess());
    for (let early = 0; early < 20; early++) await waitFor(replica, guess());
    await letTimePass(db, wait);
    expect(await waitFor(replica, guess())).toBeNull();
  });

  it('are let through five times of a thousand at once, over three processes', async () => {
    const replicas = await start(3);
    const waits = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => waitFor(replicas[index % 3] as Replica, guess())),
    );
    // On a slow machine a thousand refusals may outlast the first waits, of 1 and 2 seconds.
    const admitted = waits.filter((wait) => wait === null).length;
    const longest = Math.max(...waits.map((wait) => wait ?? 0));
    expect(admitted).toBeGreaterThanOrEqual(FREE);
    expect(2 ** (admitted - FREE)).toBe(longest);
  });

  it('would all be let through if they were only counted once they failed', async () => {
    const [replica] = (await start(1)) as [Replica];
    const failures = new Map<string, number>();
    const checkFirst = async (): Promise<boolean> => {
      if ((failures.get(HOME) ?? 0) >= FREE) return false;
      await replica.open.sql.read({ name: 'check', text: 'select 1', values: [] });
      failures.set(HOME, (failures.get(HOME) ?? 0) + 1);
      return true;
    };
    const passed = await Promise.all(Array.from({ length: 100 }, checkFirst));
    expect(passed.filter(Boolean)).toHaveLength(100);
  });

  it('begin anew after a right one', async () => {
    const [replica] = (await start(1)) as [Replica];
    for (let wrong = 0; wrong < FREE - 1; wrong++) await waitFor(replica, guess());
    expect(await waitFor(replica, guess())).toBeNull();
    await replica.guesses.succeeded(guess());
    expect(await guessUntilRefused(replica, guess())).toEqual({ admitted: FREE, wait: 1 });
  });

  it('are forgotten after an hour without one', async () => {
    const [replica] = (await start(1)) as [Replica];
    await guessUntilRefused(replica, guess());
    await letTimePass(db, 3_600);
    expect(await guessUntilRefused(replica, guess())).toEqual({ admitted: FREE, wait: 1 });
  });

  it('count longer than the longest wait, whatever was configured', async () => {
    const [replica] = (await start(1, { signIn: { memorySeconds: 60, maxDelaySeconds: 300 } })) as [Replica];
    await guessUntilRefused(replica, guess());
    await letTimePass(db, 400);
    expect(await waitFor(replica, guess())).toBeNull();
    expect(await waitFor(replica, guess())).toBe(2);
  });

  it.each([
    ['case', 'ANN@Example.org'],
    ['blanks around it', ' ann@example.org '],
    ['wide letters', 'ａｎｎ@example.org'],
  ])('count as one whatever the %s of the login', async (_what, spelling) => {
    const [replica] = (await start(1)) as [Replica];
    await guessUntilRefused(replica, guess());
    expect(await waitFor(replica, guess(undefined, spelling))).not.toBeNull();
  });

  it.each([
    ['in one IPv6 network', '2001:db8:7:7::1', '2001:db8:7:7:8::9'],
    ['in IPv4 and IPv6', '192.0.2.50', '::ffff:192.0.2.50'],
    ['without an address', '', 'unknown'],
  ])('count as one %s', async (_what, first, second) => {
    const [replica] = (await start(1)) as [Replica];
    await guessUntilRefused(replica, guess(first));
    expect(await waitFor(replica, guess(second))).toBe(1);
  });

  it('leave neither address nor login in the table', async () => {
    const [replica] = (await start(1)) as [Replica];
    await waitFor(replica, guess());
    const rows = await withConnection(db.owner, async (client) => {
      const { rows: found } = await client.query<{ text: string }>(
        'select g::text as text from guess_limits g',
      );
      return found.map(
        ({ text }) => Buffer.from(text.replaceAll(/\\\\x|\W/g, ''), 'hex').toString('latin1') + text,
      );
    });
    expect(rows).toHaveLength(3);
    expect(rows.join()).not.toMatch(/ann|example|192\.0/);
  });
});

describe('guesses at one account from many addresses', () => {
  const attackers = Array.from({ length: 50 }, (_, index) => `203.0.113.${index}`);

  it('do not lock its owner out, and get fewer free attempts each', async () => {
    const replicas = await start(3);
    const admitted: number[] = [];
    for (const [index, address] of attackers.entries()) {
      admitted.push((await guessUntilRefused(replicas[index % 3] as Replica, guess(address))).admitted);
    }
    expect(admitted.slice(0, 4)).toEqual([5, 5, 5, 5]);
    expect(admitted).toEqual(admitted.toSorted((a, b) => b - a));
    expect(admitted.at(-1)).toBe(1);
    // The owner, from an address that nobody guessed from; right at the first attempt, as with a password manager.
    expect(await waitFor(replicas[0] as Replica, guess(HOME))).toBeNull();
    await replicas[0]?.guesses.succeeded(guess(HOME));
  });

  it('leave five attempts where the owner signed in before', async () => {
    const [replica] = (await start(1)) as [Replica];
    await waitFor(replica, guess(HOME));
    await replica.guesses.succeeded(guess(HOME));
    for (const address of attackers) await guessUntilRefused(replica, guess(address));
    expect(await guessUntilRefused(replica, guess('198.51.100.2'))).toEqual({ admitted: 1, wait: 1 });
    expect(await guessUntilRefused(replica, guess(HOME))).toEqual({ admitted: FREE, wait: 1 });
  });

  it('let the owner in meanwhile: fifty at once, and the owner among them', async () => {
    const replicas = await start(3);
    const stop = new AbortController();
    const attack = attackers.map(async (address, index) => {
      while (!stop.signal.aborted) {
        await waitFor(replicas[index % 3] as Replica, guess(address));
        await sleep(5);
      }
    });
    const waits = [];
    for (let signIn = 0; signIn < 10; signIn++) {
      waits.push(await waitFor(replicas[signIn % 3] as Replica, guess(HOME)));
      await replicas[signIn % 3]?.guesses.succeeded(guess(HOME));
    }
    stop.abort();
    await Promise.all(attack);
    expect(waits).toEqual(Array(10).fill(null));
  });

  it('would lock the owner out if they were counted by account', async () => {
    const [replica] = (await start(1)) as [Replica];
    // The same limiter, told that everybody comes from one place.
    for (const _ of attackers) await waitFor(replica, guess('192.0.2.200'));
    expect(await waitFor(replica, guess('192.0.2.200'))).not.toBeNull();
  });

  it('tell nobody which accounts there are: the limiter knows none', async () => {
    const [replica] = (await start(1)) as [Replica];
    const known = await guessUntilRefused(replica, guess(HOME, 'ann@example.org'));
    const unknown = await guessUntilRefused(replica, guess(HOME, 'nobody@example.org'));
    expect(unknown).toEqual(known);
  });
});

describe('guesses at many accounts from one address', () => {
  it('are let through a hundred times and then wait 1, 2, 4 … seconds, at most a minute', async () => {
    const replicas = await start(3);
    const waits = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        waitFor(replicas[index % 3] as Replica, guess('192.0.2.1', `user-${index}`)),
      ),
    );
    // On a slow machine the refusals may outlast the first waits.
    const admitted = waits.filter((wait) => wait === null).length;
    expect(admitted).toBeGreaterThanOrEqual(100);
    expect(admitted).toBeLessThan(110);
    await letTimePass(db, 60);
    const next = [];
    for (let at = 0; at < 12; at++) {
      expect(await waitFor(replicas[at % 3] as Replica, guess('192.0.2.1', `next-${at}`))).toBeNull();
      const wait = (await waitFor(replicas[at % 3] as Replica, guess('192.0.2.1', `then-${at}`))) ?? 0;
      next.push(wait);
      await letTimePass(db, wait);
    }
    expect(next.at(-1)).toBe(60);
    expect(next).toEqual(next.toSorted((a, b) => a - b));
  });

  it('are free again when the hour is over, however many came meanwhile', async () => {
    const [replica] = (await start(1, { signIn: { failuresPerAddress: 3 } })) as [Replica];
    for (let minute = 0; minute < 60; minute++) {
      await waitFor(replica, guess(undefined, `user-${minute}`));
      await letTimePass(db, 60);
    }
    for (let at = 0; at < 3; at++) expect(await waitFor(replica, guess(undefined, `fresh-${at}`))).toBeNull();
    expect(await waitFor(replica, guess(undefined, 'one more'))).toBe(1);
  });

  it('hold up neither who signed in from there before nor who is signed in, only who is new', async () => {
    const replicas = await start(2, { signIn: { failuresPerAddress: 6 } });
    const [replica, other] = replicas as [Replica, Replica];
    await waitFor(replica, guess(HOME));
    await replica.guesses.succeeded(guess(HOME));
    for (let at = 0; at < 6; at++) await waitFor(replica, guess(HOME, `user-${at}`));
    const ben = guess(HOME, 'ben@example.org');
    expect(await waitFor(replica, ben)).not.toBeNull();
    expect(await waitFor(other, guess(HOME))).toBeNull();
    expect(await waitFor(replica, { ...ben, isSignedIn: true })).toBeNull();
    // Their own limit holds all the same.
    expect(await guessUntilRefused(other, guess(HOME))).toEqual({ admitted: FREE - 1, wait: 1 });
    expect((await guessUntilRefused(replica, { ...ben, isSignedIn: true })).admitted).toBe(FREE - 1);
  });

  it('are not forgiven for right ones at an account of one’s own', async () => {
    const [replica] = (await start(1, { signIn: { failuresPerAddress: 3 } })) as [Replica];
    const own = guess(HOME, 'mallory');
    await waitFor(replica, own);
    await replica.guesses.succeeded(own);
    for (let at = 0; at < 3; at++) {
      expect(await waitFor(replica, guess(HOME, `user-${at}`))).toBeNull();
      expect(await waitFor(replica, own)).toBeNull();
      await replica.guesses.succeeded(own);
    }
    expect(await waitFor(replica, guess(HOME, 'user-3'))).not.toBeNull();
  });

  it('do not count when they are right', async () => {
    const [replica] = (await start(1, { signIn: { failuresPerAddress: 3 } })) as [Replica];
    for (let person = 0; person < 20; person++) {
      expect(await waitFor(replica, guess(HOME, `user-${person}`))).toBeNull();
      await replica.guesses.succeeded(guess(HOME, `user-${person}`));
    }
  });

  it('do not count when they were refused', async () => {
    const replicas = await start(3, { signIn: { failuresPerAddress: 6 } });
    // Each process has to ask the database once before it knows of the wait.
    for (const replica of replicas) await guessUntilRefused(replica, guess());
    expect(await waitFor(replicas[0] as Replica, guess(undefined, 'other'))).toBeNull();
    expect(await waitFor(replicas[0] as Replica, guess(undefined, 'one more'))).not.toBeNull();
  });

  it('wait as long as the account asks for too, so that whoever waits is let through', async () => {
    const signIn = { failuresPerAddress: 12, memorySeconds: 36_000, freeAttempts: 1, maxDelaySeconds: 900 };
    const [replica] = (await start(1, { signIn })) as [Replica];
    // Eleven at one account: the next wait there is a quarter of an hour.
    for (let index = 0; index < 11; index++) {
      const wait = await waitFor(replica, guess());
      expect(wait).toBeNull();
      if (index < 10) await letTimePass(db, (await waitFor(replica, guess())) ?? 0);
    }
    await waitFor(replica, guess(undefined, 'other'));
    expect(await waitFor(replica, guess(undefined, 'one more'))).toBe(1);
    expect(await waitFor(replica, guess())).toBeGreaterThan(800);
  });
});
