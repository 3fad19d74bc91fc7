import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSecret } from '../../src/encryption/secrets.js';
import { execute } from '../migrations/migration-support.js';
import {
  buildOnce,
  databaseVariables,
  runProgram,
  SERVICE,
  stockroom,
  urlOf,
  type CommandResult,
} from '../support/command-line.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { OldServer } from './old-server.js';

let db: TestDatabase;
let folder: string;
beforeAll(buildOnce);
beforeEach(async () => {
  db = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'stockroom-bad-'));
});
afterEach(async () => {
  await db.drop();
  await rm(folder, { recursive: true, force: true });
});

/** A start that must end by itself. */
const start = (env: NodeJS.ProcessEnv): Promise<CommandResult> =>
  runProgram(SERVICE, [], {
    env: {
      ...databaseVariables(db),
      PORT: '0',
      STOCKROOM_DATA_DIR: folder,
      STOCKROOM_LOG_LEVEL: 'silent',
      DATABASE_STARTUP_WAIT_SECONDS: '5',
      ...env,
    },
  });

/** One line, and an exit status that says that it went wrong. */
function expectOneLine({ status, stdout, stderr }: CommandResult, line: RegExp): void {
  expect(stderr).toMatch(line);
  expect([status, stdout, stderr.trim().split('\n').length]).toEqual([1, '', 1]);
}

describe('a start with a database that cannot be used ends with one line that says the mend', () => {
  it('for a PostgreSQL that is too old', async () => {
    const old = await OldServer.start('14.11');
    try {
      const url = `postgres://u:${generateSecret(24)}@127.0.0.1:${old.port}/d`;
      const env = { DATABASE_URL: url, DATABASE_MIGRATION_URL: '' };
      expectOneLine(await start(env), /^This is PostgreSQL 14\.11; 15 or newer is needed/);
      const command = await stockroom(['db', 'wait'], { env: { ...databaseVariables(db), ...env } });
      expectOneLine(command, /^This is PostgreSQL 14\.11; 15 or newer is needed/);
    } finally {
      await old.close();
    }
  });

  it('for a user without rights', async () => {
    const user = `nobody_${randomBytes(4).toString('hex')}`;
    await execute(db.superuser, `create role ${user} login password 'of nobody in particular'`);
    try {
      const url = urlOf({ ...db.app, user, password: 'of nobody in particular' });
      expectOneLine(
        await start({ DATABASE_URL: url, DATABASE_MIGRATE_ON_START: 'false' }),
        new RegExp(`^"${user}" may not use the tables\\. Run: grant stockroom_app to "${user}"`),
      );
      const migrate = await stockroom(['db', 'migrate'], {
        env: { ...databaseVariables(db), DATABASE_MIGRATION_URL: url },
      });
      expectOneLine(
        migrate,
        new RegExp(`^"${user}" may not act as stockroom_owner.*Set DATABASE_MIGRATION_URL`),
      );
    } finally {
      await execute(db.superuser, `drop role ${user}`);
    }
  });

  it('for a host that does not exist, a port where nobody listens, and a name that is no database', async () => {
    const nowhere = { DATABASE_MIGRATION_URL: '', DATABASE_STARTUP_WAIT_SECONDS: '0' };
    expectOneLine(
      await start({ ...nowhere, DATABASE_URL: 'postgres://u:p4ssw0rd-of-u@127.0.0.1:9/d' }),
      /^No database at 127\.0\.0\.1:9 within 0 s \(ECONNREFUSED\)\. Check DATABASE_URL/,
    );
    expectOneLine(
      await start({ ...nowhere, DATABASE_URL: urlOf({ ...db.app, database: 'nowhere' }) }),
      /^There is no database "nowhere" .*Create it, or check DATABASE_URL/,
    );
  });
});

describe('a schema from the future', () => {
  const FUTURE = '999_made_by_a_later_release';
  beforeEach(() =>
    execute(db.owner, `set role stockroom_owner; insert into migrations (name) values ('${FUTURE}')`),
  );

  it.each(['migrate', 'rollback', 'roles', 'check'])(
    'is refused by "db %s", which knows nothing of it',
    async (command) => {
      const result = await stockroom(['db', command], { env: databaseVariables(db) });
      expectOneLine(
        result,
        new RegExp(`^The database is newer than this build: it was migrated to ${FUTURE}\\.`),
      );
      expect(await execute(db.owner, 'select name from migrations order by id desc limit 1')).toEqual([
        [FUTURE],
      ]);
    },
  );

  it('is served by the release before, which says so: it must go on while the next one rolls out', async () => {
    const wrong = {
      DATABASE_URL: urlOf(db.app),
      STOCKROOM_SEARCH_LANGUAGE: 'klingon',
      STOCKROOM_LOG_LEVEL: 'warn',
    };
    // Ended by what comes behind it, so that the start is over.
    const { stdout, stderr } = await start({ ...wrong, STOCKROOM_LOG_FORMAT: 'json' });
    expect(stdout).toContain(`the database is newer than this build: it was migrated to ${FUTURE}`);
    expect(stderr).toMatch(/^STOCKROOM_SEARCH_LANGUAGE is "klingon"/);
  });
});
