import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import type { ConnectionSettings } from '../../../src/config/settings.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { migrationNames } from '../../../src/database/migration-files.js';
import {
  createEmptyDatabase,
  dumpOf,
  execute,
  migratorOf,
  NUMBERS,
} from '../../migrations/migration-support.js';
import {
  buildOnce,
  databaseVariables,
  stockroom,
  urlOf,
  type CommandResult,
} from '../../support/command-line.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const NAMES = migrationNames();
const LAST = NUMBERS.at(-1) ?? 0;
const hasPsql = spawnSync('psql', ['--version']).status === 0;

/** For tests of many processes, each of which takes a second or two on a busy machine. **Units**: milliseconds. */
const MANY_PROCESSES = 180_000;

let open: TestDatabase[] = [];
let migrated: TestDatabase;

beforeAll(() => buildOnce());
beforeEach(async () => {
  migrated = await created(createTestDatabase());
});
afterEach(async () => {
  await Promise.all(open.map((db) => db.drop()));
  open = [];
});

async function created(made: Promise<TestDatabase>): Promise<TestDatabase> {
  const db = await made;
  open.push(db);
  return db;
}

const run = (
  db: TestDatabase,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<CommandResult> => stockroom(['db', ...args], { env: { ...databaseVariables(db), ...env } });

/** The one line of JSON that a command printed. **Errors**: unless it succeeded with that line alone. */
async function json(db: TestDatabase, ...args: readonly string[]): Promise<unknown> {
  const { status, stdout, stderr } = await run(db, [...args, '--json']);
  expect([status, stderr, stdout.split('\n').length]).toEqual([0, '', 2]);
  return JSON.parse(stdout);
}

/** Runs a script as a person would: by psql, or, where there is none, all at once. */
async function runScript(connection: ConnectionSettings, script: string): Promise<void> {
  if (!hasPsql) {
    await execute(connection, script);
    return;
  }
  const { host, port, user, password = '', database } = connection;
  const { status, stderr } = spawnSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', '-'], {
    input: script,
    encoding: 'utf8',
    env: {
      ...process.env,
      ...{ PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database },
    },
  });
  expect([status, stderr]).toEqual([0, '']);
}

/** A refusal is one line on standard error. */
function expectRefusal({ status, stdout, stderr }: CommandResult, line: RegExp): void {
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(line);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
}

