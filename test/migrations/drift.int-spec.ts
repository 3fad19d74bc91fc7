import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateSecret } from '../../src/encryption/secrets.js';
import { OWNER_ROLE } from '../../src/database/roles.queries.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { execute, migratorOf } from './migration-support.js';

const ROOT = join(import.meta.dirname, '../..');

/** Differences between database and entities: how to make one, and what must be proposed to mend it. */
const DIFFERENCES: readonly (readonly [what: string, change: string, mend: string])[] = [
  ['a table that no entity has', 'create table extra (id int primary key)', 'drop table if exists "extra"'],
  ['a table that is missing', 'drop table revision_series', 'create table "revision_series"'],
  ['a column that no entity has', 'alter table users add note text', 'drop column "note"'],
  ['a column that is missing', 'alter table tracked_stocks drop exchange', 'add "exchange" text'],
  ['another type', 'alter table tracked_stocks alter name type varchar(9)', 'alter column "name" type text'],
  [
    'another default',
    'alter table revisions alter inserted set default 1',
    'alter column "inserted" set default 0',
  ],
  [
    'null where there was none',
    'alter table users alter email drop not null',
    'alter column "email" set not null',
  ],
  [
    'no null where there was one',
    'alter table stock_data alter volume set not null',
    'alter column "volume" drop not null',
  ],
  [
    'another check',
    `alter table branches drop constraint branches_status_check;
     alter table branches add constraint branches_status_check check (status in ('open', 'merged'))`,
    'drop constraint "branches_status_check"',
  ],
  ['a check that is missing', 'alter table revisions drop constraint revisions_id_check', 'check (id > 0)'],
  [
    'a check that no entity has',
    'alter table revisions add constraint more check (id < 9)',
    'drop constraint "more"',
  ],
  [
    'an index that is missing',
    'drop index revisions_created_at_index',
    'create index "revisions_created_at_index"',
  ],
  ['an index that no entity has', 'create index more on users (role)', 'drop index "more"'],
  [
    'uniqueness that is missing',
    'alter table tracked_stocks drop constraint tracked_stocks_symbol_key',
    'add constraint "tracked_stocks_symbol_key" unique',
  ],
  [
    'a foreign key that does more',
    `alter table revisions drop constraint revisions_branch_id_fkey;
     alter table revisions add constraint revisions_branch_id_fkey
       foreign key (branch_id) references branches on delete cascade`,
    'drop constraint "revisions_branch_id_fkey"',
  ],
  // A value too many is nothing that the ORM proposes to mend; the schema dump shows it.
  [
    'a value of an enum that is missing',
    `alter type user_role rename value 'ADMIN' to 'BOSS'`,
    `add value if not exists 'ADMIN'`,
  ],
  ['an identity that is missing', 'alter table branches alter id drop identity', '"branches"'],
];

describe('entities and database', () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await createTestDatabase();
  });
  afterAll(() => db.drop());

  it('agree after all migrations', async () => {
    expect(await migratorOf(db).drift()).toBe('');
  });

  it('agree on a server with another time zone and another way to write dates', async () => {
    const there = await createTestDatabase();
    await execute(
      there.superuser,
      `alter database ${there.name} set timezone = 'America/New_York'; alter database ${there.name} set datestyle = 'German, DMY'`,
    );
    expect(await execute(there.owner, 'show timezone')).toEqual([['America/New_York']]);
    expect(await migratorOf(there).drift()).toBe('');
    await there.drop();
  });

  it.each(DIFFERENCES)('differ by %s', async (_what, change, mend) => {
    const there = await createTestDatabase();
    // As the owner: what it may not see it cannot compare.
    await execute(there.owner, `set role ${OWNER_ROLE}; ${change}`);
    expect(await migratorOf(there).drift()).toContain(mend);
    await there.drop();
  });
});

describe('the ORM command line', () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await createTestDatabase();
  });
  afterAll(() => db.drop());

  it('finds nothing to migrate, and finds a difference when there is one', async () => {
    expect(check(db)).toMatchObject({ status: 0, output: expect.stringContaining('No changes required') });
    await execute(db.superuser, 'alter table users add note text');
    expect(check(db)).toMatchObject({ status: 1, output: expect.stringContaining('Changes detected') });
  });
});

/** `mikro-orm migration:check`, configured as a person would. */
function check(db: TestDatabase): { status: number | null; output: string } {
  const url = ({ host, port, user, password, database }: TestDatabase['app']): string =>
    `postgres://${user}:${password}@/${database}?${new URLSearchParams({ host, port: String(port) }).toString()}`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...['--import', '@swc-node/register/esm-register'],
      ...['node_modules/@mikro-orm/cli/cli.js', 'migration:check', '--config', 'mikro-orm.config.ts'],
    ],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: {
        ...process.env,
        DATABASE_URL: url(db.app),
        DATABASE_MIGRATION_URL: url(db.owner),
        ENCRYPTION_KEYS: `test-1:${generateSecret(32)}`,
      },
    },
  );
  return { status, output: stdout + stderr };
}
