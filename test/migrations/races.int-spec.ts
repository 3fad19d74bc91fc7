import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MikroORM } from '@mikro-orm/postgresql';
import { entities } from '../../mikro-orm.config.js';
import { loadSettings } from '../../src/config/settings.js';
import { withConnection } from '../../src/database/direct-connection.js';
import { migrationNames } from '../../src/database/migration-files.js';
import { ormOptions, ownerSession } from '../../src/database/orm-options.js';
import type { TestDatabase } from '../support/test-database.js';
import { createEmptyDatabase, dumpOf, execute, migratorOf, NUMBERS } from './migration-support.js';

const REPLICAS = 10;
/** Makes every step of a migration take long enough to be killed in. */
const SLOW = `
  create function slow() returns event_trigger language plpgsql as 'begin perform pg_sleep(0.03); end';
  create event trigger slow on ddl_command_end execute function slow()`;
const NOT_SLOW = 'drop event trigger slow; drop function slow()';

let db: TestDatabase;
beforeEach(async () => {
  db = await createEmptyDatabase();
});
afterEach(() => db.drop());

describe('ten replicas that start at once', () => {
  it('apply each migration once, and none fails', async () => {
    const applied = await Promise.all(Array.from({ length: REPLICAS }, () => migratorOf(db).up()));
    expect(applied.flat()).toEqual(migrationNames());
    expect(await execute(db.owner, 'select name from migrations order by id')).toEqual(
      migrationNames().map((name) => [name]),
    );
    expect(await migratorOf(db).drift()).toBe('');
  });

  it('would fail without the lock', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: REPLICAS }, () => upWithoutLock(db)));
    expect(outcomes.map(({ status }) => status)).toContain('rejected');
  });
});

describe('a process that is killed while it migrates', () => {
  /** The schema after each migration, 0 to all. */
  const dumps: string[] = [];

  beforeAll(async () => {
    const steps = await createEmptyDatabase();
    for (const number of [0, ...NUMBERS]) {
      await migratorOf(steps).up(number);
      dumps.push(await dumpOf(steps));
    }
    await steps.drop();
  });

  it.each([1, 5])('after %d migrations leaves whole ones, and another takes over', async (count) => {
    await execute(db.superuser, SLOW);
    const leader = startMigrating(db);
    await waitUntil(async () => (await appliedCount(db)) >= count && (await openTransactions(db)) > 0);
    const follower = migratorOf(db).up();
    leader.kill('SIGKILL');
    const killedAt = performance.now();
    await waitUntil(async () => (await appliedCount(db)) > count);
    expect(performance.now() - killedAt).toBeLessThan(20_000);
    await follower;
    await execute(db.superuser, NOT_SLOW);
    expect(await dumpOf(db)).toBe(dumps.at(-1));
    expect(await appliedCount(db)).toBe(NUMBERS.length);
  });

  it.each([3, 7])('after %d migrations leaves whole ones, with nobody to take over', async (count) => {
    await execute(db.superuser, SLOW);
    const leader = startMigrating(db);
    await waitUntil(async () => (await appliedCount(db)) >= count && (await openTransactions(db)) > 0);
    leader.kill('SIGKILL');
    await once(leader, 'exit');
    await waitUntil(async () => (await sessions(db)) === 0);
    await execute(db.superuser, NOT_SLOW);
    const applied = await appliedCount(db);
    expect(applied).toBeLessThan(NUMBERS.length);
    expect(await dumpOf(db)).toBe(dumps[applied]);
  });

  it('would be seen to leave half a migration, if it did', async () => {
    const [pending] = await migratorOf(db).pendingSql();
    const half = pending?.statements.slice(0, -2) ?? [];
    await execute(db.owner, ['set role stockroom_owner', ...half].join(';\n'));
    expect(dumps).not.toContain(await dumpOf(db));
  });
});

describe('a migration that must wait for a long transaction', () => {
  it('gives way after a second, so that nobody queues behind it, and is applied when the transaction ends', async () => {
    await migratorOf(db).up(3);
    await withConnection(db.superuser, async (holder) => {
      // The next but one takes a foreign key to this table.
      await holder.query(`begin; insert into tracked_stocks (id, symbol) values (gen_random_uuid(), 'A')`);
      const migrating = migratorOf(db).up();
      await waitUntil(async () => (await waitingForLocks(db)) > 0);
      const startedAt = performance.now();
      await execute(db.superuser, `insert into tracked_stocks (id, symbol) values (gen_random_uuid(), 'B')`);
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      await holder.query('commit');
      expect((await migrating).map((name) => Number.parseInt(name, 10))).toEqual(NUMBERS.slice(3));
    });
    expect(await appliedCount(db)).toBe(NUMBERS.length);
  });
});

/** What would happen if the ORM's migrator were called as it is. */
async function upWithoutLock(there: TestDatabase): Promise<void> {
  const base = ormOptions({ settings: loadSettings({}), connection: there.owner, entities });
  const orm = await MikroORM.init({
    ...base,
    driverOptions: { ...(base.driverOptions as object), options: ownerSession(there.owner) },
  });
  try {
    await orm.migrator.up();
  } finally {
    await orm.close(true);
  }
}

function startMigrating(there: TestDatabase): ChildProcess {
  return spawn(
    process.execPath,
    ['--import', '@swc-node/register/esm-register', 'test/migrations/migrate-child.ts'],
    { stdio: 'inherit', env: { ...process.env, TEST_CONNECTION: JSON.stringify(there.owner) } },
  );
}

async function appliedCount(there: TestDatabase): Promise<number> {
  const [made] = await execute(there.superuser, `select to_regclass('migrations') is not null`);
  if (made?.[0] !== true) return 0;
  const [row] = await execute(there.superuser, 'select count(*)::int from migrations');
  return Number(row?.[0]);
}

/** Sessions of the owner's login that are in a transaction right now. */
async function openTransactions(there: TestDatabase): Promise<number> {
  return countSessions(
    there,
    `state like '%transaction' or xact_start < clock_timestamp() - interval '20 ms'`,
  );
}

async function sessions(there: TestDatabase): Promise<number> {
  return countSessions(there, 'true');
}

async function waitingForLocks(there: TestDatabase): Promise<number> {
  return countSessions(there, `wait_event_type = 'Lock'`);
}

async function countSessions(there: TestDatabase, condition: string): Promise<number> {
  const [row] = await execute(
    there.superuser,
    `select count(*)::int from pg_stat_activity
     where datname = current_database() and usename = '${there.owner.user}' and (${condition})`,
  );
  return Number(row?.[0]);
}

async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('waited for 20 s in vain');
    await sleep(20);
  }
}