describe('stockroom db', () => {
  it(
    'migrates, says where it stands, and steps back',
    async () => {
      const db = await created(createEmptyDatabase());
      expect(await json(db, 'wait')).toEqual({ ready: true });
      expect(await json(db, 'migrate', '--to', '3')).toEqual({ applied: NAMES.slice(0, 3) });
      expect(await json(db, 'status')).toEqual(
        NAMES.map((name, index) => ({
          name,
          appliedAt: index < 3 ? expect.stringMatching(/^\d{4}-.*Z$/) : null,
        })),
      );
      expect(await json(db, 'migrate')).toEqual({ applied: NAMES.slice(3) });
      expect(await json(db, 'migrate')).toEqual({ applied: [] });
      expect(await json(db, 'check')).toEqual({ pending: [], drift: '' });
      expect(await json(db, 'rollback')).toEqual({ undone: NAMES.slice(-1) });
      expect(await json(db, 'rollback', '--to', '0')).toEqual({ undone: NAMES.slice(0, -1).toReversed() });
    },
    MANY_PROCESSES,
  );

  it.each([
    ['migrate', '0'],
    ['migrate', String(LAST + 1)],
    ['rollback', String(LAST + 1)],
    ['rollback', '9999'],
  ])('refuses to %s to %s, which does not exist, and does nothing', async (command, number) => {
    const before = await dumpOf(migrated);
    expectRefusal(
      await run(migrated, [command, '--to', number]),
      new RegExp(`^There is no migration ${number}; they are numbered from 1 to ${LAST}\\.$`, 'm'),
    );
    expect(await dumpOf(migrated)).toBe(before);
  });

  it('gives up waiting after the time it is given, with the reason', async () => {
    const nobody = urlOf({ ...migrated.app, host: '127.0.0.1', port: 1 });
    const env = { DATABASE_URL: nobody, DATABASE_MIGRATION_URL: nobody };
    const { status, stdout, stderr } = await run(migrated, ['wait', '--timeout', '1'], env);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/ECONNREFUSED/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('stockroom db check', () => {
  it('is content with a database as it should be', async () => {
    expect(await run(migrated, ['check'])).toMatchObject({
      status: 0,
      stdout: 'Entities, migrations and database agree.\n',
      stderr: '',
    });
  });

  it(
    'ends with 1 on drift, and says what would mend it',
    async () => {
      await execute(migrated.superuser, 'alter table tracked_stocks drop exchange');
      const said = await run(migrated, ['check']);
      expect(said).toMatchObject({ status: 1, stderr: '' });
      expect(said.stdout).toMatch(
        /^the entities expect:\n.*alter table "tracked_stocks" add "exchange" text/,
      );
      const { status, stdout } = await run(migrated, ['check', '--json']);
      expect(status).toBe(1);
      expect(JSON.parse(stdout)).toEqual({
        pending: [],
        drift: expect.stringContaining('add "exchange" text'),
      });
    },
    MANY_PROCESSES,
  );

  it('ends with 1 on a pending migration, and names it', async () => {
    await migratorOf(migrated).down();
    const { status, stdout } = await run(migrated, ['check']);
    expect([status, stdout.split('\n')[0]]).toEqual([1, `pending: ${NAMES.at(-1)}`]);
  });
});

describe('stockroom db sql --locks', () => {
  it(
    'says what each statement locks of the tables that are there, leaves no trace, and is still a script',
    async () => {
      const db = await created(createEmptyDatabase());
      await migratorOf(db).up(2);
      const before = await dumpOf(db);
      const { status, stdout, stderr } = await run(db, ['sql', '--locks']);
      expect([status, stderr]).toEqual([0, '']);
      expect(await dumpOf(db)).toBe(before);
      // A foreign key to a table takes this lock of it, whatever else the statement makes.
      expect(stdout).toMatch(/-- locks: .*tracked_stocks SHARE ROW EXCLUSIVE\n\s*create table stock_series/);
      expect(stdout).toContain('-- locks: no further ones on what exists\n');
      await runScript(db.owner, stdout);
      const other = await created(createEmptyDatabase());
      await migratorOf(other).up();
      expect(await dumpOf(db)).toBe(await dumpOf(other));
    },
    MANY_PROCESSES,
  );

  it(
    'gives up after a second where a table is in use, and says so',
    async () => {
      const db = await created(createEmptyDatabase());
      await migratorOf(db).up(2);
      await withConnection(db.superuser, async (holder) => {
        await holder.query('begin; lock table tracked_stocks in access exclusive mode');
        const { status, stderr } = await run(db, ['sql', '--locks']);
        expect([status, stderr]).toEqual([1, expect.stringContaining('lock timeout')]);
      });
    },
    MANY_PROCESSES,
  );
});

describe('stockroom db sql', () => {
  it(
    'prints a script that leaves what migrating leaves, the list of what is applied included',
    async () => {
      const db = await created(createEmptyDatabase());
      await migratorOf(db).up(2);
      const { status, stdout, stderr } = await run(db, ['sql']);
      expect([status, stderr]).toEqual([0, '']);
      // Printed only: nothing of it was run.
      expect(await execute(db.owner, 'select count(*)::int from migrations')).toEqual([[2]]);
      await runScript(db.owner, stdout);
      const other = await created(createEmptyDatabase());
      await migratorOf(other).up();
      expect(await dumpOf(db)).toBe(await dumpOf(other));
      expect(await json(db, 'check')).toEqual({ pending: [], drift: '' });
      expect((await run(db, ['sql'])).stdout).toBe('-- nothing pending\n');
    },
    MANY_PROCESSES,
  );

  it(
    'writes nothing to an empty database, and its script makes all of another one',
    async () => {
      const [db, other, migratedByUs] = await Promise.all([
        created(createEmptyDatabase()),
        created(createEmptyDatabase()),
        created(createEmptyDatabase()),
      ]);
      const empty = await dumpOf(db);
      const { status, stdout, stderr } = await run(db, ['sql']);
      expect([status, stderr]).toEqual([0, '']);
      expect((await run(db, ['sql', '--locks'])).status).toBe(0);
      expect(await dumpOf(db)).toBe(empty);
      await runScript(other.owner, stdout);
      await migratorOf(migratedByUs).up();
      expect(await dumpOf(other)).toBe(await dumpOf(migratedByUs));
      expect(await json(other, 'check')).toEqual({ pending: [], drift: '' });
    },
    MANY_PROCESSES,
  );

  it(
    'prints the same as JSON',
    async () => {
      await migratorOf(migrated).down();
      const pending = await json(migrated, 'sql');
      expect(pending).toEqual([
        { name: NAMES.at(-1), transactional: expect.any(Boolean), statements: expect.any(Array) },
      ]);
      expect(await json(migrated, 'migrate')).toEqual({ applied: NAMES.slice(-1) });
      expect(await json(migrated, 'sql')).toEqual([]);
    },
    MANY_PROCESSES,
  );
});

describe('stockroom db roles', () => {
  const asSuperuser = (db: TestDatabase): NodeJS.ProcessEnv => ({
    DATABASE_MIGRATION_URL: urlOf(db.superuser),
  });

  it(
    'changes nothing where all is well, however often, and puts back what was taken',
    async () => {
      const db = await created(createEmptyDatabase());
      await migratorOf(db).up();
      const sound = await dumpOf(db);
      const damage = `revoke all on all tables in schema public from stockroom_app; grant delete on revisions to stockroom_app`;
      for (const change of ['', '', damage]) {
        await execute(db.superuser, change);
        expect((await dumpOf(db)) === sound).toBe(change === '');
        const { status, stdout, stderr } = await run(db, ['roles', '--json'], asSuperuser(db));
        expect([status, stderr, JSON.parse(stdout)]).toEqual([0, '', { roles: 'ready' }]);
        expect(await dumpOf(db)).toBe(sound);
      }
    },
    MANY_PROCESSES,
  );

  it(
    'prints a script that may be run again and again',
    async () => {
      const db = await created(createEmptyDatabase());
      await migratorOf(db).up();
      const sound = await dumpOf(db);
      const { status, stdout } = await run(db, ['roles', '--print']);
      expect(status).toBe(0);
      await runScript(db.superuser, stdout);
      await runScript(db.superuser, stdout);
      expect(await dumpOf(db)).toBe(sound);
    },
    MANY_PROCESSES,
  );

  it('is refused to a user that may not make roles, in one line', async () => {
    const env = { DATABASE_MIGRATION_URL: urlOf(migrated.app) };
    expectRefusal(await run(migrated, ['roles'], env), /may not/);
  });
});
